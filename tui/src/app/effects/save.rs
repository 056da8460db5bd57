//! Files that are written where this program runs: new ones, for their owner alone.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{self, Path};

use tidemill_common::api::audit::AuditFormat;

use super::home::Home;
use super::{failure, read};
use crate::app::event::Failure;
use crate::app::given::Given;
use crate::client::Error;

/// Asks the server for `given`, and writes it to `path`; says where that is.
pub async fn save(home: &Home, given: &Given, path: &str) -> Result<String, Failure> {
    let path = path::absolute(path).map_err(|error| broken(Path::new(path), &error))?;
    // Said before the server is asked; that nothing is overwritten is held by `write`.
    if path.exists() {
        return Err(broken(&path, &io::ErrorKind::AlreadyExists.into()));
    }
    let bytes = fetch(home, given, &path).await.map_err(|error| failure(&error))?;
    let place = path.clone();
    let written = tokio::task::spawn_blocking(move || write(&place, &bytes)).await;
    match written.unwrap_or_else(|error| Err(io::Error::other(error))) {
        Ok(()) => Ok(path.display().to_string()),
        Err(error) => Err(broken(&path, &error)),
    }
}

async fn fetch(home: &Home, given: &Given, path: &Path) -> Result<Vec<u8>, Error> {
    let client = &home.client;
    Ok(match given {
        Given::Audit(filter) => {
            let lines = path.extension().is_some_and(|end| end == "jsonl");
            let format = if lines { AuditFormat::Jsonl } else { AuditFormat::Csv };
            // The whole of it: how many a screen shows is no matter here.
            let query = crate::client::AuditQuery { limit: None, ..read::entries(filter) };
            client.audit_export(home.workspace().await?, &query, format).await?.body
        }
        Given::Account => format!("{:#}\n", client.account_export().await?).into_bytes(),
        Given::Invoice(id, _) => client.invoice_page(*id).await?.body,
    })
}

/// Writes a new file that only its owner may read. One that was begun and failed is taken away again.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if written.is_err() {
        fs::remove_file(path)?;
    }
    written
}

fn broken(path: &Path, error: &io::Error) -> Failure {
    let message = match error.kind() {
        io::ErrorKind::AlreadyExists => format!("a file is there already, choose another name: {}", path.display()),
        io::ErrorKind::NotFound => format!("there is no directory for {}", path.display()),
        _ => format!("{} can't be written: {error}", path.display()),
    };
    Failure { code: "file".into(), message, request_id: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_new_and_its_owners() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("invoice-1042.html");
        write(&path, b"<p>1042").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let again = write(&path, b"other").unwrap_err();
        assert!(broken(&path, &again).message.contains("is there already"), "{again}");
        assert_eq!(fs::read(&path).unwrap(), b"<p>1042", "nothing is overwritten");
        let nowhere = dir.path().join("no/such.html");
        let error = write(&nowhere, b"x").unwrap_err();
        assert!(broken(&nowhere, &error).message.contains("there is no directory"), "{error}");
    }
}
