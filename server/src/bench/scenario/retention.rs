//! The end of a day with very many finished executions. The rows are put into Postgres directly and dropped as retention does.

use std::time::Instant;

use serde_json::json;

use crate::bench::report::Case;
use crate::bench::stage::Stage;
use crate::bench::{Error, Section};
use crate::store;
use crate::store::queries::bench::{drop_day, fill_day};

const WORKFLOW: &str = "tidemill-bench-old";

pub(super) async fn measure(stage: &Stage<'_>) -> Result<Section, Error> {
    let url = stage.postgres()?.to_owned();
    let workflow =
        json!({"id": WORKFLOW, "name": "Bench: retention", "steps": [{"id": "nothing", "uses": "transform", "with": {}}]});
    stage.api().call("PUT", &format!("/api/workflows/{WORKFLOW}"), Some(&workflow)).await?;
    let count = stage.options.executions;
    stage.say(&format!("inserting {count} executions of a day of last week"));
    let filled = url.clone();
    let (day, before) = blocking(move || fill_day(&filled, WORKFLOW, count)).await?;
    stage.say(&format!("dropping {day}"));
    let begin = Instant::now();
    let after = blocking(move || drop_day(&url, day)).await?;
    let took = begin.elapsed();
    let megabytes = |bytes: i64| u64::try_from(bytes / 1_000_000).unwrap_or_default();
    let case = Case::new(format!("{count} executions"))
        .number("drop_ms", took.as_secs_f64() * 1_000.0)
        .count("mb_before", megabytes(before))
        .count("mb_after", megabytes(after));
    Ok(stage.section(None, vec![case]))
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, store::Error> + Send + 'static) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    Ok(done.unwrap_or_else(|stopped| std::panic::resume_unwind(stopped.into_panic()))?)
}
