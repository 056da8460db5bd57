//! One step over a thousand items.

use serde_json::{Value, json};

use crate::bench::api::execution_of;
use crate::bench::load::Until;
use crate::bench::report::Case;
use crate::bench::stage::Stage;
use crate::bench::{Error, Section};

const ID: &str = "tidemill-bench-fan-out";

const ITEMS: u32 = 1000;

fn workflow() -> Value {
    json!({
        "id": ID,
        "name": "Bench: fan-out",
        "triggers": [{"id": "in", "type": "webhook", "path": ID, "respond": "when_finished"}],
        "steps": [{
            "id": "each", "uses": "transform",
            "for_each": {"items": "{{ trigger.body.items }}", "concurrency": ITEMS},
            "with": {"square": "{{ item * item }}"}
        }],
        "output": {"count": "{{ steps.each.output | length }}"}
    })
}

pub(super) async fn measure(stage: &Stage<'_>) -> Result<Section, Error> {
    let installed = stage.api().install(ID, &workflow()).await?;
    let delivery = stage.api().delivery(&installed, &json!({"items": (0..ITEMS).collect::<Vec<_>>()}));
    let answer = stage.api().deliver(&delivery).await?;
    if answer.pointer("/output/count") != Some(&json!(ITEMS)) {
        return Err(Error::Wrong(format!("the step did not give {ITEMS} outputs: {answer}")));
    }
    let events = stage.api().events(execution_of(&answer)?).await?;
    stage.say(&format!("one at a time for {} s", stage.options.duration.as_secs()));
    let seen = stage.load(delivery, 1, Until::Elapsed(stage.options.duration)).drive().await?;
    stage.api().remove(&installed).await?;
    let bulk = stage.bulk(events).await?;
    let case = Case::new(format!("{ITEMS} items"))
        .number("iterations_per_second", seen.per_second() * f64::from(ITEMS))
        .number("executions_per_second", seen.per_second())
        .latencies(&seen)
        .share("of_bulk", seen.per_second(), bulk);
    Ok(stage.section(bulk, vec![case]))
}
