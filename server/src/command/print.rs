//! Printing for people and pipes.

use std::io::{self, Write as _};

use super::Failure;

/// Prints `text`. A reader that goes away (`| head`) is no error.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
