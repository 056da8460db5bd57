//! Code steps: what a warm one costs, beside a bare process and a Python that is started for it, and how many there are a second.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

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
/// Steps that wait or run at the same time.
const AT_ONCE: usize = 64;

pub(super) async fn measure(stage: &Stage<'_>) -> Result<Section, Error> {
    let runner = CodeRunner::start(CodeOptions::new("/proc/self/exe".into()));
    let status = runner.status().await;
    if !status.is_enough() {
        return Err(Error::Wrong(format!("no code steps are run here: {} ({})", status.level, status.missing())));
    }
    let most = stage.options.duration;
    let mut cases = Vec::new();
    for (name, language, code) in STEPS {
        for clients in [1, AT_ONCE] {
            let name = format!("{name}, {clients} at once");
            stage.say(&name);
            let seen = steps(&runner, (language, code), clients, most).await?;
            cases.push(seen.shown(name).count("host_kib", resident(runner.status().await.pid)));
        }
    }
    for (name, program, arguments) in PROCESSES {
        stage.say(name);
        let measured = tokio::task::spawn_blocking(move || processes(program, arguments, most)).await;
        let measured = measured.unwrap_or_else(|stopped| std::panic::resume_unwind(stopped.into_panic()));
        // A machine without it has nothing to compare with.
        cases.extend(measured.ok().map(|seen| seen.shown(format!("{name}, 1 at once")).count("host_kib", 0)));
    }
    Ok(stage.section(None, cases))
}

/// What was measured, and within which time.
struct Measured {
    times: Histogram,
    elapsed: Duration,
}

impl Measured {
    fn shown(&self, name: String) -> Case {
        let rate = f64::from(u32::try_from(self.times.count()).unwrap_or(u32::MAX)) / self.elapsed.as_secs_f64();
        let times = &self.times;
        let case = Case::new(name).number("steps_per_second", rate).number("p50_ms", times.percentile(50));
        case.number("p99_ms", times.percentile(99)).number("max_ms", times.max())
    }
}

async fn one(runner: &CodeRunner, language: Language, code: &str) -> Result<Duration, Error> {
    let started = Instant::now();
    let outcome = runner.run(language, code, &json!({"a": 1}), CodeLimits::default()).await;
    outcome.result.map(|_| started.elapsed()).map_err(|error| Error::Wrong(error.message))
}

/// Steps by as many `clients`, each one after the other.
async fn steps(
    runner: &CodeRunner,
    (language, code): (Language, &'static str),
    clients: usize,
    most: Duration,
) -> Result<Measured, Error> {
    let (started, mut running) = (Instant::now(), JoinSet::new());
    for _ in 0..clients {
        let runner = runner.clone();
        running.spawn(async move {
            let mut times = Histogram::default();
            while started.elapsed() < most {
                times.record(one(&runner, language, code).await?);
            }
            Ok::<_, Error>(times)
        });
    }
    let mut times = Histogram::default();
    while let Some(client) = running.join_next().await {
        times.add(&client.unwrap_or_else(|stopped| std::panic::resume_unwind(stopped.into_panic()))?);
    }
    Ok(Measured { times, elapsed: started.elapsed() })
}

/// How long processes take from their start to their end.
fn processes(program: &str, arguments: &[&str], most: Duration) -> std::io::Result<Measured> {
    let (begun, mut times) = (Instant::now(), Histogram::default());
    while begun.elapsed() < most {
        let started = Instant::now();
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status()?;
        times.record(started.elapsed());
    }
    Ok(Measured { times, elapsed: begun.elapsed() })
}

/// Resident memory of the step host, in KiB; 0 when it is gone.
fn resident(pid: Option<u32>) -> u64 {
    let status = pid.and_then(|pid| fs::read_to_string(format!("/proc/{pid}/status")).ok()).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().unwrap_or(0)
}
