//! `describe`: everything about one thing, for people.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use tidemill_common::api::execution::ExecutionDetail;
use tidemill_common::api::trigger::TriggerView;
use tidemill_common::api::workflow::WorkflowDetail;
use tidemill_common::awaited::Awaited;
use tidemill_common::clock::{Clock as _, SystemClock};

use super::event_line::value_line;
use super::output::{self, Printer, Tone, execution_tone, plain_text, render, rfc3339};
use super::session::Session;
use super::time::human_millis;
use super::{Error, Exit, named, reference};
use crate::client::Client;

/// Show everything about one thing
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    arg_required_else_help = true,
    after_help = "Examples:\n  tidemill describe workflow order-intake\n  tidemill describe execution @latest\n  \
                  tidemill describe -f order-intake.yaml"
)]
pub struct Describe {
    /// Show the workflows that these files hold; `-` is stdin
    #[arg(short, long = "file", value_name = "FILE|DIR|-")]
    file: Vec<PathBuf>,
    #[command(subcommand)]
    what: Option<What>,
}

/// Shows everything about one thing
#[derive(Debug, Subcommand)]
pub enum What {
    /// Show a workflow: versions, triggers, steps
    #[command(visible_aliases = ["workflows", "wf", "flow"])]
    Workflow(Workflow),
    /// Show an execution: input, steps, output, error
    #[command(visible_aliases = ["executions", "exec", "ex"])]
    Execution(Execution),
    /// Show a trigger: where it listens or when it fires, and what it did last
    #[command(visible_alias = "triggers")]
    Trigger(super::trigger::Describe),
}

/// Show a workflow: versions, triggers, steps
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  tidemill describe workflow order-intake\n  tidemill workflow show order-intake --source > order-intake.yaml"
)]
pub struct Workflow {
    /// The workflow's id
    #[arg(value_name = "WORKFLOW")]
    id: String,
    /// Print the newest version's file, and nothing else
    #[arg(long)]
    source: bool,
}

/// Show an execution: input, steps, output, error
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tidemill describe execution @failed\n  tidemill exec show 3f2a9c01 -o json")]
pub struct Execution {
    /// An id, a part of one, @latest or @failed
    #[arg(value_name = "EXECUTION")]
    id: String,
}

impl Describe {
    /// Prints the description.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        match self.what {
            Some(What::Workflow(workflow)) => workflow.run(session).await,
            Some(What::Execution(execution)) => execution.run(session).await,
            Some(What::Trigger(trigger)) => trigger.run(session).await,
            None => of_files(session, &self.file).await,
        }
    }
}

/// Prints what the server has of the workflows in files, one behind the other.
async fn of_files(session: &Session, files: &[PathBuf]) -> Result<Exit, Error> {
    let ids = named::ids(files)?;
    let show = async |id: &str| Workflow { id: id.to_owned(), source: false }.run(session).await;
    Ok(named::each(session, &ids, show).await.1)
}

impl Workflow {
    /// Prints the workflow.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        let whole = session.client()?.workflow(self.id.trim_start_matches("workflow/")).await?;
        let printer = &session.printer;
        let text = match printer.document(&whole) {
            _ if self.source => whole.source,
            Some(text) => text,
            None => workflow_text(&whole, printer),
        };
        output::write(&text)?;
        Ok(Exit::Ok)
    }
}

impl Execution {
    /// Prints the execution.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        let client = session.client()?;
        let whole = described(session, &client, &self.id).await?;
        let printer = &session.printer;
        output::write(&printer.document(&whole).unwrap_or_else(|| execution_text(&whole, printer)))?;
        Ok(Exit::Ok)
    }
}

/// The execution called `id`; for programs with what is kept apart from its events, for people with references to it.
pub(super) async fn described(session: &Session, client: &Client, id: &str) -> Result<ExecutionDetail, Error> {
    let id = reference::execution(client, id).await?;
    Ok(if session.printer.prints_documents() { client.execution_whole(id).await? } else { client.execution(id).await? })
}

/// Lines of a name and a value.
struct Facts(String);

impl Facts {
    fn add(&mut self, name: &str, value: &str) {
        let _ = writeln!(self.0, "{:<12}{}", format!("{name}:"), plain_text(value));
    }

