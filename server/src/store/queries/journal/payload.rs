//! Keeps what events refer to, in the transaction of the events.

use std::collections::HashSet;

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Uuid as SqlUuid};
use uuid::Uuid;

use super::{AdmitRow, AppendRow, Written, column};
use crate::domain::payload::Packed;
use crate::store::Statement;

/// Bytes of one statement: they are copied twice on their way to Postgres. A larger payload goes alone.
const STATEMENT_BYTES: usize = 4 * 1024 * 1024;

/// A payload and where it belongs.
type Row<'a> = (Uuid, Uuid, &'a Packed);

/// Keeps the payloads of what was written. One that the execution has already is the same.
pub(super) fn keep(
    connection: &mut PgConnection,
    admits: &[&AdmitRow],
    appends: &[AppendRow],
    written: &Written,
) -> QueryResult<()> {
    let admitted = admits.iter().filter(|row| written.admitted.contains(&row.id));
    let admitted = admitted.flat_map(|row| row.payloads.iter().map(|packed| (row.workspace_id, row.id, &**packed)));
    let appended = appends.iter().filter(|row| written.fenced.contains(&row.execution_id));
    let appended = appended.flat_map(|row| row.payloads.iter().map(|packed| (row.workspace_id, row.execution_id, &**packed)));
    let (mut rows, mut bytes): (Vec<Row<'_>>, usize) = (Vec::new(), 0);
    for row in admitted.chain(appended) {
        if bytes > 0 && bytes + row.2.content.len() > STATEMENT_BYTES {
            insert(connection, &std::mem::take(&mut rows))?;
            bytes = 0;
        }
        bytes += row.2.content.len();
        rows.push(row);
    }
    insert(connection, &rows)
}

fn insert(connection: &mut PgConnection, rows: &[Row<'_>]) -> QueryResult<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let bytes = |packed: &Packed| i64::try_from(packed.reference.bytes).unwrap_or(i64::MAX);
    Statement::new(
        "INSERT INTO execution_payloads (workspace_id, execution_id, sha256, bytes, content)
         SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::bigint[], $5::bytea[])
         ON CONFLICT DO NOTHING",
    )
    .bind::<Array<SqlUuid>, _>(column(rows, |row| row.0))
    .bind::<Array<SqlUuid>, _>(column(rows, |row| row.1))
    .bind::<Array<Binary>, _>(column(rows, |row| &row.2.sha256[..]))
    .bind::<Array<BigInt>, _>(column(rows, |row| bytes(row.2)))
    .bind::<Array<Binary>, _>(column(rows, |row| row.2.content.as_slice()))
    .execute(connection)?;
    Ok(())
}

/// Gives executions that try others again what they take over from them.
pub(super) fn copy(connection: &mut PgConnection, admits: &[&AdmitRow], admitted: &HashSet<Uuid>) -> QueryResult<()> {
    for row in admits.iter().filter(|row| !row.copied.is_empty() && admitted.contains(&row.id)) {
        let Some(of) = row.retry_of else { continue };
        let copied = Statement::new(
            "INSERT INTO execution_payloads (workspace_id, execution_id, sha256, bytes, content)
             SELECT workspace_id, $1, sha256, bytes, content FROM execution_payloads
             WHERE workspace_id = $2 AND execution_id = $3 AND sha256 = ANY ($4)
             ON CONFLICT DO NOTHING",
        )
        .bind::<SqlUuid, _>(row.id)
        .bind::<SqlUuid, _>(row.workspace_id)
        .bind::<SqlUuid, _>(of)
        .bind::<Array<Binary>, _>(column(&row.copied, Vec::as_slice));
        let _ = copied.execute(connection)?;
    }
    Ok(())
}
