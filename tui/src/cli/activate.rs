//! `activate` and `deactivate`: a workflow's triggers on and off. `versions`: what there is to activate.

use clap::Args;

use super::output;
use super::session::Session;
use super::{Error, Exit};

/// Switch a workflow's triggers on
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tidemill activate order-intake\n  tidemill activate order-intake --version 13")]
pub struct Activate {
    /// The workflow's id
    workflow: String,
    /// This version, not the newest one
    #[arg(long, value_name = "N")]
    version: Option<i32>,
}

/// Switch a workflow's triggers off
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill deactivate order-intake")]
pub struct Deactivate {
    /// The workflow's id
    workflow: String,
}

/// List a workflow's versions, or print one's file
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  tidemill workflow versions order-intake\n  tidemill workflow versions order-intake --source 13"
)]
pub struct Versions {
    /// The workflow's id
    workflow: String,
    /// Print the file of this version
    #[arg(long, value_name = "N")]
    source: Option<i32>,
}

impl Activate {
    /// Makes the triggers of the version live.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        let id = self.workflow.trim_start_matches("workflow/");
        let workflow = session.client()?.workflow_activate(id, self.version).await?;
        let active = workflow.active_version.unwrap_or(workflow.version);
        session.printer.change("workflow", id, &format!("activated (version {active})"), &workflow)?;
        for path in workflow.triggers.iter().filter_map(|trigger| trigger.path.as_deref()) {
            session.printer.note(&format!("deliveries go to {path}"));
        }
        Ok(Exit::Ok)
    }
}

impl Deactivate {
    /// Switches the triggers off; what is under way goes on.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        let id = self.workflow.trim_start_matches("workflow/");
        let workflow = session.client()?.workflow_deactivate(id).await?;
        session.printer.change("workflow", id, "deactivated", &workflow)?;
        Ok(Exit::Ok)
    }
}

impl Versions {
    /// Prints the list or the file.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        let client = session.client()?;
        let id = self.workflow.trim_start_matches("workflow/");
        match self.source {
            Some(version) => {
                let whole = client.workflow_version(id, version).await?;
                output::write(whole.source.as_deref().unwrap_or_default())?;
            }
            None => session.printer.list(&client.workflow_versions(id).await?.items)?,
        }
        Ok(Exit::Ok)
    }
}
