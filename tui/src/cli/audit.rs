//! `audit`: who changed what, and whether the log is whole.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use sha2::{Digest, Sha256};
use tidemill_common::api::audit::{AuditFormat, AuditRecord};
use tidemill_common::ids::UserId;
use tidemill_common::limits::PAGE_ITEMS;

use super::people::client_and_workspace;
use super::session::Session;
use super::{Error, Exit, output};
use crate::client::AuditQuery;

/// Reads, exports and verifies the audit log
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  tidemill audit ls --operation workflow_apply")]
pub enum Audit {
    /// List the newest entries
    #[command(visible_alias = "list")]
    Ls(Ls),
    /// Print all entries as JSON lines or CSV
    Export(Export),
    /// Check the organization's chain of hashes
    Verify(Verify),
}

/// Which entries are wanted
#[derive(Debug, Args)]
pub struct Filter {
    /// Only this operation, such as `workflow_apply`
    #[arg(long)]
    operation: Option<String>,
    /// Only what this user or service account did
    #[arg(long, value_name = "USER")]
    actor: Option<UserId>,
    /// Only what was done to this: KIND or KIND/ID
    #[arg(long, value_name = "OBJECT")]
    on: Option<String>,
    /// Not before, as RFC 3339
    #[arg(long, value_name = "TIME")]
    since: Option<DateTime<Utc>>,
    /// Before, as RFC 3339
    #[arg(long, value_name = "TIME")]
    until: Option<DateTime<Utc>>,
}

/// List the newest entries
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  tidemill audit ls --on workflow/order\n  tidemill audit ls --since 2026-11-01T00:00:00Z -o wide"
)]
pub struct Ls {
    #[command(flatten)]
    filter: Filter,
    /// Most entries
    #[arg(long, default_value_t = 50)]
    limit: usize,
}

/// Print all entries as JSON lines or CSV
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill audit export --format csv > audit.csv")]
pub struct Export {
    #[command(flatten)]
    filter: Filter,
    /// The form
    #[arg(long, value_enum, default_value = "jsonl")]
    format: FormatWord,
}

/// A form of an export, as an option.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum FormatWord {
    /// One JSON object a line
    Jsonl,
    /// Comma-separated values
    Csv,
}

/// Check the organization's chain of hashes
#[derive(Debug, Args)]
#[command(
    after_help = "Keep the line that it prints: with --expect a later check also finds a log\nthat was cut or written anew as a whole.\n\nExamples:\n  \
                  tidemill audit verify\n  tidemill audit verify --expect 42:5feceb66\n  tidemill audit verify --file audit.jsonl"
)]
pub struct Verify {
    /// An export (JSON lines) instead of the server
    #[arg(long)]
    file: Option<PathBuf>,
    /// An earlier end of the chain: SEQ:HASH
    #[arg(long, value_name = "SEQ:HASH")]
    expect: Option<String>,
}

impl Filter {
    fn query(self) -> AuditQuery {
        let (object_kind, object_id) = match self.on.as_deref().map(|on| on.split_once('/')) {
            None => (None, None),
            Some(None) => (self.on, None),
            Some(Some((kind, id))) => (Some(kind.to_owned()), Some(id.to_owned())),
        };
        AuditQuery {
            operation: self.operation,
            actor: self.actor,
            object_kind,
            object_id,
            since: self.since,
            until: self.until,
            ..AuditQuery::default()
        }
    }
}

impl Audit {
    /// Does what was asked.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        match self {
            Self::Ls(Ls { filter, limit }) => {
                let (client, workspace) = client_and_workspace(session).await?;
                let query = AuditQuery { limit: Some(limit.clamp(1, PAGE_ITEMS)), ..filter.query() };
                session.printer.list(&client.audit_log(&workspace, &query).await?.items)?;
                Ok(Exit::Ok)
            }
            Self::Export(Export { filter, format }) => {
                let (client, workspace) = client_and_workspace(session).await?;
                let format = match format {
                    FormatWord::Jsonl => AuditFormat::Jsonl,
                    FormatWord::Csv => AuditFormat::Csv,
                };
                output::write_bytes(&client.audit_export(&workspace, &filter.query(), format).await?.body)?;
                Ok(Exit::Ok)
            }
            Self::Verify(verify) => verify.run(session).await,
        }
    }
}

impl Verify {
    async fn run(self, session: &Session) -> Result<Exit, Error> {
        let mut chain = Chain { expect: self.expect.as_deref().map(expected).transpose()?, ..Chain::default() };
        match &self.file {
            Some(path) => {
                let text = std::fs::read_to_string(path).map_err(|source| Error::File { path: path.clone(), source })?;
                for line in text.lines() {
                    let record = serde_json::from_str(line)
                        .map_err(|error| Error::Content { path: path.clone(), reason: error.to_string() })?;
                    chain.take(&record, false);
                }
            }
            None => self.read_server(session, &mut chain).await?,
        }
        if let Some((seq, _)) = chain.expect {
            chain.wrong.push(format!("entry {seq}, which was the end of the chain once, is gone"));
        }
        for wrong in &chain.wrong {
            session.printer.note(wrong);
        }
        let Some((seq, hash)) = chain.end else { return Err(Error::NotFound("the audit log is empty".to_owned())) };
        let whole = json!({ "entries": chain.count, "end": format!("{seq}:{hash}"), "whole": chain.wrong.is_empty(), "wrong": chain.wrong });
        let words = if chain.wrong.is_empty() { "is whole" } else { "was changed" };
        session.printer.change("audit", &format!("{seq}:{hash}"), &format!("{words} ({} entries)", chain.count), &whole)?;
        Ok(if chain.wrong.is_empty() { Exit::Ok } else { Exit::Failure })
    }

