//! `tidemill doctor`: can a server run here, does it, and what is to be done?

mod bundle;
mod database;
mod finding;
mod machine;
mod upkeep;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::backup::Scratch;
use crate::assets;
use crate::config::{Loaded, ServeArgs};
use crate::serve;
use finding::{Finding, Level};

/// The arguments of `tidemill doctor`.
#[derive(Debug, Args)]
pub struct Doctor {
    /// Also write what was found into FILE (tar), with configuration, machine and database, and without secrets: for those who help
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,
    #[command(flatten)]
    serve: Box<ServeArgs>,
}

impl Doctor {
    /// Looks at everything. Warnings are no failure.
    pub(super) fn run(self, json: bool) -> ExitCode {
        let (findings, loaded) = match Loaded::load(*self.serve) {
            Ok(loaded) => (look(&loaded), Some(loaded)),
            Err(error) => (vec![Finding::bad("configuration", error.to_string(), "mend the setting that it names")], None),
        };
        let fine = findings.iter().all(|finding| finding.level != Level::Error);
        if json {
            println!("{:#}", json!({"ok": fine, "findings": findings}));
        } else {
            findings.iter().for_each(Finding::print);
        }
        if let (Some(path), Some(loaded)) = (&self.bundle, &loaded) {
            if let Err(error) = bundle::write(path, loaded, &findings) {
                eprintln!("error: the bundle: {error}");
                return ExitCode::FAILURE;
            }
            eprintln!("wrote {}: look through it before you give it away", path.display());
        }
        if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

fn look(loaded: &Loaded) -> Vec<Finding> {
    let config = &loaded.config;
    let mut findings = vec![
        machine::binary(),
        configuration(loaded),
        machine::data_dir(&config.data_dir),
        machine::disk(&config.data_dir),
        machine::files(),
        machine::kernel(),
    ];
    let (assets, _scratch) = assets_for(&config.data_dir);
    findings.extend(database::findings(config, &assets));
    findings.extend([upkeep::keys(config), upkeep::backup(config)]);
    findings.extend(upkeep::certificate(config));
    findings.push(machine::address(config));
    findings.extend(machine::sandboxes(config, &assets));
    findings
}

/// Where what this binary carries is unpacked for a look: where the server has it, else where nothing is left of it.
fn assets_for(data_dir: &Path) -> (PathBuf, Option<Scratch>) {
    let place = assets::place_in(data_dir);
    let served = rustix::fs::access(&place, rustix::fs::Access::WRITE_OK).is_ok();
    let scratch = if served || assets::titles().is_empty() { None } else { Scratch::new(None).ok() };
    (scratch.as_ref().map_or(place, |scratch| scratch.0.clone()), scratch)
}

fn configuration(loaded: &Loaded) -> Finding {
    let config = &loaded.config;
    let source = loaded.file.as_ref().map_or("no file".to_owned(), |file| file.display().to_string());
    match serve::check_files(config).into_iter().next() {
        None => Finding::good(
            "configuration",
            format!("{source}; data in {}, listening on {}", config.data_dir.display(), config.listen),
        ),
        Some(error) => Finding::bad("configuration", error.to_string(), "name another file in the setting, or mend this one"),
    }
}
