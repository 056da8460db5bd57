//! `validate`: checks workflow files and shows every error with its line.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use tidemill_common::api::workflow::ValidationView;

use super::output;
use super::session::Session;
use super::{Error, Exit, diagnostics, source};

/// Check workflow files; change nothing
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  tidemill validate -f order-intake.yaml\n  tidemill validate -f workflows/ --local -o json"
)]
pub struct Validate {
    /// File or directory to read; `-` is stdin
    #[arg(short, long = "file", required = true, value_name = "FILE|DIR|-")]
    file: Vec<PathBuf>,
    /// Check here, without a server; the code of code steps is not compiled
    #[arg(long)]
    local: bool,
}

/// What was found in one file.
#[derive(Serialize)]
struct Checked {
    file: PathBuf,
    #[serde(flatten)]
    found: ValidationView,
}

impl Validate {
    /// Exit code 1 when any file has an error.
    pub async fn run(self, session: &Session, check: fn(&str) -> ValidationView) -> Result<Exit, Error> {
        let client = match session.client() {
            _ if self.local => None,
            Ok(client) => Some(client),
            Err(Error::NotLoggedIn) => {
                session.printer.note("no server is known: checked here, without compiling the code of code steps");
                None
            }
            Err(error) => return Err(error),
        };
        let printer = &session.printer;
        let mut checked = Vec::new();
        for file in source::read_all(&self.file)? {
            let found = match &client {
                Some(client) => client.workflow_validate(&file.text, file.format).await?,
                None => check(&file.text),
            };
            if !found.valid && !printer.format.is_json() {
                output::complain(&diagnostics::render(&file.path, &file.text, &found.errors, printer.error_paint));
            }
            if !found.warnings.is_empty() && !printer.format.is_json() {
                let warnings = diagnostics::render_warnings(&file.path, &file.text, &found.warnings, printer.error_paint);
                output::complain(&warnings);
            }
            checked.push(Checked { file: file.path, found });
        }
        match printer.document(&checked) {
            Some(text) => output::write(&text)?,
            None => checked.iter().try_for_each(|one| output::write_line(&verdict(one)))?,
        }
        Ok(if checked.iter().all(|one| one.found.valid) { Exit::Ok } else { Exit::Failure })
    }
}

fn verdict(checked: &Checked) -> String {
    let file = checked.file.display();
    match (checked.found.valid, checked.found.errors.len()) {
        (true, _) => format!("{file}: valid ({} steps)", checked.found.steps.len()),
        (false, 1) => format!("{file}: 1 error"),
        (false, errors) => format!("{file}: {errors} errors"),
    }
}
