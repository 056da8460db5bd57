//! Making a new cluster. It appears under its name only when it is whole, so that a first start that was killed leaves
//! nothing that a second one would mistake for data.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use super::account::Account;
use super::binaries::Binaries;
use super::layout::Layout;
use super::{Error, settings};

/// The database that `Cluster::url` names.
pub(super) const DATABASE: &str = "tidemill";

/// C.UTF-8 sorts by code point and is the same everywhere; old C libraries know only C.
const LOCALES: [&str; 2] = ["C.UTF-8", "C"];

/// The major version that wrote the cluster; `None` when there is no cluster yet.
pub(super) fn version_of(cluster: &Path) -> Result<Option<u32>, Error> {
    let path = cluster.join("PG_VERSION");
    match fs::read_to_string(&path) {
        Ok(text) => match text.trim().parse() {
            Ok(major) => Ok(Some(major)),
            Err(_) => Err(Error::Program { program: "postgres", message: format!("{} is not a version", path.display()) }),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io("read", &path)(error)),
    }
}

/// Makes the cluster and its database. Everything is on the disk when it returns.
pub(super) fn create(layout: &Layout, account: &Account, binaries: &Binaries) -> Result<(), Error> {
    let fresh = layout.home.join("cluster.new");
    initialise(&fresh, account, binaries)?;
    settings::include(&fresh)?;
    // Not synced until the end: one pass over all files instead of two.
    let mut single = account.command(&binaries.postgres());
    single.args(["--single", "-F", "-D"]).arg(&fresh).arg("postgres");
    run("postgres", single, &format!("CREATE DATABASE {DATABASE};\n"))?;
    let mut sync = account.command(&binaries.initdb());
    sync.arg("--sync-only").arg("-D").arg(&fresh);
    run("initdb", sync, "")?;
    fs::rename(&fresh, &layout.cluster).map_err(Error::io("name", &layout.cluster))?;
    let home = fs::File::open(&layout.home).map_err(Error::io("open", &layout.home))?;
    home.sync_all().map_err(Error::io("sync", &layout.home))
}

fn initialise(fresh: &Path, account: &Account, binaries: &Binaries) -> Result<(), Error> {
    let mut outcome = Ok(());
    for locale in LOCALES {
        if fresh.exists() {
            fs::remove_dir_all(fresh).map_err(Error::io("clear away", fresh))?;
        }
        let mut initdb = account.command(&binaries.initdb());
        initdb.arg("-D").arg(fresh).arg(format!("--locale={locale}"));
        initdb.args(["--username=tidemill", "--encoding=UTF8", "--data-checksums", "--no-sync", "--no-instructions"]);
        initdb.args(["--auth-local=trust", "--auth-host=reject"]);
        outcome = run("initdb", initdb, "");
        match &outcome {
            Err(Error::Program { message, .. }) if message.contains("locale") => {}
            _ => break,
        }
    }
    outcome
}

/// Runs a program to its end with `input`; its words are the error when it fails.
fn run(program: &'static str, mut command: Command, input: &str) -> Result<(), Error> {
    let path = command.get_program().to_owned();
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(Error::io("execute", &path))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that has ended already says why on stderr: that is the better error.
        let _broken_pipe = stdin.write_all(input.as_bytes());
    }
    let output = child.wait_with_output().map_err(Error::io("wait for", &path))?;
    let said = String::from_utf8_lossy(&output.stderr);
    // Single-user mode goes on after a failed statement and ends well.
    if output.status.success() && !said.contains("ERROR:") {
        return Ok(());
    }
    Err(Error::Program { program, message: format!("{}; it said: {}", output.status, tail(&said, 5)) })
}

/// The last `lines` lines of `text`.
pub(super) fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.trim_end().lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tail_is_the_end() {
        assert_eq!(tail("a\nb\nc\n", 2), "b\nc");
        assert_eq!(tail("", 2), "");
    }

    #[test]
    fn a_cluster_knows_its_version() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(version_of(dir.path()).unwrap(), None);
        fs::write(dir.path().join("PG_VERSION"), "18\n").unwrap();
        assert_eq!(version_of(dir.path()).unwrap(), Some(18));
        fs::write(dir.path().join("PG_VERSION"), "junk").unwrap();
        assert!(version_of(dir.path()).is_err());
    }
}
