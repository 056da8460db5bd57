//! `apply`: makes workflows what their files say.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use tidemill_common::api::workflow::{ApplyOutcome, Diagnostic, WorkflowApplied};

use super::output;
use super::session::Session;
use super::source::{self, SourceFile};
use super::{Error, Exit, diagnostics};
use crate::client::{self, Client};

/// Create workflows, or new versions of them, from files
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  tidemill apply -f order-intake.yaml --activate\n  tidemill apply -f workflows/ --dry-run\n  generate | \
                        tidemill apply -f - --if-version 14"
)]
pub struct Apply {
    /// File or directory to read; `-` is stdin
    #[arg(short, long = "file", required = true, value_name = "FILE|DIR|-")]
    file: Vec<PathBuf>,
    /// Switch the triggers of the applied version on
    #[arg(long)]
    activate: bool,
    /// Apply only if this is the newest version on the server
    #[arg(long, value_name = "N")]
    if_version: Option<i32>,
    /// Check the files and say what would happen; change nothing
    #[arg(long)]
    dry_run: bool,
    /// Exit with 3 when nothing changed
    #[arg(long)]
    error_unchanged: bool,
}

/// What `--dry-run` says of a file.
#[derive(Serialize)]
struct Planned {
    id: String,
    outcome: ApplyOutcome,
    dry_run: bool,
}

impl Apply {
    /// Applies each file; one that fails doesn't keep the others from being applied.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        let files = source::read_all(&self.file)?;
        if self.if_version.is_some() && files.len() > 1 {
            return Err(Error::Usage("--if-version is about one workflow, but there are several files".to_owned()));
        }
        let client = session.client()?;
        let (mut failures, mut changed) = (Vec::new(), false);
        for file in &files {
            match self.one(session, &client, file).await {
                Ok(outcome) => changed |= outcome != ApplyOutcome::Unchanged,
                Err(error) => {
                    report(session, file, &error);
                    failures.push(error.exit());
                }
            }
        }
        Ok(match failures.first() {
            Some(exit) if failures.len() == files.len() => *exit,
            Some(_) => Exit::Partial,
            None if self.error_unchanged && !changed => Exit::Unchanged,
            None => Exit::Ok,
        })
    }

    async fn one(&self, session: &Session, client: &Client, file: &SourceFile) -> Result<ApplyOutcome, Error> {
        let id = file.workflow_id()?;
        if self.dry_run {
            return plan(session, client, file, id).await;
        }
        let mut applied = client.workflow_apply(&id, &file.text, file.format, self.if_version).await?;
        warn(session, file, &applied.warnings);
        let newest = applied.workflow.version;
        if self.activate && applied.workflow.active_version != Some(newest) {
            applied.workflow = client.workflow_activate(&id, Some(newest)).await?;
        }
        session.printer.change("workflow", &id, &verbed(&applied), &applied)?;
        Ok(applied.outcome)
    }
}

fn verbed(applied: &WorkflowApplied) -> String {
    let active = match applied.workflow.active_version {
        Some(version) if version == applied.workflow.version => ", active".to_owned(),
        Some(version) => format!("; version {version} stays active"),
        None => ", not active".to_owned(),
    };
    format!("{} (version {}{active})", outcome_word(applied.outcome), applied.workflow.version)
}

fn outcome_word(outcome: ApplyOutcome) -> &'static str {
    match outcome {
        ApplyOutcome::Created => "created",
        ApplyOutcome::Updated => "updated",
        ApplyOutcome::Unchanged => "unchanged",
    }
}

async fn plan(session: &Session, client: &Client, file: &SourceFile, id: String) -> Result<ApplyOutcome, Error> {
    let found = client.workflow_validate(&file.text, file.format).await?;
    if !found.valid {
        let mut problem = tidemill_common::problem::Problem::new(
            tidemill_common::problem::Code::WorkflowInvalid,
            format!("{} has {} errors", file.path.display(), found.errors.len()),
        );
        problem.errors = found.errors;
        return Err(client::Error::Problem(Box::new(problem)).into());
    }
    warn(session, file, &found.warnings);
    let outcome = match client.workflow(&id).await {
        Ok(present) if present.source == file.text => ApplyOutcome::Unchanged,
        Ok(_) => ApplyOutcome::Updated,
        Err(error) if error.status() == Some(404) => ApplyOutcome::Created,
        Err(error) => return Err(error.into()),
    };
    let planned = Planned { id: id.clone(), outcome, dry_run: true };
    session.printer.change("workflow", &id, &format!("{} (dry run: nothing was changed)", outcome_word(outcome)), &planned)?;
    Ok(outcome)
}

/// Says what should be known of `file`; with JSON it is in the document.
fn warn(session: &Session, file: &SourceFile, warnings: &[Diagnostic]) {
    let printer = &session.printer;
    if !warnings.is_empty() && !printer.format.is_json() {
        output::complain(&diagnostics::render_warnings(&file.path, &file.text, warnings, printer.error_paint));
    }
}

/// Says why `file` was not applied, with its lines where the server named some.
fn report(session: &Session, file: &SourceFile, error: &Error) {
    let printer = &session.printer;
    let diagnosed = match error {
        Error::Client(client::Error::Problem(problem)) if !printer.format.is_json() => problem.errors.as_slice(),
        _ => &[],
    };
    if !diagnosed.is_empty() {
        output::complain(&diagnostics::render(&file.path, &file.text, diagnosed, printer.error_paint));
    }
    printer.error(error);
}
