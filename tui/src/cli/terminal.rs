//! `tui`: opens the full-screen front end.

use std::path::{Path, PathBuf};

use clap::Args;
use ratatui::buffer::Buffer;
use tidemill_common::clock::{Clock as _, SystemClock};

use super::environment;
use super::output::ColorChoice;
use super::session::Session;
use super::{Error, Exit, editor, output, reference};
use crate::app::{self, Colors, TuiOptions};

/// Open the full-screen front end
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  tidemill tui\n  tidemill tui @failed\n  tidemill tui -C prod --readonly\n  tidemill tui --capture screen.svg --size 120x36 --keys '2/status:failed<enter>'"
)]
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
    /// Draw the screen once into FILE, without a terminal: SVG if it ends in .svg, else text; - is stdout
    #[arg(long, value_name = "FILE", conflicts_with_all = ["replay", "record", "fresh"])]
    capture: Option<PathBuf>,
    /// With --capture: its columns and rows
    #[arg(long, value_name = "COLUMNSxROWS", default_value = "100x30", value_parser = size, requires = "capture")]
    size: (u16, u16),
    /// With --capture: the keys that lead to the screen, such as `2/wf:orders<enter>`
    #[arg(long, value_name = "KEYS", default_value = "", requires = "capture")]
    keys: String,
    /// Measure frames and memory with very many executions; `tidemill bench --scenario screen` asks for it
    #[arg(long, hide = true)]
    measure: bool,
    /// Begin at the dashboard, not where the last session ended
    #[arg(long)]
    fresh: bool,
}

impl Tui {
    /// Hands the terminal to the front end until it is closed.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        if self.measure {
            let measured = app::measure(SystemClock.now())?;
            return output::write_line(&serde_json::to_string(&measured).map_err(std::io::Error::from)?).map(|()| Exit::Ok);
        }
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
        if let Some(path) = &self.capture {
            let keys = app::keys(&self.keys).map_err(|why| Error::Usage(format!("--keys: {why}")))?;
            let drawn = app::capture(options, &app::Wanted { size: self.size, keys }).await?;
            return keep(path, &drawn).map(|()| Exit::Ok);
        }
        app::run(options).await?;
        Ok(Exit::Ok)
    }
}

/// Writes a picture.
fn keep(path: &Path, drawn: &Buffer) -> Result<(), Error> {
    if path == Path::new("-") {
        return output::write(&app::text(drawn));
    }
    let is_svg = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("svg"));
    let picture = if is_svg { app::svg(drawn, "tidemill tui") } else { app::text(drawn) };
    std::fs::write(path, picture).map_err(|error| Error::Usage(format!("{}: {error}", path.display())))
}

/// `120x36`: columns and rows.
fn size(text: &str) -> Result<(u16, u16), String> {
    let parts = text.split_once('x').and_then(|(columns, rows)| Some((columns.parse().ok()?, rows.parse().ok()?)));
    match parts {
        Some(size @ (20..=500, 5..=200)) => Ok(size),
        _ => Err("expected columns from 20 to 500 and rows from 5 to 200, such as 120x36".to_owned()),
    }
}
