//! Where the demonstration speaks: stdout for people, stderr when stdout is a JSON document.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::cli::Error;
use crate::cli::output::{self, Paint, Printer, Tone};

/// Prints the demonstration.
#[derive(Debug, Clone, Copy)]
pub struct Stage<'a>(pub &'a Printer);

impl Stage<'_> {
    /// Colour where it speaks.
    #[must_use]
    pub fn paint(self) -> Paint {
        if self.is_beside() { self.0.error_paint } else { self.0.paint }
    }

    /// Prints a line.
    pub fn say(self, text: &str) -> Result<(), Error> {
        if self.is_beside() {
            output::complain(text);
            return Ok(());
        }
        output::write_line(text)
    }

    /// Prints what comes next.
    pub fn title(self, text: &str) -> Result<(), Error> {
        self.say(&self.paint().paint(Tone::Strong, &format!("==> {text}")))
    }

    fn is_beside(self) -> bool {
        self.0.format.is_document()
    }
}

/// The directory of the demonstration.
#[derive(Debug)]
pub enum Place {
    /// Ours: removed at the end.
    Temporary(TempDir),
    /// To be kept.
    Kept(PathBuf),
}

impl Place {
    /// The directory that was asked for, which must be empty, else a temporary one.
    pub fn new(asked: Option<PathBuf>, keep: bool) -> Result<Self, Error> {
        use std::os::unix::fs::PermissionsExt as _;
        if let Some(path) = asked {
            let path = std::path::absolute(path)?;
            return empty(&path).map(|()| Self::Kept(path));
        }
        // Others may pass through, not look: Postgres may run as another user than we, in a directory of its own below.
        let mode = std::fs::Permissions::from_mode(0o711);
        let dir = tempfile::Builder::new().prefix("tidemill-demo-").permissions(mode).tempdir()?;
        Ok(if keep { Self::Kept(dir.keep()) } else { Self::Temporary(dir) })
    }

    /// Where the server keeps its data.
    #[must_use]
    pub fn data_dir(&self) -> PathBuf {
        self.path().join("data")
    }

    /// Where the server's log goes.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.path().join("server.log")
    }

    /// Whether it is still there afterwards.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        matches!(self, Self::Kept(_))
    }

    /// Removes what is ours.
    pub fn clean(self) -> Result<(), Error> {
        match self {
            Self::Kept(_) => Ok(()),
            Self::Temporary(dir) => {
                let path = dir.path().to_owned();
                dir.close().map_err(|source| Error::File { path, source })
            }
        }
    }

    fn path(&self) -> &Path {
        match self {
            Self::Temporary(dir) => dir.path(),
            Self::Kept(path) => path,
        }
    }
}

fn empty(path: &Path) -> Result<(), Error> {
    let file_error = |source| Error::File { path: path.into(), source };
    std::fs::create_dir_all(path).map_err(file_error)?;
    let mut entries = std::fs::read_dir(path).map_err(file_error)?;
    if entries.next().is_some() {
        let path = path.display();
        return Err(Error::Usage(format!("{path} is not empty; the demonstration wants a fresh directory")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_temporary_place_goes_away_and_a_kept_one_stays() {
        let place = Place::new(None, false).unwrap();
        let path = place.path().to_owned();
        assert!(path.is_dir() && !place.is_kept());
        place.clean().unwrap();
        assert!(!path.exists());
        let kept = Place::new(None, true).unwrap();
        let path = kept.path().to_owned();
        kept.clean().unwrap();
        assert!(path.is_dir());
        std::fs::remove_dir_all(path).unwrap();
    }

    #[test]
    fn a_directory_with_something_in_it_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        assert!(Place::new(Some(dir.path().join("new")), false).is_ok());
        assert!(matches!(Place::new(Some(dir.path().to_owned()), false), Err(Error::Usage(_))));
    }
}