    fn add_some(&mut self, name: &str, value: Option<impl AsRef<str>>) {
        if let Some(value) = value {
            self.add(name, value.as_ref());
        }
    }
}

fn workflow_text(whole: &WorkflowDetail, printer: &Printer) -> String {
    let workflow = &whole.workflow;
    let mut facts = Facts(String::new());
    facts.add("Workflow", &workflow.id);
    facts.add("Name", &workflow.name);
    facts.add("Version", &workflow.version.to_string());
    facts.add("Active", &workflow.active_version.map_or_else(|| "no".to_owned(), |version| format!("version {version}")));
    facts.add("Created", &rfc3339(workflow.created_at));
    facts.add("Updated", &rfc3339(workflow.updated_at));
    for trigger in &workflow.triggers {
        facts.add("Trigger", &trigger_text(trigger));
    }
    let mut text = facts.0;
    let _ = writeln!(text, "\n{}", printer.paint.paint(Tone::Strong, "Steps"));
    for step in &whole.steps {
        let after = if step.depends_on.is_empty() { String::new() } else { format!("  after {}", step.depends_on.join(", ")) };
        let _ = writeln!(text, "  {:<20}{}{}", plain_text(&step.id), plain_text(&step.uses), plain_text(&after));
    }
    text
}

fn trigger_text(trigger: &TriggerView) -> String {
    let mut text = format!("{} ({})", trigger.id, trigger.kind);
    let parts = [
        ("at", &trigger.path),
        ("cron", &trigger.cron),
        ("every", &trigger.every),
        ("at", &trigger.at),
        ("in", &trigger.timezone),
    ];
    for (word, value) in parts {
        if let Some(value) = value {
            let _ = write!(text, " {word} {value}");
        }
    }
    if let Some(at) = trigger.next_at {
        let _ = write!(text, ", next {}", rfc3339(at));
    }
    text
}

fn execution_text(whole: &ExecutionDetail, printer: &Printer) -> String {
    let execution = &whole.execution;
    let mut facts = Facts(String::new());
    facts.add("Execution", &execution.id.to_string());
    facts.add("Workflow", &format!("{} version {}", execution.workflow_id, execution.version));
    // Painted text must not go through `plain_text`, which would take the colour's escape for an attack.
    let _ = writeln!(
        facts.0,
        "{:<12}{}",
        "Status:",
        printer.paint.paint(execution_tone(execution.status), execution.status.as_str())
    );
    let trigger = execution.trigger_id.as_ref().map(|id| format!(" ({id})")).unwrap_or_default();
    facts.add("Trigger", &format!("{}{trigger}", execution.trigger_type));
    facts.add_some("Called by", execution.parent_id.map(|id| format!("execution {id}")));
    facts.add_some("Retry of", execution.retry_of.map(|id| format!("execution {id}")));
    facts.add("Started", &rfc3339(execution.created_at));
    facts.add_some("Finished", execution.finished_at.map(rfc3339));
    facts.add_some("Duration", execution.duration_ms.map(human_millis));
    facts.add_some("Wakes", whole.wake_at.map(rfc3339));
    facts.add("Events", &execution.last_seq.to_string());
    facts.add("Input", &value_line(&whole.input));
    facts.add_some("Output", whole.output.as_ref().map(value_line));
    facts.add_some("Error", whole.failure.as_ref().map(|error| format!("{} ({})", error.message, error.class.as_str())));
    let mut text = facts.0;
    let _ = write!(text, "\n{}", render(&whole.steps, printer.layout(SystemClock.now())));
    for step in &whole.steps {
        let error = step.error.as_ref().map(|error| error.message.clone());
        for (name, value) in [
            ("waits for", step.awaits.as_ref().map(Awaited::words)),
            ("called", step.child_id.map(|id| format!("execution {id}"))),
            ("input", step.input.as_ref().map(value_line)),
            ("output", step.output.as_ref().map(value_line)),
            ("error", error),
        ] {
            if let Some(value) = value {
                let _ = writeln!(
                    text,
                    "\n{}\n  {}",
                    printer.paint.paint(Tone::Strong, &format!("{} {name}", step.id)),
                    plain_text(&value)
                );
            }
        }
    }
    text
}
