//! Plans: listed for everybody, changed by the admins of the server.

use std::sync::Arc;

use tidemill_common::api::plan::{CodeStepLimits, Feature, PlanLimits, PlanList, PlanPut, PlanView};
use tidemill_common::clock::Clock;
use tidemill_common::limits::{
    CODE_LOG_BYTES, CODE_LOG_KIB_MOST, CODE_MEMORY_BYTES, CODE_MEMORY_MIB_MOST, CODE_OUTPUT_BYTES, CODE_OUTPUT_KIB_MOST,
    CODE_SECONDS, CODE_SECONDS_MOST,
};

use super::access::authorize;
use super::audit::Act;
use super::error::{Error, check_text};
use super::workspace::check_slug;
use crate::auth::{Caller, Operation};
use crate::store::queries::plan;
use crate::store::rows::plan::Plan;
use crate::store::{self, Database};

/// Where an organization goes that has lost its plan. It can be changed, and not deleted.
pub(super) const FALLBACK: &str = "free";

/// What organizations may have.
#[derive(Clone)]
pub struct Plans {
    database: Database,
    clock: Arc<dyn Clock>,
}

impl Plans {
    /// Plans in `database`.
    pub fn new(database: Database, clock: Arc<dyn Clock>) -> Self {
        Self { database, clock }
    }

    /// What organizations can choose; for everybody.
    pub async fn pricing(&self) -> Result<PlanList, Error> {
        let rows = self.database.engine(plan::plan_list).await?;
        let mut items: Vec<_> = rows.into_iter().map(view).collect();
        items.retain(|plan| plan.offered || plan.price_cents.is_none());
        for plan in &mut items {
            plan.stripe_price = None;
        }
        Ok(PlanList { items })
    }

    /// The plans that the caller can choose, and its organization's; for admins of the server, all.
    pub async fn list(&self, caller: &Caller) -> Result<PlanList, Error> {
        authorize(caller, Operation::PlanList)?;
        let home = caller.home;
        let (rows, own) = self.database.engine(move |conn| Ok((plan::plan_list(conn)?, plan::plan_of(conn, home)?))).await?;
        let mut items: Vec<_> = rows.into_iter().map(view).collect();
        if !caller.operator {
            items.retain(|plan| plan.offered || plan.id == own.id);
            for plan in &mut items {
                plan.stripe_price = None;
            }
        }
        Ok(PlanList { items })
    }

    /// Makes or replaces a plan; who is on it gets its limits at once. Returns whether it is new.
    pub async fn put(&self, caller: &Caller, id: &str, wanted: PlanPut) -> Result<(PlanView, bool), Error> {
        authorize(caller, Operation::PlanPut)?;
        check_slug(id).map_err(|_| {
            Error::Invalid("a plan's id must have 1 to 40 of a-z, 0-9 and -, and begin with a letter".to_owned())
        })?;
        let wanted = row(id, wanted)?;
        let (act, place) = (Act::at_home(caller, Operation::PlanPut, self.clock.now()), wanted.place);
        let put = self.database.engine(move |conn| {
            let before = plan::plan_lock(conn, &wanted.id)?;
            let is_default = wanted.is_default || before.as_ref().is_some_and(|before| before.is_default);
            let row = Plan { is_default, ..wanted };
            plan::plan_put(conn, &row)?;
            plan::plan_meters(conn, &row.id)?;
            let act = act.on("plan", &row.id).after(&view(row.clone()));
            let act = before.as_ref().map_or_else(|| act.clone(), |before| act.clone().before(&view(before.clone())));
            act.write_as_engine(conn)?;
            Ok((view(row), before.is_none()))
        });
        put.await.map_err(|error| match error {
            store::Error::Conflict(_) => Error::Conflict(format!("another plan has the place {place}: choose another one")),
            other => Error::Store(other),
        })
    }

    /// Deletes a plan that nobody is on.
    pub async fn delete(&self, caller: &Caller, id: &str) -> Result<(), Error> {
        authorize(caller, Operation::PlanDelete)?;
        let (id, act) = (id.replace('\0', ""), Act::at_home(caller, Operation::PlanDelete, self.clock.now()));
        let deleted = self.database.engine(move |conn| {
            let Some(row) = plan::plan_lock(conn, &id)? else { return Ok(Err(Error::NotFound("plan"))) };
            let why = if id == FALLBACK {
                Some("this is where organizations go that have lost their plan: it can be changed, and not deleted")
            } else if row.is_default {
                Some("new organizations get this plan: make another one the default first")
            } else if plan::plan_is_used(conn, &id)? {
                Some("organizations are on this plan, or change to it: move them first, or stop offering it")
            } else {
                None
            };
            if let Some(why) = why {
                return Ok(Err(Error::Conflict(why.to_owned())));
            }
            plan::plan_delete(conn, &id)?;
            act.on("plan", &id).before(&view(row)).write_as_engine(conn)?;
            Ok(Ok(()))
        });
        deleted.await?
    }
}

