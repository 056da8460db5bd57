//! Code steps: what a warm one costs, beside a bare process and a Python that is started for it, and how many there are a second.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::json;
use tidemill_common::step_protocol::Language;
use tokio::task::JoinSet;

use crate::bench::histogram::Histogram;
use crate::bench::report::Case;
use crate::bench::stage::Stage;
use crate::bench::{Error, Section};
use crate::runner::code::{CodeLimits, CodeOptions, CodeRunner};

/// The smallest step of each language.
const STEPS: [(&str, Language, &str); 3] = [
    ("python", Language::Python, "def main(input):\n    return input['a'] + 1"),
    ("javascript", Language::Javascript, "function main(input) { return input.a + 1 }"),
    ("sql", Language::Sql, "SELECT :a + 1 AS x"),
];
/// What a step competes with: one process that does nothing, and one that runs Python and does nothing.
const PROCESSES: [(&str, &str, &[&str]); 2] =
    [("a bare process (true)", "true", &[]), ("python3 -c pass", "python3", &["-c", "pass"])];
/// Steps, or processes, one after the other.
const ONE_BY_ONE: u32 = 500;
/// Steps that wait or run at the same time.
const AT_ONCE: usize = 64;

pub(super) async fn measure(stage: &Stage<'_>) -> Result<Section, Error> {
    let runner = CodeRunner::start(CodeOptions::new("/proc/self/exe".into()));
    let status = runner.status().await;
    if !status.is_enough() {
        return Err(Error::Wrong(format!("no code steps are run here: {} ({})", status.level, status.missing())));
    }
    let mut cases = Vec::new();
    for (name, language, code) in STEPS {
        stage.say(name);
        cases.push(shown(format!("{name}, 1 at once"), &one_by_one(&runner, language, code).await?));
    }
    for (name, program, arguments) in PROCESSES {
        stage.say(name);
        let started = tokio::task::spawn_blocking(move || processes(program, arguments)).await;
        let times = started.unwrap_or_else(|stopped| std::panic::resume_unwind(stopped.into_panic()));
        // A machine without it has nothing to compare with.
        cases.extend(times.ok().map(|times| shown(format!("{name}, 1 at once"), &times)));
    }
    for (name, language, code) in STEPS {
        stage.say(&format!("{name}, {AT_ONCE} at once"));
        cases.push(at_once(stage, &runner, name, (language, code)).await?);
    }
    cases.push(Case::new(format!("step host at rest ({})", status.level)).count("resident_kib", resident(status.pid)));
    Ok(stage.section(None, cases))
}

fn shown(name: String, times: &Histogram) -> Case {
    Case::new(name).number("p50_ms", times.percentile(50)).number("p99_ms", times.percentile(99)).number("max_ms", times.max())
}

async fn one(runner: &CodeRunner, language: Language, code: &str) -> Result<std::time::Duration, Error> {
    let started = Instant::now();
    let outcome = runner.run(language, code, &json!({"a": 1}), CodeLimits::default()).await;
    outcome.result.map(|_| started.elapsed()).map_err(|error| Error::Wrong(error.message))
}

async fn one_by_one(runner: &CodeRunner, language: Language, code: &str) -> Result<Histogram, Error> {
    let mut times = Histogram::default();
    for _ in 0..ONE_BY_ONE {
        times.record(one(runner, language, code).await?);
    }
    Ok(times)
}

async fn at_once(
    stage: &Stage<'_>,
    runner: &CodeRunner,
    name: &str,
    (language, code): (Language, &'static str),
) -> Result<Case, Error> {
    let (started, most) = (Instant::now(), stage.options.duration);
    let mut clients = JoinSet::new();
    for _ in 0..AT_ONCE {
        let runner = runner.clone();
        clients.spawn(async move {
            let mut times = Histogram::default();
            while started.elapsed() < most {
                times.record(one(&runner, language, code).await?);
            }
            Ok::<_, Error>(times)
        });
    }
    let mut times = Histogram::default();
    while let Some(client) = clients.join_next().await {
        times.add(&client.unwrap_or_else(|stopped| std::panic::resume_unwind(stopped.into_panic()))?);
    }
    let rate = f64::from(u32::try_from(times.count()).unwrap_or(u32::MAX)) / started.elapsed().as_secs_f64();
    Ok(shown(format!("{name}, {AT_ONCE} at once"), &times).number("steps_per_second", rate))
}

/// How long processes take from their start to their end.
fn processes(program: &str, arguments: &[&str]) -> std::io::Result<Histogram> {
    let mut times = Histogram::default();
    for _ in 0..ONE_BY_ONE {
        let started = Instant::now();
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status()?;
        times.record(started.elapsed());
    }
    Ok(times)
}

/// Resident memory of the step host, in KiB; 0 when it is gone.
fn resident(pid: Option<u32>) -> u64 {
    let status = pid.and_then(|pid| fs::read_to_string(format!("/proc/{pid}/status")).ok()).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().unwrap_or(0)
}
