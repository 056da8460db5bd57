//! `tui`: opens the full-screen front end.

use std::path::PathBuf;

use clap::Args;

use super::environment;
use super::output::ColorChoice;
use super::session::Session;
use super::{Error, Exit, editor, reference};
use crate::app::{self, Colors, TuiOptions};

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
    /// Record what is shown in FILE (asciicast); secrets that are shown once are left out
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Play a recording: space stops, + and - change the speed, . takes the next frame, q leaves
    #[arg(long, value_name = "FILE", conflicts_with_all = ["id", "readonly", "fresh", "record"])]
    replay: Option<PathBuf>,
    /// Begin at the dashboard, not where the last session ended
    #[arg(long)]
    fresh: bool,
}

impl Tui {
    /// Hands the terminal to the front end until it is closed.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        if let Some(path) = &self.replay {
            app::replay(path).await?;
            return Ok(Exit::Ok);
        }
        let mut options = TuiOptions::new(session.target()?, environment::variable, editor::edit);
        let context = session.context();
        options.readonly = self.readonly || context.as_ref().is_some_and(|(_, context)| context.readonly);
        options.context = context.as_ref().map(|(name, _)| name.clone());
        options.protected = context.filter(|(_, context)| context.protected).map(|(name, _)| name);
        options.session = session.environment.state_dir.as_ref().map(|dir| dir.join("session.json"));
        options.restore = !self.fresh;
        options.record = self.record;
        if session.globals.color == Some(ColorChoice::Never) {
            options.colors = Some(Colors::Mono);
        }
        if let Some(text) = &self.id {
            options.start = Some(reference::execution(&session.client()?, text).await?);
        }
        app::run(options).await?;
        Ok(Exit::Ok)
    }
}
