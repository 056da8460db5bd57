//! What the form about many executions asks the server.

use chrono::{DateTime, Utc};
use tidemill_common::api::bulk::{BulkAction, BulkOrder};
use tidemill_common::api::control::RetryFrom;

use super::{Wrong, filled, number, words};
use crate::app::state::filter;
use crate::app::state::form::Form;

/// The order, as a question how many there are. What is admitted from `now` on is not meant: nobody has seen it.
pub fn bulk(form: &Form, now: DateTime<Utc>) -> Result<BulkOrder, Wrong> {
    let wrong = |label: &str| {
        let label = label.to_owned();
        move |why| (label, why)
    };
    let statuses: Result<Vec<_>, _> = words(form, "states").iter().map(|word| filter::status(word)).collect();
    let since = filled(form, "since").map(|text| filter::period(&text)).transpose().map_err(wrong("since"))?;
    let retry = form.text("what") == "retry";
    Ok(BulkOrder {
        action: if retry { BulkAction::Retry } else { BulkAction::Cancel },
        workflow: filled(form, "workflow"),
        status: statuses.map_err(wrong("states"))?,
        since: since.and_then(|since| now.checked_sub_signed(since)),
        until: Some(now),
        rate: number(form, "rate")?,
        reason: filled(form, "reason").filter(|_| !retry),
        from: if form.text("from") == "start" { RetryFrom::Start } else { RetryFrom::Failed },
        patch: None,
        dry_run: true,
    })
}
