//! `run`: starts an execution by hand, and follows it if asked to.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;
use std::time::Duration;

use clap::Args;
use serde_json::Value;
use tidemill_common::api::execution::{ExecutionCreate, ExecutionView};

use super::session::Session;
use super::time::parse_duration;
use super::watch::{conclude, show_event};
use super::{Error, Exit, watch};
use crate::cli::follow::{Followed, Follower};
use crate::client::Client;

/// Start an execution of a workflow
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  tidemill run order-intake --input '{\"qty\": 2, \"price\": 9.5}' --watch\n  tidemill run order-intake --input @order.json \
                        --wait 5m -o json\n  echo '{}' | tidemill run order-intake --input -"
)]
pub struct Run {
    /// The workflow's id
    workflow: String,
    /// Input as JSON: a document, @FILE, or - for stdin
    #[arg(short, long, value_name = "JSON|@FILE|-")]
    input: Option<String>,
    /// Execute this version, not the active or newest one
    #[arg(long, value_name = "N")]
    version: Option<i32>,
    /// Wait for the end, this long at most
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    wait: Option<Duration>,
    /// Print its events until it ends
    #[arg(short = 'w', long)]
    watch: bool,
    /// Exit with 0 however the execution ends
    #[arg(long)]
    no_exit_status: bool,
}

impl Run {
    /// Starts, and waits or watches.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        if self.watch {
            watch::refuse_json_array(session)?;
        }
        let input = self.input.as_deref().map(read_input).transpose()?.unwrap_or(Value::Null);
        let client = session.client()?;
        let workflow = self.workflow.trim_start_matches("workflow/");
        let started = client.execution_create(workflow, &ExecutionCreate { input, version: self.version }).await?;
        let exit = self.follow(session, &client, &started).await?;
        Ok(if self.no_exit_status && matches!(exit, Exit::ExecutionFailed | Exit::ExecutionCancelled) {
            Exit::Ok
        } else {
            exit
        })
    }

    async fn follow(&self, session: &Session, client: &Client, started: &ExecutionView) -> Result<Exit, Error> {
        let (printer, id) = (&session.printer, started.id.to_string());
        if self.watch {
            printer.note(&format!("execution/{id} started"));
            let followed =
                Follower::new(client, printer, started.id, 0).run(self.wait, |event| show_event(session, event)).await?;
            return conclude(session, client, started.id, followed, Exit::Pending).await;
        }
        if self.wait.is_none() {
            printer.change("execution", &id, "started", started)?;
            return Ok(Exit::Ok);
        }
        let followed = Follower::new(client, printer, started.id, 0).run(self.wait, |_| Ok(())).await?;
        let whole = client.execution(started.id).await?;
        if let Followed::Ended(status) = followed {
            printer.change("execution", &id, status.as_str(), &whole)?;
        }
        conclude(session, client, started.id, followed, Exit::Pending).await
    }
}

/// Reads an input that an option gives: a document, `@FILE`, or `-` for stdin.
pub(super) fn read_input(text: &str) -> Result<Value, Error> {
    let (json, from) = match text.strip_prefix('@') {
        _ if text == "-" => {
            let mut json = String::new();
            io::stdin().read_to_string(&mut json)?;
            (json, "stdin")
        }
        Some(path) => {
            let read = fs::read_to_string(Path::new(path));
            (read.map_err(|source| Error::File { path: path.into(), source })?, path)
        }
        None => (text.to_owned(), "--input"),
    };
    serde_json::from_str(&json).map_err(|error| Error::Usage(format!("{from} is not JSON: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_is_a_document_or_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("in.json");
        fs::write(&path, "{\"a\": 1}").unwrap();
        assert_eq!(read_input(&format!("@{}", path.display())).unwrap()["a"], 1);
        assert_eq!(read_input("[1]").unwrap()[0], 1);
        assert!(read_input("{").unwrap_err().to_string().starts_with("--input is not JSON"));
        assert!(matches!(read_input("@/nonexistent"), Err(Error::File { .. })));
    }
}
