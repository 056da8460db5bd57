//! The commits that are pushed: this repository's own last ones, else those that the binary carries.

use std::path::Path;

use serde::{Deserialize, Serialize};
use tokio::process::Command;

use crate::cli::Error;

/// Commits for a directory that is no repository.
const CARRIED: &str = include_str!("commits.json");
/// One commit of `git log`: a record separator, fields ended by unit separators, then `A`, `M` or `D` with a path per line.
const FORMAT: &str = "--format=%x1e%H%x1f%aI%x1f%an%x1f%ae%x1f%B%x1f";

/// Most paths of a kind in one commit: a payload with ten thousand of them would test nothing but limits.
const PATHS: usize = 500;

/// A commit as GitHub's push payload has it (<https://docs.github.com/webhooks/webhook-events-and-payloads#push>).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Commit {
    /// Its hash.
    pub id: String,
    /// The whole message.
    pub message: String,
    /// When it was written, RFC 3339.
    pub timestamp: String,
    /// Who wrote it.
    pub author: Author,
    /// Paths it adds.
    pub added: Vec<String>,
    /// Paths it removes.
    pub removed: Vec<String>,
    /// Paths it changes.
    pub modified: Vec<String>,
}

/// Who wrote a commit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Author {
    /// The name.
    pub name: String,
    /// The e-mail address.
    pub email: String,
}

/// Commits and where they are from.
#[derive(Debug)]
pub struct History {
    /// The repository's name.
    pub repository: String,
    /// The branch.
    pub branch: String,
    /// Oldest first.
    pub commits: Vec<Commit>,
    /// Why these aren't the directory's own commits, if they aren't.
    pub instead_of: Option<String>,
}

/// The last `count` commits of the repository at `dir`, or the carried ones.
pub async fn read(dir: &Path, count: usize) -> Result<History, Error> {
    match from_git(dir, count).await {
        Ok(history) => Ok(history),
        Err(reason) => carried(count, reason),
    }
}

async fn from_git(dir: &Path, count: usize) -> Result<History, String> {
    let limit = format!("-{count}");
    let log = git(dir, &["log", "--no-merges", "--no-renames", "--name-status", "--no-color", &limit, FORMAT]).await?;
    let mut commits: Vec<_> = log.split('\u{1e}').filter_map(parse_commit).collect();
    if commits.is_empty() {
        return Err("the repository has no commits".to_owned());
    }
    commits.reverse();
    let branch = git(dir, &["rev-parse", "--abbrev-ref", "HEAD"]).await?.trim().to_owned();
    let top = git(dir, &["rev-parse", "--show-toplevel"]).await?;
    let name =
        Path::new(top.trim()).file_name().map_or_else(|| "repository".into(), |name| name.to_string_lossy().into_owned());
    Ok(History { repository: format!("local/{name}"), branch, commits, instead_of: None })
}

async fn git(dir: &Path, args: &[&str]) -> Result<String, String> {
    let mut command = Command::new("git");
    command.args(["-c", "core.quotePath=false", "-c", "log.showSignature=false"]).args(args).current_dir(dir);
    let output = command.output().await.map_err(|error| format!("git can't be started: {error}"))?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        return Err(stderr.lines().next().unwrap_or("git failed").to_owned());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn parse_commit(record: &str) -> Option<Commit> {
    let fields: Vec<_> = record.splitn(6, '\u{1f}').collect();
    let [id, timestamp, name, email, message, files] = fields.as_slice() else { return None };
    let paths = |letter: &str| -> Vec<String> {
        let path = |line: &str| line.split_once('\t').filter(|(kind, _)| *kind == letter).map(|(_, path)| path.to_owned());
        files.lines().filter_map(path).take(PATHS).collect()
    };
    Some(Commit {
        id: (*id).to_owned(),
        message: message.trim_end().to_owned(),
        timestamp: (*timestamp).to_owned(),
        author: Author { name: (*name).to_owned(), email: (*email).to_owned() },
        added: paths("A"),
        removed: paths("D"),
        modified: [paths("M"), paths("T")].concat(),
    })
}

fn carried(count: usize, reason: String) -> Result<History, Error> {
    let mut commits: Vec<Commit> =
        serde_json::from_str(CARRIED).map_err(|error| Error::Demo(format!("the carried commits can't be read: {error}")))?;
    commits.truncate(count);
    Ok(History { repository: "example/shop".to_owned(), branch: "main".to_owned(), commits, instead_of: Some(reason) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_of_git_log_becomes_a_commit() {
        let record = "abc\u{1f}2026-01-02T03:04:05+01:00\u{1f}Ana\u{1f}a@x\u{1f}Subject\n\nBody\n\u{1f}\n\nA\tnew.rs\nM\tsrc/ä b.rs\nD\told.rs\n";
        let commit = parse_commit(record).unwrap();
        assert_eq!((commit.id.as_str(), commit.message.as_str()), ("abc", "Subject\n\nBody"));
        assert_eq!(
            (commit.added, commit.modified, commit.removed),
            (vec!["new.rs".into()], vec!["src/ä b.rs".into()], vec!["old.rs".into()])
        );
        assert_eq!(parse_commit(""), None);
    }

    #[tokio::test]
    async fn a_directory_without_repository_gets_the_carried_commits() {
        let dir = tempfile::tempdir().unwrap();
        let history = read(dir.path(), 3).await.unwrap();
        assert_eq!(history.commits.len(), 3);
        assert!(history.instead_of.is_some());
    }

    #[tokio::test]
    async fn a_repository_gives_its_last_commits_oldest_first() {
        let dir = tempfile::tempdir().unwrap();
        let run = async |args: &[&str]| {
            let identity = ["-c", "user.name=Ana", "-c", "user.email=a@x", "-c", "commit.gpgsign=false"];
            git(dir.path(), &[&identity, args].concat()).await.unwrap()
        };
        run(&["init", "-q", "-b", "trunk"]).await;
        for (name, message) in [("a.md", "First"), ("b.rs", "Second"), ("c.rs", "Third")] {
            std::fs::write(dir.path().join(name), name).unwrap();
            run(&["add", "."]).await;
            run(&["commit", "-q", "-m", message]).await;
        }
        let history = read(dir.path(), 2).await.unwrap();
        let messages: Vec<_> = history.commits.iter().map(|commit| commit.message.as_str()).collect();
        assert_eq!((messages, history.branch.as_str(), history.instead_of), (vec!["Second", "Third"], "trunk", None));
        assert_eq!(history.commits[0].added, ["b.rs"]);
    }
}
