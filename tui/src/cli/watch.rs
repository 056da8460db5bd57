//! `watch`: an execution's events as they happen, to its end.

use std::time::Duration;

use clap::Args;
use tidemill_common::event::Event;
use tidemill_common::ids::ExecutionId;
use tidemill_common::status::ExecutionStatus;

use super::follow::{Followed, Follower};
use super::output::{Format, execution_tone};
use super::session::Session;
use super::time::{human_millis, parse_duration};
use super::{Error, Exit, event_line, reference};
use crate::client::Client;

/// Print an execution's events until it ends
#[derive(Debug, Args)]
#[command(
    after_help = "Lost connections don't end it: it goes on behind the last event it showed.\nIt exits with 9 when the execution fails and \
                        with 10 when it is cancelled.\n\nExamples:\n  tidemill watch @latest\n  tidemill watch 3f2a9c01 --timeout 10m -o jsonl"
)]
pub struct Watch {
    /// An id, a part of one, @latest or @failed
    #[arg(value_name = "EXECUTION")]
    id: String,
    /// Begin behind the event with this number
    #[arg(long, default_value_t = 0, value_name = "SEQ")]
    after: i32,
    /// Give up after this long and exit with 124
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    timeout: Option<Duration>,
    /// Exit with 0 however the execution ends
    #[arg(long)]
    no_exit_status: bool,
}

impl Watch {
    /// Follows to the end.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        refuse_json_array(session)?;
        let client = session.client()?;
        let id = reference::execution(&client, &self.id).await?;
        let follower = Follower::new(&client, &session.printer, id, self.after);
        let followed = follower.run(self.timeout, |event| show_event(session, event)).await?;
        let exit = conclude(session, &client, id, followed, Exit::Timeout).await?;
        Ok(if self.no_exit_status && matches!(exit, Exit::ExecutionFailed | Exit::ExecutionCancelled) {
            Exit::Ok
        } else {
            exit
        })
    }
}

/// A stream can't be one JSON array.
pub fn refuse_json_array(session: &Session) -> Result<(), Error> {
    if session.printer.format == Format::Json {
        return Err(Error::Usage("a stream is not one JSON document: use -o jsonl".to_owned()));
    }
    Ok(())
}

/// Prints one event.
pub fn show_event(session: &Session, event: &Event) -> Result<(), Error> {
    session.printer.line(&event_line::render(event, session.printer.format, session.printer.paint))
}

/// Says how it ended, on stderr, and which exit code that is. `over` is the code for a limit that was reached.
pub async fn conclude(
    session: &Session,
    client: &Client,
    id: ExecutionId,
    followed: Followed,
    over: Exit,
) -> Result<Exit, Error> {
    let printer = &session.printer;
    let again = format!("it goes on by itself; follow it with: tidemill watch {id}");
    let status = match followed {
        Followed::Ended(status) => status,
        Followed::TimedOut => {
            printer.note(&format!("the time is over and the execution has not ended; {again}"));
            return Ok(over);
        }
        Followed::Interrupted => {
            printer.note(&format!("interrupted; the execution was not: {again}"));
            return Ok(Exit::Interrupted);
        }
    };
    let execution = client.execution(id).await?.execution;
    let took = execution.duration_ms.map(|millis| format!(" in {}", human_millis(millis))).unwrap_or_default();
    let word = printer.error_paint.paint(execution_tone(status), status.as_str());
    if !session.globals.quiet {
        printer.complain(&format!("execution/{id} {word}{took}"));
    }
    Ok(exit_for(status))
}

fn exit_for(status: ExecutionStatus) -> Exit {
    match status {
        ExecutionStatus::Succeeded => Exit::Ok,
        ExecutionStatus::Cancelled => Exit::ExecutionCancelled,
        ExecutionStatus::Failed | ExecutionStatus::DeadLetter => Exit::ExecutionFailed,
        _ => Exit::Pending,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_an_execution_is_the_exit_code() {
        let codes = ExecutionStatus::ALL.map(|status| exit_for(status).code());
        assert_eq!(codes, [8, 8, 8, 8, 0, 9, 10, 9]);
    }
}
