//! `why`: why an execution isn't moving.

use std::fmt::Write as _;

use clap::Args;
use tidemill_common::api::why::{WhyKind, WhyLink, WhyView};

use super::output::{self, Printer, Tone, execution_tone, plain_text, rfc3339};
use super::session::Session;
use super::{Error, Exit, reference};

/// Say why an execution isn't moving: the whole chain
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tidemill why @latest\n  tidemill why 3f2a9c01 -o json")]
pub struct Why {
    /// An id, a part of one, @latest or @failed
    #[arg(value_name = "EXECUTION")]
    id: String,
}

impl Why {
    /// Prints the chain, the nearest cause first.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        let client = session.client()?;
        let id = reference::execution(&client, &self.id).await?;
        let why = client.execution_why(id).await?;
        let printer = &session.printer;
        output::write(&printer.document(&why).unwrap_or_else(|| text(&why, printer)))?;
        Ok(Exit::Ok)
    }
}

fn text(why: &WhyView, printer: &Printer) -> String {
    let status = printer.paint.paint(execution_tone(why.status), why.status.as_str());
    let moving = if why.moving { ", work is under way" } else { "" };
    let mut text = format!("execution/{} is {status}{moving}\n", why.execution_id);
    for link in &why.links {
        let _ = writeln!(text, "  {}{}", plain_text(&link.text), printer.paint.paint(Tone::Dim, &times(link)));
    }
    text
}

fn times(link: &WhyLink) -> String {
    let since = match link.kind {
        WhyKind::Leased | WhyKind::NodeLost => link.since.map(|at| format!("last heartbeat {}", rfc3339(at))),
        _ => link.since.map(|at| format!("since {}", rfc3339(at))),
    };
    let until = link.until.map(|at| format!("until {}", rfc3339(at)));
    let times: Vec<_> = since.into_iter().chain(until).collect();
    if times.is_empty() { String::new() } else { format!(" ({})", times.join(", ")) }
}
