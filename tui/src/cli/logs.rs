//! `logs`: what happened to an execution, line by line.

use clap::Args;
use tidemill_common::api::event::EventView;
use tidemill_common::event::Event;
use tidemill_common::limits::PAGE_ITEMS;

use super::follow::{Followed, Follower};
use super::output::{self, Format};
use super::session::Session;
use super::watch::{refuse_json_array, show_event};
use super::{Error, Exit, reference};

/// Print an execution's events
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tidemill logs @failed\n  tidemill logs -f @latest --step charge -o jsonl")]
pub struct Logs {
    /// An id, a part of one, @latest or @failed
    #[arg(value_name = "EXECUTION")]
    id: String,
    /// Go on with new events until the execution ends
    #[arg(short, long)]
    follow: bool,
    /// Only events of this step
    #[arg(long, value_name = "ID")]
    step: Option<String>,
    /// Begin behind the event with this number
    #[arg(long, default_value_t = 0, value_name = "SEQ")]
    after: i32,
}

impl Logs {
    /// Prints what is there, and with `--follow` what comes.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        let client = session.client()?;
        let id = reference::execution(&client, &self.id).await?;
        let wanted = |step: Option<&str>| self.step.is_none() || self.step.as_deref() == step;
        if self.follow {
            refuse_json_array(session)?;
            session.printer.note("waiting for events; Ctrl-C ends");
            let show = |event: &Event| if wanted(event.body.step()) { show_event(session, event) } else { Ok(()) };
            let followed = Follower::new(&client, &session.printer, id, self.after).run(None, show).await?;
            return Ok(if followed == Followed::Interrupted { Exit::Interrupted } else { Exit::Ok });
        }
        let (mut after, mut whole) = (Some(self.after), Vec::new());
        while let Some(seq) = after {
            let page = client.execution_events(id, seq, Some(PAGE_ITEMS)).await?;
            after = page.next_after;
            for view in page.items {
                let event = typed(&view)?;
                if !wanted(event.body.step()) {
                    continue;
                }
                match session.printer.format {
                    Format::Json => whole.push(view),
                    _ => show_event(session, &event)?,
                }
            }
        }
        if session.printer.format == Format::Json {
            output::write(&session.printer.document(&whole).unwrap_or_default())?;
        }
        Ok(Exit::Ok)
    }
}

/// The event in `view` with its type.
fn typed(view: &EventView) -> Result<Event, Error> {
    let read = serde_json::to_value(view).and_then(serde_json::from_value);
    read.map_err(|error| Error::NotFound(format!("event {} is of a kind that this version doesn't know ({error})", view.seq)))
}
