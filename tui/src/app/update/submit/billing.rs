//! What forms about plans send.

use std::str::FromStr;

use chrono::NaiveDate;
use tidemill_common::api::billing::AcquisitionCost;
use tidemill_common::api::plan::{CodeStepLimits, Feature, PlanLimits, PlanPut};

use super::{Wrong, filled, needed, words};
use crate::app::order::{BillingOrder, Order};
use crate::app::state::form::Form;

/// A plan as it shall be.
pub fn plan(form: &Form) -> Result<Order, Wrong> {
    let features = words(form, "features").iter().map(|word| feature(word)).collect::<Result<_, _>>()?;
    let code_step = CodeStepLimits {
        seconds: whole(form, "code seconds")?,
        memory_mib: whole(form, "code memory")?,
        output_kib: whole(form, "code output")?,
        log_kib: whole(form, "code log")?,
    };
    let wanted = PlanPut {
        name: needed(form, "name")?,
        place: whole(form, "place")?.ok_or_else(|| ("place".to_owned(), "place is needed".to_owned()))?,
        price_cents: whole(form, "cents")?,
        currency: filled(form, "currency"),
        limits: Some(PlanLimits {
            active_workflows: whole(form, "workflows")?,
            executions: whole(form, "executions")?,
            integrations: whole(form, "credentials")?,
            members: whole(form, "members")?,
            code_step: code_step.some(),
        }),
        features,
        trial_days: whole(form, "trial days")?,
        offered: Some(form.text("offered") == "yes"),
        // That new organizations get a plan is said of another one, not taken from this one.
        is_default: (form.text("for new ones") == "yes").then_some(true),
        stripe_price: filled(form, "stripe price"),
    };
    Ok(Order::Billing(BillingOrder::PlanPut(needed(form, "id")?, Box::new(wanted))))
}

/// What winning customers cost in a month.
pub fn spent(form: &Form) -> Result<Order, Wrong> {
    let month = needed(form, "month")?;
    let month = NaiveDate::parse_from_str(&format!("{month}-01"), "%Y-%m-%d")
        .map_err(|_| ("month".to_owned(), format!("“{month}” is not a month such as 2026-11")))?;
    let cents =
        whole(form, "cents")?.ok_or_else(|| ("cents".to_owned(), "cents are needed; 0 takes a month back".to_owned()))?;
    Ok(Order::Billing(BillingOrder::Spent(AcquisitionCost { month, cents })))
}

fn feature(word: &str) -> Result<Feature, Wrong> {
    let all = || Feature::ALL.map(Feature::as_str).join(", ");
    Feature::from_word(word).ok_or_else(|| ("features".into(), format!("there is no feature “{word}”; there are {}", all())))
}

fn whole<N: FromStr>(form: &Form, label: &str) -> Result<Option<N>, Wrong> {
    let Some(text) = filled(form, label) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| (label.to_owned(), format!("“{text}” is not a whole number")))
}