    /// The whole chain of the organization, page by page, newest first.
    async fn read_server(&self, session: &Session, chain: &mut Chain) -> Result<(), Error> {
        let client = session.client()?;
        let organization = client.user().await?.organization_id;
        let mut query = AuditQuery { limit: Some(PAGE_ITEMS), ..AuditQuery::default() };
        loop {
            let page = client.organization_audit_log(organization, &query).await?;
            page.items.iter().for_each(|record| chain.take(record, true));
            query.cursor = page.next_cursor;
            if query.cursor.is_none() {
                chain.finish();
                return Ok(());
            }
        }
    }
}

/// A chain that is read from its end.
#[derive(Default)]
struct Chain {
    count: u64,
    end: Option<(i64, String)>,
    /// The entry read last: its place, and what the one before it must hash to.
    last: Option<(i64, String)>,
    expect: Option<(i64, String)>,
    wrong: Vec<String>,
}

impl Chain {
    /// Checks an entry by itself, and, when the chain is read `whole`, against its neighbour.
    fn take(&mut self, record: &AuditRecord, whole: bool) {
        let (seq, hash) = (record.seq, &record.hash);
        if hash_of(record).as_ref() != Some(hash) {
            self.wrong.push(format!("entry {seq} does not have its hash: it was changed"));
        }
        if let Some((later, previous)) = &self.last {
            if whole && *later != seq + 1 {
                self.wrong.push(format!("between entries {seq} and {later} something is missing"));
            } else if *later == seq + 1 && previous != hash {
                self.wrong.push(format!("entry {later} does not follow entry {seq}: one of them was changed"));
            }
        }
        if self.expect.as_ref().is_some_and(|(expected, _)| *expected == seq) {
            let same = self.expect.take().is_some_and(|(_, begins)| hash.starts_with(&begins));
            if !same {
                self.wrong.push(format!("entry {seq} is not the one that it was: the chain was written anew"));
            }
        }
        self.count += 1;
        self.end.get_or_insert_with(|| (seq, hash.clone()));
        self.last = Some((seq, record.previous.clone()));
    }

    /// Checks that the chain was read to its beginning.
    fn finish(&mut self) {
        if let Some((seq, previous)) = &self.last
            && (*seq != 1 || previous.bytes().any(|digit| digit != b'0'))
        {
            self.wrong.push(format!("the chain begins with entry {seq}: what was before it is gone"));
        }
    }
}

fn hash_of(record: &AuditRecord) -> Option<String> {
    let mut hash = Sha256::new();
    hash.update(hex::decode(&record.previous).ok()?);
    hash.update(record.seq.to_be_bytes());
    hash.update(serde_json::to_string(&record.entry).ok()?);
    Some(hex::encode(hash.finalize()))
}

fn expected(text: &str) -> Result<(i64, String), Error> {
    let parts = text.split_once(':').and_then(|(seq, hash)| Some((seq.parse().ok()?, hash.to_ascii_lowercase())));
    parts.ok_or_else(|| Error::Usage("--expect is SEQ:HASH, as `tidemill audit verify` prints it".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(seq: i64, previous: &str, operation: &str) -> AuditRecord {
        let entry = json!({"at": "2026-11-23T06:30:00Z", "operation": operation, "actor_kind": "user", "object_kind": "k", "object_id": "i"});
        let mut record = AuditRecord {
            organization_id: tidemill_common::ids::OrganizationId(uuid::Uuid::nil()),
            seq,
            actor_name: None,
            entry: serde_json::from_value(entry).unwrap(),
            previous: previous.to_owned(),
            hash: String::new(),
        };
        record.hash = hash_of(&record).unwrap();
        record
    }

    fn read(records: &[AuditRecord]) -> Vec<String> {
        let mut chain = Chain::default();
        records.iter().rev().for_each(|record| chain.take(record, true));
        chain.finish();
        chain.wrong
    }

    #[test]
    fn whatever_is_done_to_a_chain_shows() {
        let mut records = vec![record(1, &"0".repeat(64), "a")];
        for seq in 2..=4 {
            let next = record(seq, &records.last().unwrap().hash, "b");
            records.push(next);
        }
        assert_eq!(read(&records), Vec::<String>::new());
        let mut changed = records.clone();
        "c".clone_into(&mut changed[1].entry.operation);
        assert!(read(&changed)[0].contains("entry 2 does not have its hash"));
        let again = record(2, &records[0].hash, "c");
        changed[1] = again;
        assert!(read(&changed)[0].contains("entry 3 does not follow entry 2"));
        assert!(read(&[&records[..1], &records[2..]].concat())[0].contains("something is missing"));
        assert!(read(&records[1..])[0].contains("begins with entry 2"));
    }
}
