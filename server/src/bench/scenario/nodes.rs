//! Two servers on one Postgres against one of them alone: on the same processors, the price of coordination.

use super::webhook_sync;
use crate::bench::load::{Load, Seen, Until};
use crate::bench::report::Case;
use crate::bench::stage::Stage;
use crate::bench::{Error, Section};

/// Measured in turns, so that a machine whose speed drifts is fair to both.
const ROUNDS: u32 = 3;

pub(super) async fn measure(stage: &Stage<'_>) -> Result<Section, Error> {
    let first = stage.target.temporary.as_ref().ok_or_else(|| Error::NeedsOwnServer(stage.scenario.name()))?;
    let (clients, duration) = (stage.options.most_clients(), stage.options.duration);
    let (installed, delivery, events) = webhook_sync::install(stage).await?;
    stage.say("starting the second server");
    let (second, other) = first.second().await?;
    let alone = vec![stage.target.address.clone()];
    let together = vec![stage.target.address.clone(), other];
    let (mut one, mut two) = (Seen::default(), Seen::default());
    for round in 1..=ROUNDS {
        for (seen, addresses) in [(&mut one, &alone), (&mut two, &together)] {
            stage.say(&format!("round {round} of {ROUNDS}, {} servers, {clients} clients", addresses.len()));
            let until = Until::Elapsed(duration / ROUNDS);
            let load = Load { requests: [delivery.clone()].into(), addresses: addresses.clone(), clients, until };
            let found = load.drive().await?;
            seen.add(&found);
            seen.elapsed += found.elapsed;
        }
    }
    drop(second);
    stage.api().remove(&installed).await?;
    let bulk = stage.bulk(events).await?;
    let case = |name, seen: &Seen| {
        Case::new(name)
            .number("executions_per_second", seen.per_second())
            .latencies(seen)
            .count("refused", seen.refused.count())
            .share("of_one", seen.per_second(), Some(one.per_second()))
            .share("of_bulk", seen.per_second(), bulk)
    };
    Ok(stage.section(bulk, vec![case("one server", &one), case("two servers", &two)]))
}
