//! `get`: lists of things, and one thing by its id.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use tidemill_common::api::execution::ExecutionView;
use tidemill_common::api::workflow::WorkflowView;
use tidemill_common::limits::PAGE_ITEMS;
use tidemill_common::status::ExecutionStatus;

use super::describe::described;
use super::session::Session;
use super::{Error, Exit, named, reference};
use crate::client::{Client, ExecutionQuery};

/// List things, or one of them
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    arg_required_else_help = true,
    after_help = "Examples:\n  tidemill get workflows\n  tidemill get executions --status failed -o json\n  tidemill get execution @latest -o yaml\n  \
                  tidemill get -f workflows/"
)]
pub struct Get {
    /// List the workflows that these files hold; `-` is stdin
    #[arg(short, long = "file", value_name = "FILE|DIR|-")]
    file: Vec<PathBuf>,
    #[command(subcommand)]
    what: Option<What>,
}

/// Lists things, or shows one of them in one line or as JSON
#[derive(Debug, Subcommand)]
pub enum What {
    /// List workflows, or one
    #[command(visible_aliases = ["workflow", "wf", "flow"])]
    Workflows(Workflows),
    /// List executions, newest first, or one
    #[command(visible_aliases = ["execution", "exec", "ex"])]
    Executions(Executions),
    /// List the approvals that are waited for
    #[command(visible_alias = "approval", after_help = "Example:\n  tidemill get approvals -o wide")]
    Approvals,
    /// List triggers, or one
    #[command(visible_alias = "trigger")]
    Triggers(super::trigger::Triggers),
    /// Show counts and durations of what ended
    Metrics(super::metrics::Metrics),
    /// List the workspace's API tokens
    #[command(visible_alias = "token", after_help = "Example:\n  tidemill get tokens -o wide")]
    Tokens,
    /// List the names of the workspace's secrets
    #[command(visible_alias = "secret", after_help = "Example:\n  tidemill get secrets")]
    Secrets,
    /// List the nodes: the server processes on one database
    #[command(visible_alias = "node", after_help = "Example:\n  tidemill get nodes -o wide")]
    Nodes,
    /// List your workspaces
    #[command(visible_alias = "workspace", after_help = "Example:\n  tidemill get workspaces -o name")]
    Workspaces,
}

/// List workflows, or one
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tidemill get workflows\n  tidemill get workflow order-intake -o json")]
pub struct Workflows {
    /// Only this one
    #[arg(value_name = "WORKFLOW")]
    id: Option<String>,
    /// At most this many; 0 means all
    #[arg(long, default_value_t = 100)]
    limit: usize,
}

/// List executions, newest first, or one
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  tidemill get executions --workflow order-intake --status failed,waiting\n  tidemill get execution @latest -o json"
)]
pub struct Executions {
    /// Only this one: an id, a part of one, @latest or @failed
    #[arg(value_name = "EXECUTION")]
    id: Option<String>,
    /// Only those of this workflow
    #[arg(long, value_name = "WORKFLOW")]
    workflow: Option<String>,
    /// Only those in these states
    #[arg(long, value_delimiter = ',', value_parser = parse_status)]
    status: Vec<ExecutionStatus>,
    /// Only those that were called by this execution
    #[arg(long, value_name = "EXECUTION")]
    parent: Option<String>,
    /// At most this many; 0 means all
    #[arg(long, default_value_t = 50)]
    limit: usize,
}

pub(super) fn parse_status(word: &str) -> Result<ExecutionStatus, String> {
    let known = || ExecutionStatus::ALL.map(ExecutionStatus::as_str).join(", ");
    ExecutionStatus::from_word(word).ok_or_else(|| format!("the states are {}", known()))
}

impl Get {
    /// Prints the list.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        match self.what {
            Some(what) => what.run(session).await,
            None => of_files(session, &self.file).await,
        }
    }
}

/// Prints what the server has of the workflows in files.
async fn of_files(session: &Session, files: &[PathBuf]) -> Result<Exit, Error> {
    let (client, ids) = (session.client()?, named::ids(files)?);
    let (found, exit) = named::each(session, &ids, async |id| Ok(client.workflow(id).await?.workflow)).await;
    session.printer.list(&found)?;
    Ok(exit)
}

impl What {
    /// Prints the list.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        match self {
            Self::Workflows(workflows) => return workflows.run(session).await,
            Self::Executions(executions) => return executions.run(session).await,
            Self::Triggers(triggers) => return triggers.run(session).await,
            Self::Metrics(metrics) => return metrics.run(session).await,
            Self::Approvals => session.printer.list(&session.client()?.approvals().await?.items)?,
            Self::Tokens => session.printer.list(&session.client()?.tokens().await?.items)?,
            Self::Secrets => session.printer.list(&session.client()?.secrets().await?.items)?,
            Self::Nodes => session.printer.list(&session.client()?.nodes().await?.items)?,
            Self::Workspaces => session.printer.list(&session.client()?.workspaces().await?.items)?,
        }
        Ok(Exit::Ok)
    }
}

impl Workflows {
    /// Prints the list, or the one.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        let client = session.client()?;
        if let Some(id) = &self.id {
            let whole = client.workflow(id.trim_start_matches("workflow/")).await?;
            session.printer.item(&whole.workflow, &whole)?;
        } else {
            session.printer.list(&all_workflows(&client, self.limit).await?)?;
        }
        Ok(Exit::Ok)
    }
}

impl Executions {
    /// Prints the list, or the one.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        let client = session.client()?;
        if let Some(id) = &self.id {
            let whole = described(session, &client, id).await?;
            session.printer.item(&whole.execution, &whole)?;
        } else {
            let parent = match &self.parent {
                Some(parent) => Some(reference::execution(&client, parent).await?),
                None => None,
            };
            let query = ExecutionQuery { workflow: self.workflow, status: self.status, parent, ..ExecutionQuery::default() };
            session.printer.list(&all_executions(&client, query, self.limit).await?)?;
        }
        Ok(Exit::Ok)
    }
}

/// The size of the next page when `have` of `limit` are there; `None` when that is enough.
fn page_size(limit: usize, have: usize) -> Option<usize> {
    let wanted = if limit == 0 { PAGE_ITEMS } else { limit.saturating_sub(have).min(PAGE_ITEMS) };
    (wanted > 0).then_some(wanted)
}

async fn all_workflows(client: &Client, limit: usize) -> Result<Vec<WorkflowView>, Error> {
    let (mut items, mut cursor) = (Vec::new(), None);
    while let Some(size) = page_size(limit, items.len()) {
        let page = client.workflows(Some(size), cursor.as_deref()).await?;
        items.extend(page.items);
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    Ok(items)
}

async fn all_executions(client: &Client, mut query: ExecutionQuery, limit: usize) -> Result<Vec<ExecutionView>, Error> {
    let mut items = Vec::new();
    while let Some(size) = page_size(limit, items.len()) {
        query.limit = Some(size);
        let page = client.executions(&query).await?;
        items.extend(page.items);
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            break;
        }
    }
    Ok(items)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_add_up_to_the_limit() {
        assert_eq!(page_size(50, 0), Some(50));
        assert_eq!(page_size(250, 200), Some(50));
        assert_eq!(page_size(250, 250), None);
        assert_eq!(page_size(0, 10_000), Some(PAGE_ITEMS));
        assert_eq!(page_size(10_000, 0), Some(PAGE_ITEMS));
    }

    #[test]
    fn states_are_checked() {
        assert_eq!(parse_status("dead_letter"), Ok(ExecutionStatus::DeadLetter));
        assert!(parse_status("ok").unwrap_err().contains("succeeded"));
    }
}
