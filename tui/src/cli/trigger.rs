//! Triggers: `get triggers`, `describe trigger`, `trigger test`.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use tidemill_common::api::trigger::{TriggerCheck, TriggerDetail, TriggerView};

use super::event_line::value_line;
use super::output::{self, Cell, Column, Printer, Row, Tone, plain_text, rfc3339};
use super::session::Session;
use super::{Error, Exit};
use crate::client::Client;

/// List triggers, or one
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tidemill get triggers\n  tidemill get trigger order-intake/nightly -o json")]
pub struct Triggers {
    /// Only this one: WORKFLOW/TRIGGER; or only those of this WORKFLOW
    #[arg(value_name = "TRIGGER")]
    id: Option<String>,
}

/// Show a trigger: where it listens or when it fires, and what it did last
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill describe trigger order-intake/nightly")]
pub struct Describe {
    /// WORKFLOW/TRIGGER
    #[arg(value_name = "TRIGGER")]
    id: String,
}

/// Commands about triggers
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  tidemill trigger test order-intake/hook")]
pub enum Trigger {
    /// List triggers
    #[command(visible_alias = "ls")]
    List(Triggers),
    /// Show a trigger
    Show(Describe),
    /// Make an address at which a draft's trigger takes deliveries for an hour
    Test(Test),
}

/// Make an address at which a draft's trigger takes deliveries for an hour
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  tidemill trigger test order-intake/hook\n  curl -d '{\"qty\": 1}' -H 'Content-Type: application/json' \
                  \"$(tidemill trigger test order-intake/hook)\""
)]
pub struct Test {
    /// WORKFLOW/TRIGGER
    #[arg(value_name = "TRIGGER")]
    id: String,
    /// The version whose trigger is tried [default: the newest]
    #[arg(long, value_name = "VERSION")]
    version: Option<i32>,
}

impl Trigger {
    /// Does what was asked.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        match self {
            Self::List(list) => list.run(session).await,
            Self::Show(show) => show.run(session).await,
            Self::Test(test) => test.run(session).await,
        }
    }
}

impl Triggers {
    /// Prints the list, or the one.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        let client = session.client()?;
        match self.id.as_deref().map(|id| id.trim_start_matches("trigger/")) {
            Some(id) if id.contains('/') => {
                let (workflow, trigger) = parts(id)?;
                let detail = client.trigger(workflow, trigger).await?;
                session.printer.item(&detail, &detail)?;
            }
            wanted => {
                let mut items = all(&client).await?;
                items.retain(|item| wanted.is_none_or(|wanted| item.workflow_id == wanted));
                session.printer.list(&items)?;
            }
        }
        Ok(Exit::Ok)
    }
}

async fn all(client: &Client) -> Result<Vec<TriggerDetail>, Error> {
    let (mut items, mut cursor) = (Vec::new(), None);
    loop {
        let page = client.triggers(None, cursor.as_deref()).await?;
        items.extend(page.items);
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(items);
        }
    }
}

impl Describe {
    /// Prints the trigger.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        let (workflow, trigger) = parts(&self.id)?;
        let detail = session.client()?.trigger(workflow, trigger).await?;
        let printer = &session.printer;
        output::write(&printer.document(&detail).unwrap_or_else(|| text(&detail, printer)))?;
        Ok(Exit::Ok)
    }
}

impl Test {
    /// Prints the address.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        let (workflow, trigger) = parts(&self.id)?;
        let client = session.client()?;
        let made = client.trigger_test(workflow, trigger, self.version).await?;
        let printer = &session.printer;
        let address = format!("{}{}", client.server().trim_end_matches('/'), made.path);
        output::write(&printer.document(&made).unwrap_or_else(|| format!("{address}\n")))?;
        Ok(Exit::Ok)
    }
}

/// Workflow and trigger of `order-intake/nightly`.
pub fn parts(id: &str) -> Result<(&str, &str), Error> {
    let id = id.strip_prefix("trigger/").unwrap_or(id);
    id.split_once('/').filter(|(workflow, trigger)| !workflow.is_empty() && !trigger.is_empty()).ok_or_else(|| {
        Error::Usage(format!("`{id}` names no trigger: write WORKFLOW/TRIGGER; `tidemill get triggers` lists them"))
    })
}

