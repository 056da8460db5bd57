//! Random workflows: small graphs of every kind of step.

use std::fmt::Write as _;
use std::sync::Arc;

use super::Random;
use crate::domain::workflow::compile;
use crate::domain::workflow::plan::Plan;

const HTTP: &str = "uses: http.request, with: {url: \"https://example.com/{{ execution.id }}\"}";

/// A workflow that compiles: not every combination has a meaning.
pub(super) fn random(random: &mut Random) -> Arc<Plan> {
    loop {
        if let Ok(plan) = compile(&file(random)) {
            return Arc::new(plan);
        }
    }
}

fn file(random: &mut Random) -> String {
    let mut file = "id: simulated\nsteps:\n".to_owned();
    let count = 1 + random.below(6);
    for index in 0..count {
        writeln!(file, "  - {{id: s{index}, {}}}", step(random, index)).unwrap();
    }
    if random.percent(25) {
        file.push_str("catch:\n");
        for index in 0..=random.below(2) {
            let work = if random.percent(50) { HTTP } else { "uses: transform, with: {caught: true}" };
            writeln!(file, "  - {{id: c{index}, {work}}}").unwrap();
        }
    }
    for (share, line) in [(15, "on_failure: alarms\n"), (15, "timeout: 90s\n"), (30, "output: {done: true}\n")] {
        if random.percent(share) {
            file.push_str(line);
        }
    }
    file
}

fn step(random: &mut Random, index: usize) -> String {
    let mut step = match random.below(10) {
        0..=4 => HTTP.to_owned(),
        5 => format!("effect: at_most_once, {HTTP}"),
        6 => "uses: wait, with: {duration: 30s}".to_owned(),
        7 => "uses: wait, with: {duration: 200ms}".to_owned(),
        8 => "uses: transform, with: {n: \"{{ 1 + 1 }}\"}".to_owned(),
        _ => "uses: fail, with: {message: no}".to_owned(),
    };
    if random.percent(60) {
        let parents: Vec<_> = (0..index).filter(|_| random.percent(50)).map(|parent| format!("s{parent}")).collect();
        write!(step, ", depends_on: [{}]", parents.join(", ")).unwrap();
    }
    match random.below(12) {
        0 => step.push_str(", if: always()"),
        1 => step.push_str(", if: failed()"),
        2 => step.push_str(", if: 1 > 2"),
        _ => {}
    }
    match random.below(8) {
        0 => step.push_str(", for_each: {items: \"{{ [1, 2, 3, 4] }}\", concurrency: 2}"),
        1 => step.push_str(", for_each: {items: \"{{ [1, 2, 3] }}\", concurrency: 3, on_error: continue}"),
        2 => step.push_str(", while: {condition: \"index < 3\", max_iterations: 5, interval: 20s}"),
        _ => {}
    }
    if random.percent(50) && step.contains(HTTP) && !step.contains("at_most_once") {
        write!(step, ", retry: {{max_attempts: {}, initial_interval: 5s, jitter: 0.2}}", 2 + random.below(2)).unwrap();
    }
    if random.percent(20) {
        step.push_str(", on_error: continue");
    }
    step
}
