//! A webhook that answers with the result of three steps: one commit and eight events.

use serde_json::{Value, json};

use crate::bench::api::{Installed, execution_of};
use crate::bench::connection::Request;
use crate::bench::load::Until;
use crate::bench::report::Case;
use crate::bench::stage::Stage;
use crate::bench::{Error, Section};
use crate::store::queries::bench::EventShapes;

const ID: &str = "tidemill-bench";

/// Three steps without outside effects.
pub(super) fn workflow(id: &str, respond: &str) -> Value {
    json!({
        "id": id,
        "name": "Bench: webhook",
        "triggers": [{"id": "in", "type": "webhook", "path": id, "respond": respond}],
        "steps": [
            {"id": "order", "uses": "transform", "with": {"qty": "{{ trigger.body.qty }}", "price": "{{ trigger.body.price }}"}},
            {"id": "total", "uses": "transform", "with": {"total": "{{ steps.order.output.qty * steps.order.output.price }}"}},
            {"id": "tier", "uses": "transform", "with": {"gold": "{{ steps.total.output.total > 100 }}"}}
        ],
        "output": {"total": "{{ steps.total.output.total }}", "gold": "{{ steps.tier.output.gold }}"}
    })
}

/// What is delivered.
pub(super) fn order() -> Value {
    json!({"qty": 3, "price": 40})
}

/// Installs the workflow and runs it once: what to send, and the events of one execution.
pub(super) async fn install(stage: &Stage<'_>) -> Result<(Installed, Request, EventShapes), Error> {
    let installed = stage.api().install(ID, &workflow(ID, "when_finished")).await?;
    let delivery = stage.api().delivery(&installed, &order());
    let answer = stage.api().deliver(&delivery).await?;
    if answer.pointer("/output/total") != Some(&json!(120)) {
        return Err(Error::Wrong(format!("the workflow did not compute 3 * 40 = 120: {answer}")));
    }
    let events = stage.api().events(execution_of(&answer)?).await?;
    Ok((installed, delivery, events))
}

pub(super) async fn measure(stage: &Stage<'_>) -> Result<Section, Error> {
    let (installed, delivery, events) = install(stage).await?;
    let mut loads = Vec::new();
    for &clients in &stage.options.clients {
        stage.say(&format!("{clients} clients for {} s", stage.options.duration.as_secs()));
        let load = stage.load(delivery.clone(), clients, Until::Elapsed(stage.options.duration));
        loads.push((clients, load.drive().await?));
    }
    stage.api().remove(&installed).await?;
    let bulk = stage.bulk(events).await?;
    let case = |(clients, seen): &(u32, crate::bench::load::Seen)| {
        let name = if *clients == 1 { "1 client".to_owned() } else { format!("{clients} clients") };
        Case::new(name)
            .number("executions_per_second", seen.per_second())
            .latencies(seen)
            .count("refused", seen.refused.count())
            .share("of_bulk", seen.per_second(), bulk)
    };
    Ok(stage.section(bulk, loads.iter().map(case).collect()))
}
