//! `bulk`: cancels or retries every execution that fits.

use std::time::Duration;

use chrono::TimeDelta;
use clap::{Args, Subcommand};
use tidemill_common::api::bulk::{BulkAction, BulkOrder, BulkState, BulkView};
use tidemill_common::clock::{Clock as _, SystemClock};
use tidemill_common::ids::ExecutionId;
use tidemill_common::status::ExecutionStatus;

use super::get::parse_status;
use super::retry::From;
use super::session::Session;
use super::start::read_input;
use super::time::parse_duration;
use super::{Error, Exit};
use crate::client::Client;

/// Cancels or retries every execution that fits
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  tidemill bulk retry --workflow order-intake --since 2h --rate 5")]
pub enum Bulk {
    /// Cancel every execution that fits and has not ended
    Cancel(Cancel),
    /// Try every execution again that fits and failed
    Retry(Retry),
    /// List the newest orders, with how far each has come
    #[command(visible_alias = "ls", after_help = "Example:\n  tidemill bulk list")]
    List,
    /// Stop an order; what it has done stays
    #[command(after_help = "Example:\n  tidemill bulk stop 01990000-0000-7000-8000-000000000001")]
    Stop(Stop),
}

/// Which executions are meant.
#[derive(Debug, Args)]
struct Fitting {
    /// Only those of this workflow
    #[arg(long, value_name = "ID")]
    workflow: Option<String>,
    /// Only those in these states
    #[arg(long, value_delimiter = ',', value_parser = parse_status)]
    status: Vec<ExecutionStatus>,
    /// Only those that were admitted this long ago or later
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    since: Option<Duration>,
    /// How many per second
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rate: u32,
    /// Only say how many there are
    #[arg(long)]
    dry_run: bool,
    /// Don't ask
    #[arg(long, short)]
    yes: bool,
}

/// Cancel every execution that fits and has not ended
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  tidemill bulk cancel --workflow order-intake --status waiting --reason 'wrong version' --yes"
)]
pub struct Cancel {
    #[command(flatten)]
    fitting: Fitting,
    /// Why; it is kept with each execution
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// Try every execution again that fits and failed
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill bulk retry --workflow order-intake --since 2h --patch '{\"currency\": \"EUR\"}'")]
pub struct Retry {
    #[command(flatten)]
    fitting: Fitting,
    /// Where each begins
    #[arg(long, value_enum, default_value = "failed")]
    from: From,
    /// Changes of each one's input: a JSON Merge Patch, @FILE, or - for stdin
    #[arg(long, value_name = "JSON|@FILE|-")]
    patch: Option<String>,
}

/// Stop an order; what it has done stays
#[derive(Debug, Args)]
pub struct Stop {
    /// The order's id
    id: ExecutionId,
}

impl Bulk {
    /// Does what was asked.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        let client = session.client()?;
        match self {
            Self::Cancel(Cancel { fitting, reason }) => {
                let order = BulkOrder { reason, ..fitting.order(BulkAction::Cancel) };
                give(session, &client, order, fitting.yes).await
            }
            Self::Retry(Retry { fitting, from, patch }) => {
                let patch = patch.as_deref().map(read_input).transpose()?;
                let order = BulkOrder { from: from.into(), patch, ..fitting.order(BulkAction::Retry) };
                give(session, &client, order, fitting.yes).await
            }
            Self::List => session.printer.list(&client.execution_bulk_list().await?.items).map(|()| Exit::Ok),
            Self::Stop(Stop { id }) => {
                let view = client.execution_bulk_stop(id).await?;
                let verbed = if view.state == BulkState::Stopped { "stopped" } else { "had ended already" };
                session.printer.change("order", &id.to_string(), verbed, &view).map(|()| Exit::Ok)
            }
        }
    }
}

impl Fitting {
    fn order(&self, action: BulkAction) -> BulkOrder {
        let since = self.since.and_then(|since| TimeDelta::from_std(since).ok());
        BulkOrder {
            action,
            workflow: self.workflow.clone(),
            status: self.status.clone(),
            since: since.and_then(|since| SystemClock.now().checked_sub_signed(since)),
            until: None,
            rate: Some(self.rate),
            reason: None,
            from: tidemill_common::api::control::RetryFrom::Failed,
            patch: None,
            dry_run: self.dry_run,
        }
    }
}

/// Says how many there are, asks, and gives the order.
async fn give(session: &Session, client: &Client, order: BulkOrder, yes: bool) -> Result<Exit, Error> {
    let verb = order.action.as_str();
    let tried = client.execution_bulk_create(&BulkOrder { dry_run: true, ..order.clone() }).await?;
    let count = counted(&tried);
    if order.dry_run {
        session.printer.change("executions", &count, &format!("would be: {verb}"), &tried)?;
        return Ok(Exit::Ok);
    }
    if !session.confirm(&format!("{verb}: {count} executions?"), yes)? {
        return Ok(Exit::Failure);
    }
    let given = client.execution_bulk_create(&order).await?;
    let verbed = format!("given: {verb} {} executions", counted(&given));
    session.printer.change("order", &given.id.to_string(), &verbed, &given)?;
    Ok(Exit::Ok)
}

/// How many executions fit, as far as they were counted.
fn counted(view: &BulkView) -> String {
    match view.count {
        Some(count) if count >= 10_000 => "10000 or more".to_owned(),
        count => count.unwrap_or_default().to_string(),
    }
}
