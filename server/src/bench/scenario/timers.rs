//! Many waits that end in the same moment: how long until all have ended, none early, none twice. The proof is read from the
//! events, not from what the server says of itself.

use std::time::{Duration, Instant};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};
use tidemill_common::clock::{Clock, SystemClock};
use tidemill_common::ids::ExecutionId;

use crate::bench::api::Installed;
use crate::bench::load::Until;
use crate::bench::report::Case;
use crate::bench::stage::Stage;
use crate::bench::{Error, Section};
use crate::store::queries::bench::{TimersRow, timers};

const ID: &str = "tidemill-bench-timers";

/// Clients that start the waits.
const CLIENTS: u32 = 64;

/// Waits that are over at once, to learn how fast this machine starts them.
const TRIAL: u32 = 1000;

/// Between the last wait's start, as far as can be foreseen, and the instant.
const MARGIN: Duration = Duration::from_secs(3);

fn workflow() -> Value {
    json!({
        "id": ID,
        "name": "Bench: timers",
        "triggers": [{"id": "in", "type": "webhook", "path": ID, "respond": "immediately"}],
        "steps": [{"id": "pause", "uses": "wait", "with": {"until": "{{ trigger.body.until }}"}}],
    })
}

/// Starts `count` waits; how long that took.
async fn start(stage: &Stage<'_>, installed: &Installed, count: u32, until: DateTime<Utc>) -> Result<Duration, Error> {
    let body = json!({"until": until.to_rfc3339_opts(SecondsFormat::Millis, true)});
    let delivery = stage.api().delivery(installed, &body);
    let seen = stage.load(delivery, CLIENTS, Until::Sent(count.into())).drive().await?;
    match seen.refused.count() {
        0 => Ok(seen.elapsed),
        refused => Err(Error::Wrong(format!("{refused} of {count} deliveries were refused"))),
    }
}

pub(super) async fn measure(stage: &Stage<'_>) -> Result<Section, Error> {
    let (url, count) = (stage.postgres()?.to_owned(), stage.options.timers);
    let installed = stage.api().install(ID, &workflow()).await?;
    let trial = start(stage, &installed, TRIAL, SystemClock.now()).await?;
    stage.api().all_ended(&installed).await?;
    let needed = trial.mul_f64(2.0 * f64::from(count) / f64::from(TRIAL)) + MARGIN;

    let since = ExecutionId::new(SystemClock.now());
    // Ids of the same millisecond are in no order.
    tokio::time::sleep(Duration::from_millis(2)).await;
    let due = SystemClock.now() + TimeDelta::from_std(needed).unwrap_or_default();
    // As precise as it is sent.
    let due = DateTime::from_timestamp_millis(due.timestamp_millis()).unwrap_or(due);
    stage.say(&format!("starting {count} waits"));
    let started = start(stage, &installed, count, due).await?;
    let Ok(rest) = (due - SystemClock.now()).to_std() else {
        return Err(Error::Wrong(format!(
            "this machine took {started:?} to start {count} waits, too long; try fewer --timers"
        )));
    };
    stage.say(&format!("all end in {:.0} s", rest.as_secs_f64()));
    tokio::time::sleep(rest).await;
    let begin = Instant::now();
    stage.api().all_ended(&installed).await?;
    let ended = begin.elapsed();
    stage.api().remove(&installed).await?;
    let row = tokio::task::spawn_blocking(move || timers(&url, "pause", since, due));
    let row = row.await.unwrap_or_else(|stopped| std::panic::resume_unwind(stopped.into_panic()))?;
    Ok(stage.section(None, vec![case(count, started, ended, &row)]))
}

fn case(count: u32, started: Duration, ended: Duration, row: &TimersRow) -> Case {
    let positive = |count: i64| u64::try_from(count).unwrap_or_default();
    Case::new(format!("{count} timers"))
        .number("started_per_second", f64::from(count) / started.as_secs_f64())
        .number("p50_ms", row.p50_ms)
        .number("p99_ms", row.p99_ms)
        .number("last_ms", row.last_ms)
        .number("all_ended_s", ended.as_secs_f64())
        .count("early", positive(row.early))
        .count("not_once", positive(i64::from(count) - row.once))
}