fn text(detail: &TriggerDetail, printer: &Printer) -> String {
    let trigger = &detail.trigger;
    let mut text = String::new();
    let mut add = |name: &str, value: &str| {
        let _ = writeln!(text, "{:<12}{}", format!("{name}:"), plain_text(value));
    };
    add("Trigger", &format!("{}/{}", detail.workflow_id, trigger.id));
    add("Type", &trigger.kind);
    add("Version", &detail.version.to_string());
    add("Active", if detail.active { "yes" } else { "no: `tidemill activate` makes it listen" });
    let facts = [
        ("Address", &trigger.path),
        ("Cron", &trigger.cron),
        ("Every", &trigger.every),
        ("At", &trigger.at),
        ("Time zone", &trigger.timezone),
        ("Starts", &trigger.starts_at),
        ("Ends", &trigger.ends_at),
        ("Jitter", &trigger.jitter),
    ];
    for (name, value) in facts {
        if let Some(value) = value {
            add(name, value);
        }
    }
    for (name, at) in [("Last", trigger.last_at), ("Next", trigger.next_at)] {
        if let Some(at) = at {
            add(name, &rfc3339(at));
        }
    }
    if let Some(check) = &detail.check {
        text.push_str(&check_text(check));
    }
    if trigger.timezone.is_some() {
        let hint = format!(
            "tidemill schedule explain {}/{} shows what it does when the clocks change",
            detail.workflow_id, trigger.id
        );
        let _ = writeln!(text, "\n{}", printer.paint.paint(Tone::Dim, &hint));
    }
    text
}

fn check_text(check: &TriggerCheck) -> String {
    let mut text = String::new();
    let mut add = |name: &str, value: &str| {
        let _ = writeln!(text, "{:<12}{}", format!("{name}:"), plain_text(value));
    };
    add("Holds", if check.holds { "yes" } else { "no" });
    add("Fired", &check.fired.to_string());
    for (name, at) in [("Fired at", check.fired_at), ("Checked", check.checked_at), ("Went well", check.succeeded_at)] {
        if let Some(at) = at {
            add(name, &rfc3339(at));
        }
    }
    if let Some(error) = &check.error {
        add("Error", error);
    }
    if let Some(result) = &check.result {
        add("Result", &value_line(result));
    }
    text
}

/// What a trigger listens to, in a few words.
fn what(trigger: &TriggerView) -> String {
    let every = trigger.every.as_ref().map(|every| format!("every {every}"));
    let at = trigger.at.as_ref().map(|at| format!("at {at}"));
    trigger.path.clone().or_else(|| trigger.cron.clone()).or(every).or(at).unwrap_or_default()
}

impl Row for TriggerDetail {
    const KIND: &'static str = "trigger";
    const COLUMNS: &'static [Column] = &[
        Column::new("ID"),
        Column::new("TYPE"),
        Column::new("ACTIVE"),
        Column::new("LISTENS"),
        Column::wide("TIMEZONE"),
        Column::new("LAST"),
        Column::new("NEXT"),
    ];

    fn id(&self) -> String {
        format!("{}/{}", self.workflow_id, self.trigger.id)
    }

    fn cells(&self, _now: DateTime<Utc>) -> Vec<Cell> {
        let trigger = &self.trigger;
        let active = if self.active { Cell::text("yes").tone(Tone::Good) } else { Cell::text("no").tone(Tone::Dim) };
        vec![
            Cell::text(self.id()),
            Cell::text(&trigger.kind),
            active,
            Cell::text(what(trigger)),
            Cell::optional(trigger.timezone.as_deref()),
            Cell::optional(trigger.last_at.map(rfc3339)),
            Cell::optional(trigger.next_at.map(rfc3339)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trigger_is_named_with_its_workflow() {
        assert_eq!(parts("order-intake/nightly").unwrap(), ("order-intake", "nightly"));
        assert_eq!(parts("trigger/a/b").unwrap(), ("a", "b"));
        for wrong in ["", "a", "a/", "/b"] {
            assert!(parts(wrong).unwrap_err().to_string().contains("WORKFLOW/TRIGGER"), "{wrong}");
        }
    }
}