fn row(id: &str, wanted: PlanPut) -> Result<Plan, Error> {
    check_text("name", &wanted.name, 100)?;
    let currency = wanted.currency.unwrap_or_else(|| "usd".to_owned());
    if currency.len() != 3 || !currency.bytes().all(|letter| letter.is_ascii_lowercase()) {
        return Err(Error::Invalid("`currency` must be a code of ISO 4217 in small letters, such as `usd`".to_owned()));
    }
    let trial_days = wanted.trial_days.unwrap_or(0);
    let limits = wanted.limits.unwrap_or_default();
    let code_step = limits.code_step.unwrap_or_default();
    check_code_step(code_step)?;
    let counts = [limits.active_workflows, limits.executions, limits.integrations, limits.members, wanted.price_cents];
    if counts.into_iter().flatten().any(|limit| limit < 0) || wanted.place < 0 || !(0..=365).contains(&trial_days) {
        return Err(Error::Invalid("limits, price and place must not be negative, and `trial_days` be 0 to 365".to_owned()));
    }
    if let Some(price) = &wanted.stripe_price {
        check_text("stripe_price", price, 200)?;
    }
    let mut features = wanted.features;
    features.sort_unstable();
    features.dedup();
    Ok(Plan {
        id: id.to_owned(),
        name: wanted.name,
        place: wanted.place,
        price_cents: wanted.price_cents,
        currency,
        active_workflows: limits.active_workflows,
        executions: limits.executions,
        integrations: limits.integrations,
        members: limits.members,
        features: features.into_iter().map(|feature| feature.as_str().to_owned()).collect(),
        trial_days,
        offered: wanted.offered.unwrap_or(true),
        is_default: wanted.is_default.unwrap_or(false),
        stripe_price: wanted.stripe_price,
        code_step_seconds: code_step.seconds,
        code_step_memory_mib: code_step.memory_mib,
        code_step_output_kib: code_step.output_kib,
        code_step_log_kib: code_step.log_kib,
    })
}

/// No plan gives a code step less than it has when it asks for nothing, or more than an operator can give.
fn check_code_step(limits: CodeStepLimits) -> Result<(), Error> {
    let ranges = [
        ("seconds", limits.seconds, CODE_SECONDS, CODE_SECONDS_MOST),
        ("memory_mib", limits.memory_mib, CODE_MEMORY_BYTES >> 20, CODE_MEMORY_MIB_MOST.into()),
        ("output_kib", limits.output_kib, CODE_OUTPUT_BYTES as u64 >> 10, CODE_OUTPUT_KIB_MOST.into()),
        ("log_kib", limits.log_kib, CODE_LOG_BYTES as u64 >> 10, CODE_LOG_KIB_MOST.into()),
    ];
    for (field, limit, least, most) in ranges {
        if limit.is_some_and(|limit| !u64::try_from(limit).is_ok_and(|limit| (least..=most).contains(&limit))) {
            return Err(Error::Invalid(format!(
                "`limits.code_step.{field}` must be {least} to {most}, or absent: a step has {least} on every plan"
            )));
        }
    }
    Ok(())
}

/// The features of a plan.
pub(super) fn features(row: &Plan) -> Vec<Feature> {
    row.features.iter().filter_map(|word| Feature::from_word(word)).collect()
}

/// The limits of a plan.
pub(super) fn limits(row: &Plan) -> PlanLimits {
    PlanLimits {
        active_workflows: row.active_workflows,
        executions: row.executions,
        integrations: row.integrations,
        members: row.members,
        code_step: row.code_step().some(),
    }
}

/// What the API shows of a plan.
pub(super) fn view(row: Plan) -> PlanView {
    PlanView {
        limits: limits(&row),
        features: features(&row),
        id: row.id,
        name: row.name,
        place: row.place,
        price_cents: row.price_cents,
        currency: row.currency,
        trial_days: row.trial_days,
        offered: row.offered,
        is_default: row.is_default,
        stripe_price: row.stripe_price,
    }
}
