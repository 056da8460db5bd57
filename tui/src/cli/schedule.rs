//! `schedule explain`: what a schedule will do, before it does it.

use std::fmt::Write as _;

use clap::{Args, Subcommand};
use tidemill_common::api::schedule::{ClockChange, ClockChangeKind, ScheduleExplain, ScheduleExplanation};

use super::output::{self, Printer, Tone, plain_text};
use super::session::Session;
use super::{Error, Exit, trigger};

/// Commands about schedules
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  tidemill schedule explain '30 2 * * *' --timezone Europe/Berlin")]
pub enum Schedule {
    /// Show the next firings, and what happens whenever the clocks change
    Explain(Explain),
}

/// Show the next firings, and what happens whenever the clocks change
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  tidemill schedule explain order-intake/nightly\n  tidemill schedule explain '30 2 * * *' --timezone \
                  Europe/Berlin\n  tidemill schedule explain --every 90m --count 5\n  tidemill schedule explain --at 2026-12-24T18:00 \
                  --timezone Europe/Berlin"
)]
pub struct Explain {
    /// A cron expression, or the WORKFLOW/TRIGGER of a schedule
    #[arg(value_name = "CRON|TRIGGER", required_unless_present_any = ["every", "at"], conflicts_with_all = ["every", "at"])]
    what: Option<String>,
    /// An interval, such as 90m
    #[arg(long, value_name = "DURATION", conflicts_with = "at")]
    every: Option<String>,
    /// One instant, such as 2026-12-24T18:00
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// The IANA name of the time zone [default: UTC]
    #[arg(long, value_name = "ZONE")]
    timezone: Option<String>,
    /// How many firings are listed
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
    count: u32,
}

impl Schedule {
    /// Does what was asked.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        let Self::Explain(explain) = self;
        explain.run(session).await
    }
}

impl Explain {
    async fn run(self, session: &Session) -> Result<Exit, Error> {
        let client = session.client()?;
        let count = Some(self.count);
        let wanted = if let Some(id) = self.what.as_deref().filter(|what| is_trigger(what)) {
            let (workflow, trigger) = trigger::parts(id)?;
            let found = client.trigger(workflow, trigger).await?.trigger;
            if found.timezone.is_none() {
                return Err(Error::Usage(format!("{id} is a {} trigger: only schedules are explained", found.kind)));
            }
            let (starts_at, ends_at, timezone) = (found.starts_at, found.ends_at, found.timezone);
            let (cron, every, at) = (found.cron, found.every, found.at);
            ScheduleExplain { cron, every, at, timezone, starts_at, ends_at, count, from: None }
        } else {
            let (cron, every, at, timezone) = (self.what, self.every, self.at, self.timezone);
            ScheduleExplain { cron, every, at, timezone, count, ..ScheduleExplain::default() }
        };
        let explained = client.schedule_explain(&wanted).await?;
        let printer = &session.printer;
        output::write(&printer.document(&explained).unwrap_or_else(|| text(&explained, printer)))?;
        Ok(Exit::Ok)
    }
}

/// A cron expression has spaces or begins with `@`; an id has neither.
fn is_trigger(what: &str) -> bool {
    what.contains('/') && !what.trim().contains(' ') && !what.starts_with('@')
}

fn text(explained: &ScheduleExplanation, printer: &Printer) -> String {
    let mut text = printer.paint.paint(Tone::Strong, "Next firings") + "\n";
    if explained.next.is_empty() {
        text.push_str("  none: it never fires again\n");
    }
    for firing in &explained.next {
        let _ = writeln!(text, "  {}  {}", firing.at.format("%Y-%m-%dT%H:%M:%SZ"), plain_text(&firing.local));
    }
    let _ = writeln!(text, "\n{}", printer.paint.paint(Tone::Strong, "Changes of the clocks in the next five years"));
    if explained.changes.is_empty() {
        text.push_str("  none that concern it\n");
    }
    for change in &explained.changes {
        text.push_str(&change_text(change));
    }
    text
}

fn change_text(change: &ClockChange) -> String {
    let word = match change.kind {
        ClockChangeKind::Gap => "don't exist",
        ClockChangeKind::Overlap => "come twice",
    };
    let mut text =
        format!("  {} to {} {word}: {}\n", plain_text(&change.from), plain_text(&change.to), plain_text(&change.effect));
    if !change.named.is_empty() {
        let fires: Vec<_> = change.fires.iter().map(|firing| firing.local.as_str()).collect();
        let fires = if fires.is_empty() { "nothing".to_owned() } else { fires.join(", ") };
        let _ = writeln!(text, "      named {}; fires {}", plain_text(&change.named.join(", ")), plain_text(&fires));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_no_cron_expression() {
        assert!(is_trigger("order-intake/nightly"));
        for cron in ["*/5 * * * *", "@daily", "0 9 * * MON-FRI"] {
            assert!(!is_trigger(cron), "{cron}");
        }
    }
}
