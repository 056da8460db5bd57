//! `tui`: opens the full-screen front end.

use std::sync::Arc;

use clap::Args;
use tidemill_common::clock::SystemClock;

use super::session::Session;
use super::{Error, Exit, reference};
use crate::app::{self, TuiOptions};

/// Open the full-screen front end
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tidemill tui\n  tidemill tui @failed\n  tidemill tui -C prod --readonly")]
pub struct Tui {
    /// Begin at this execution: an id, a part of one, @latest or @failed
    #[arg(value_name = "EXECUTION")]
    id: Option<String>,
    /// Show only; change nothing
    #[arg(long)]
    readonly: bool,
}

impl Tui {
    /// Hands the terminal to the front end until it is closed.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        let target = session.target()?;
        let execution = match &self.id {
            Some(text) => Some(reference::execution(&session.client()?, text).await?),
            None => None,
        };
        app::run(TuiOptions {
            client: target,
            start: execution,
            readonly: self.readonly,
            colors: None,
            ascii: None,
            clock: Arc::new(SystemClock),
        })
        .await?;
        Ok(Exit::Ok)
    }
}
