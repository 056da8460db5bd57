//! The audit log as a file: JSON lines or CSV, read and sent piece by piece.

use std::fmt::Write as _;

use futures_util::stream;
use poem::Body;
use tidemill_common::api::audit::{AuditFormat, AuditRecord};

use super::problem::ProblemError;
use crate::app::{self, AuditFilter, AuditLog};
use crate::auth::Caller;

/// Entries of one piece.
const PIECE: i64 = 1_000;

const HEADING: &str = "seq,at,operation,actor_kind,actor_id,actor_name,token_id,address,workspace_id,object_kind,object_id,detail,\
    before,after,previous,hash\r\n";

/// What is left to send.
struct Export {
    log: AuditLog,
    caller: Caller,
    filter: AuditFilter,
    format: AuditFormat,
}

/// The body of an export. The first piece is read before anything is sent, so that a refusal is an answer of its own.
pub async fn body(log: AuditLog, caller: Caller, filter: AuditFilter, format: AuditFormat) -> Result<Body, app::Error> {
    let first = log.export(&caller, filter.clone(), PIECE).await?;
    let export = Export { log, caller, filter, format };
    let heading = if format == AuditFormat::Csv { HEADING } else { "" };
    let pieces = stream::try_unfold((export, Some(first), heading), |(mut export, piece, heading)| async move {
        let Some(piece) = piece else { return Ok(None) };
        let mut text = heading.to_owned();
        for record in &piece {
            line(&mut text, record, export.format);
        }
        let next = match piece.last() {
            Some(last) if i64::try_from(piece.len()) == Ok(PIECE) => {
                export.filter.before = Some(last.seq);
                Some(export.log.export(&export.caller, export.filter.clone(), PIECE).await.map_err(ProblemError::from)?)
            }
            _ => None,
        };
        Ok::<_, ProblemError>(Some((text, (export, next, ""))))
    });
    Ok(Body::from_bytes_stream(futures_util::TryStreamExt::map_err(pieces, std::io::Error::other)))
}

fn line(text: &mut String, record: &AuditRecord, format: AuditFormat) {
    match format {
        AuditFormat::Jsonl => {
            // An entry is plain text and numbers: it can always be written.
            text.push_str(&serde_json::to_string(record).unwrap_or_default());
            text.push('\n');
        }
        AuditFormat::Csv => csv(text, record),
    }
}

fn csv(text: &mut String, record: &AuditRecord) {
    let entry = &record.entry;
    let fields = [
        record.seq.to_string(),
        entry.at.to_rfc3339(),
        entry.operation.clone(),
        serde_json::to_value(entry.actor_kind).ok().and_then(|kind| kind.as_str().map(str::to_owned)).unwrap_or_default(),
        text_of(entry.actor_id),
        record.actor_name.clone().unwrap_or_default(),
        text_of(entry.token_id),
        entry.address.clone().unwrap_or_default(),
        text_of(entry.workspace_id),
        entry.object_kind.clone(),
        entry.object_id.clone(),
        entry.detail.clone().unwrap_or_default(),
        entry.before.clone().unwrap_or_default(),
        entry.after.clone().unwrap_or_default(),
        record.previous.clone(),
        record.hash.clone(),
    ];
    for (place, field) in fields.iter().enumerate() {
        let comma = if place == 0 { "" } else { "," };
        // Writing into a String can't fail.
        let _ = write!(text, "{comma}{}", quoted(field));
    }
    text.push_str("\r\n");
}

fn text_of(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// A field as RFC 4180 has it. What a spreadsheet would take for a formula gets an apostrophe before it.
fn quoted(field: &str) -> String {
    let guard = if field.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    if guard.is_empty() && !field.contains([',', '"', '\r', '\n']) {
        return field.to_owned();
    }
    format!("\"{guard}{}\"", field.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_survive_spreadsheets() {
        assert_eq!(quoted("plain"), "plain");
        assert_eq!(quoted("a,b"), "\"a,b\"");
        assert_eq!(quoted("say \"hi\""), "\"say \"\"hi\"\"\"");
        assert_eq!(quoted("=1+1"), "\"'=1+1\"");
        assert_eq!(quoted("@x"), "\"'@x\"");
    }
}
