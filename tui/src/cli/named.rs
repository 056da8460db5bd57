//! The workflows that files name: what commands with `-f` are about.

use std::path::PathBuf;

use super::session::Session;
use super::source;
use super::{Error, Exit};

/// The ids of the workflows that the files at `paths` hold, in their order.
pub(super) fn ids(paths: &[PathBuf]) -> Result<Vec<String>, Error> {
    source::read_all(paths)?.iter().map(source::SourceFile::workflow_id).collect()
}

/// Asks about each of `ids`. What fails is said and keeps nothing from being asked about the others.
pub(super) async fn each<T>(session: &Session, ids: &[String], ask: impl AsyncFn(&str) -> Result<T, Error>) -> (Vec<T>, Exit) {
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for id in ids {
        match ask(id).await {
            Ok(one) => found.push(one),
            Err(error) => {
                session.printer.error(&error);
                failures.push(error.exit());
            }
        }
    }
    let exit = match failures.first() {
        None => Exit::Ok,
        Some(exit) if failures.len() == ids.len() => *exit,
        Some(_) => Exit::Partial,
    };
    (found, exit)
}
