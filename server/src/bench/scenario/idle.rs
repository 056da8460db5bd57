//! Statements a minute of a server that has nothing to do but a thousand schedules.

use std::fs;
use std::time::Duration;

use serde_json::json;

use crate::bench::report::Case;
use crate::bench::stage::Stage;
use crate::bench::{Error, Section};
use crate::store::queries::bench::log_statements;

/// A thousand schedules, as many a workflow as it may have.
const WORKFLOWS: u32 = 20;
const SCHEDULES: u32 = 50;

/// Until what the start began has ended.
const REST: Duration = Duration::from_secs(15);

/// What is measured.
const MINUTE: Duration = Duration::from_secs(60);

pub(super) async fn measure(stage: &Stage<'_>) -> Result<Section, Error> {
    let server = stage.target.temporary.as_ref().ok_or_else(|| Error::NeedsOwnServer(stage.scenario.name()))?;
    let (url, log) = (stage.postgres()?.to_owned(), server.postgres_log());
    stage.say(&format!("{} schedules", WORKFLOWS * SCHEDULES));
    for number in 0..WORKFLOWS {
        let id = format!("tidemill-bench-idle-{number}");
        // Once a year, in the night of a leap day if need be: none is due while this is measured.
        let schedule = |n: u32| json!({"id": format!("s{n}"), "type": "schedule", "cron": format!("{n} 3 29 2 *")});
        let workflow = json!({
            "id": id,
            "name": "Bench: idle",
            "triggers": (0..SCHEDULES).map(schedule).collect::<Vec<_>>(),
            "steps": [{"id": "nothing", "uses": "transform", "with": {}}],
        });
        stage.api().call("PUT", &format!("/api/workflows/{id}"), Some(&workflow)).await?;
        stage.api().call("POST", &format!("/api/workflows/{id}/activate"), Some(&json!({}))).await?;
    }
    stage.say(&format!("at rest for {} s", (REST + MINUTE).as_secs()));
    tokio::time::sleep(REST).await;
    let logging = tokio::task::spawn_blocking(move || log_statements(&url));
    logging.await.unwrap_or_else(|stopped| std::panic::resume_unwind(stopped.into_panic()))?;
    let read = || fs::read_to_string(&log).map_err(Error::io("read", &log));
    let before = read()?.len();
    tokio::time::sleep(MINUTE).await;
    let said = read()?;
    let statements = said.get(before..).unwrap_or_default().lines().filter(|line| is_statement(line)).count();
    let statements = u64::try_from(statements).unwrap_or(u64::MAX);
    let case = Case::new(format!("{} schedules", WORKFLOWS * SCHEDULES)).count("statements_per_minute", statements);
    Ok(stage.section(None, vec![case]))
}

/// Whether a line of the log begins a statement; its further lines are indented.
fn is_statement(line: &str) -> bool {
    line.contains(" LOG:  statement: ") || line.contains(" LOG:  execute ")
}

#[cfg(test)]
mod tests {
    use super::is_statement;

    #[test]
    fn a_statement_is_counted_once() {
        let log = "2026-11-23 09:00:00.000 UTC [7] LOG:  execute __diesel_stmt_1: SELECT\n\t1\n\
                   2026-11-23 09:00:00.000 UTC [7] DETAIL:  Parameters: $1 = '1'\n\
                   2026-11-23 09:00:00.000 UTC [7] LOG:  statement: BEGIN";
        assert_eq!(log.lines().filter(|line| is_statement(line)).count(), 2);
    }
}
