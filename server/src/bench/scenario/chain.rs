//! 100 steps one after the other, many executions at once: how many steps a second become durable.
//!
//! Steps without effects that follow each other are one append by design, hence one commit for the whole chain: what is
//! measured is evaluating and writing. In the other chain each step must be committed before the next one begins, as it is with
//! steps that have effects; its steps are waits that are over at once, so that nothing but the engine is measured.

use serde_json::{Value, json};

use crate::bench::api::execution_of;
use crate::bench::load::Until;
use crate::bench::report::Case;
use crate::bench::stage::Stage;
use crate::bench::{Error, Section};

const STEPS: u32 = 100;

/// One kind of chain.
struct Chain {
    id: &'static str,
    name: &'static str,
    step: fn(u32) -> Value,
}

const CHAINS: [Chain; 2] = [
    Chain { id: "tidemill-bench-chain", name: "one commit a chain (transform)", step: transform },
    Chain { id: "tidemill-bench-chain-committed", name: "a commit a step (wait)", step: wait },
];

fn transform(number: u32) -> Value {
    let before = if number == 0 { "trigger.body.n".to_owned() } else { format!("steps.s{}.output.n", number - 1) };
    json!({"id": format!("s{number}"), "uses": "transform", "with": {"n": format!("{{{{ {before} + 1 }}}}")}})
}

fn wait(number: u32) -> Value {
    json!({"id": format!("s{number}"), "uses": "wait", "with": {"duration": "0s"}})
}

fn workflow(chain: &Chain) -> Value {
    json!({
        "id": chain.id,
        "name": "Bench: chain",
        "triggers": [{"id": "in", "type": "webhook", "path": chain.id, "respond": "when_finished"}],
        "steps": (0..STEPS).map(chain.step).collect::<Vec<_>>(),
    })
}

pub(super) async fn measure(stage: &Stage<'_>) -> Result<Section, Error> {
    let (clients, duration) = (stage.options.most_clients(), stage.options.duration);
    let mut cases = Vec::new();
    for chain in &CHAINS {
        let installed = stage.api().install(chain.id, &workflow(chain)).await?;
        let delivery = stage.api().delivery(&installed, &json!({"n": 0}));
        let answer = stage.api().deliver(&delivery).await?;
        if answer["status"] != "succeeded" {
            return Err(Error::Wrong(format!("the chain of {STEPS} steps did not succeed: {answer}")));
        }
        let events = stage.api().events(execution_of(&answer)?).await?;
        stage.say(&format!("{}: {clients} in flight for {} s", chain.name, duration.as_secs()));
        let seen = stage.load(delivery, clients, Until::Answered(duration)).drive().await?;
        stage.api().remove(&installed).await?;
        let count = u64::try_from(events.len()).unwrap_or(u64::MAX);
        let bulk = stage.bulk(events).await?;
        let case = Case::new(chain.name)
            .number("steps_per_second", seen.per_second() * f64::from(STEPS))
            .number("executions_per_second", seen.per_second())
            .count("events_each", count)
            .number("p50_ms", seen.latencies.percentile(50))
            .number("p99_ms", seen.latencies.percentile(99))
            .count("refused", seen.refused.count())
            .share("of_bulk", seen.per_second(), bulk);
        cases.push(case);
    }
    // Each chain has rows of its own, and so a bulk rate of its own: the share says it.
    Ok(stage.section(None, cases))
}
