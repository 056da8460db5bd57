//! Completions of names that only a server knows: workflows, executions, triggers, secrets, credentials, workspaces; and of contexts. A shell waits for them, so a server
//! gets half a second, and silence completes nothing.

use std::future::Future;
use std::time::Duration;

use clap::{Arg, Command};
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use clap_complete::env::CompleteEnv;

use super::globals::Globals;
use super::session::Session;
use crate::client::{Client, Error, ExecutionQuery};

/// How long a shell waits for a server.
const BUDGET: Duration = Duration::from_millis(500);

/// Most names that are offered.
const MOST: usize = 200;

/// Answers a shell that asks for completions, and ends the process; returns at once when none does. To be called before
/// anything else happens.
pub fn complete(parser: fn() -> Command) {
    CompleteEnv::with_factory(move || with_candidates(parser())).complete();
}

/// The same command line, whose arguments know what can stand there.
fn with_candidates(command: Command) -> Command {
    command.mut_args(known).mut_subcommands(with_candidates)
}

fn known(arg: Arg) -> Arg {
    let name = arg.get_value_names().and_then(|names| names.first()).map_or("", |name| name.as_str());
    match (name, arg.get_id().as_str()) {
        ("WORKFLOW", _) => arg.add(ArgValueCandidates::new(workflows)),
        ("EXECUTION", _) => arg.add(ArgValueCandidates::new(executions)),
        ("TRIGGER", _) => arg.add(ArgValueCandidates::new(triggers)),
        ("SECRET", _) => arg.add(ArgValueCandidates::new(secrets)),
        ("CREDENTIAL", _) => arg.add(ArgValueCandidates::new(credentials)),
        ("WORKSPACE" | "SLUG", _) => arg.add(ArgValueCandidates::new(workspaces)),
        (_, "context") => arg.add(ArgValueCandidates::new(contexts)),
        _ => arg,
    }
}

fn contexts() -> Vec<CompletionCandidate> {
    let session = Session::new(Globals::default());
    session.map(|session| session.config.contexts.keys().map(CompletionCandidate::new).collect()).unwrap_or_default()
}

fn workflows() -> Vec<CompletionCandidate> {
    ask(|client| async move {
        let page = client.workflows(Some(MOST), None).await?;
        Ok(page.items.into_iter().map(|workflow| candidate(workflow.id, workflow.name)).collect())
    })
}

fn triggers() -> Vec<CompletionCandidate> {
    ask(|client| async move {
        let page = client.triggers(Some(MOST), None).await?;
        let about = |one: tidemill_common::api::trigger::TriggerDetail| {
            candidate(format!("{}/{}", one.workflow_id, one.trigger.id), one.trigger.kind)
        };
        Ok(page.items.into_iter().map(about).collect())
    })
}

fn secrets() -> Vec<CompletionCandidate> {
    ask(|client| async move {
        let list = client.secrets().await?;
        Ok(list.items.into_iter().map(|secret| CompletionCandidate::new(secret.name)).collect())
    })
}

fn credentials() -> Vec<CompletionCandidate> {
    ask(|client| async move {
        let list = client.credentials().await?;
        let about = |one: tidemill_common::api::credential::CredentialView| candidate(one.name, one.hosts.join(", "));
        Ok(list.items.into_iter().map(about).collect())
    })
}

fn workspaces() -> Vec<CompletionCandidate> {
    ask(|client| async move {
        let list = client.workspaces().await?;
        Ok(list.items.into_iter().map(|workspace| candidate(workspace.slug, workspace.name)).collect())
    })
}

fn executions() -> Vec<CompletionCandidate> {
    ask(|client| async move {
        let query = ExecutionQuery { limit: Some(MOST), ..ExecutionQuery::default() };
        let page = client.executions(&query).await?;
        let about = |row: tidemill_common::api::execution::ExecutionView| {
            candidate(row.id.to_string(), format!("{} of {}", row.status, row.workflow_id))
        };
        Ok(page.items.into_iter().map(about).collect())
    })
}

fn candidate(value: String, help: String) -> CompletionCandidate {
    CompletionCandidate::new(value).help(Some(help.into()))
}

/// Asks the server that is in use now; whatever goes wrong, nothing is offered.
fn ask<F>(question: impl FnOnce(Client) -> F) -> Vec<CompletionCandidate>
where
    F: Future<Output = Result<Vec<CompletionCandidate>, Error>>,
{
    let Ok(client) = Session::new(Globals::default()).and_then(|session| session.client()) else { return Vec::new() };
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return Vec::new() };
    let answer = async { tokio::time::timeout(BUDGET, question(client.with_tries(1))).await };
    runtime.block_on(answer).ok().and_then(Result::ok).unwrap_or_default()
}
