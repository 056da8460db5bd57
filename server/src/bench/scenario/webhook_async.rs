//! A webhook that answers as soon as the delivery is committed: how many are accepted, and how many are finished.

use std::time::Instant;

use crate::bench::api::execution_of;
use crate::bench::load::Until;
use crate::bench::report::Case;
use crate::bench::stage::Stage;
use crate::bench::{Error, Section};

use super::webhook_sync::{order, workflow};

const ID: &str = "tidemill-bench-async";

#[expect(clippy::cast_precision_loss, reason = "a bench counts far below 2^53")]
pub(super) async fn measure(stage: &Stage<'_>) -> Result<Section, Error> {
    let api = stage.api();
    let installed = api.install(ID, &workflow(ID, "immediately")).await?;
    let delivery = api.delivery(&installed, &order());
    let answer = api.deliver(&delivery).await?;
    api.all_ended(&installed).await?;
    let events = api.events(execution_of(&answer)?).await?;

    let clients = stage.options.most_clients();
    stage.say(&format!("{clients} clients for {} s", stage.options.duration.as_secs()));
    let begin = Instant::now();
    let seen = stage.load(delivery, clients, Until::Answered(stage.options.duration)).drive().await?;
    stage.say("waiting until all have finished");
    api.all_ended(&installed).await?;
    let finished = seen.latencies.count() as f64 / begin.elapsed().as_secs_f64();
    api.remove(&installed).await?;

    let bulk = stage.bulk(events).await?;
    let case = Case::new(format!("{clients} clients"))
        .number("accepted_per_second", seen.per_second())
        .number("finished_per_second", finished)
        .latencies(&seen)
        .count("refused", seen.refused.count())
        .share("of_bulk", finished, bulk);
    Ok(stage.section(bulk, vec![case]))
}
