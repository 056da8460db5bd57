//! What happened in a workspace besides executions: entries of the audit log, whose order is that of their commits.

use std::collections::HashSet;

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Uuid as SqlUuid};
use uuid::Uuid;

use super::feed;
use crate::store::Statement;

/// How far somebody has read: the feed of executions, and the audit log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// In the feed.
    pub feed: feed::Place,
    /// In the chain of the organisation's audit log.
    pub audit: i64,
}

/// An entry of the audit log.
#[derive(Debug, Clone, QueryableByName)]
pub struct EntryRow {
    /// Its place in the chain.
    #[diesel(sql_type = BigInt)]
    pub seq: i64,
    /// Its text.
    #[diesel(sql_type = Text)]
    pub entry: String,
    /// The present name of who did it.
    #[diesel(sql_type = Nullable<Text>)]
    pub actor_name: Option<String>,
}

#[derive(QueryableByName)]
struct SeqRow {
    #[diesel(sql_type = BigInt)]
    seq: i64,
}

/// A place in the feed is moved on without anything to tell only when it has fallen behind by so many transactions.
pub const FAR: i64 = 1000;

/// Which of `readers`, each in its workspace at its place, have something to read or have fallen far behind: one statement for all of
/// them, so that those to whom nothing happens cost nothing more.
pub fn awake(connection: &mut PgConnection, readers: &[(Uuid, Place)]) -> QueryResult<HashSet<usize>> {
    if readers.is_empty() {
        return Ok(HashSet::new());
    }
    let rows: Vec<SeqRow> = Statement::new(
        "SELECT r.seq FROM unnest($1, $2, $3, $4) WITH ORDINALITY AS r (workspace_id, txid, position, audit, seq)
         WHERE pg_snapshot_xmin(pg_current_snapshot())::text::bigint - r.txid > $5
            OR EXISTS (SELECT FROM event_feed f WHERE (f.txid, f.position) > (r.txid::text::xid8, r.position)
                AND f.txid < pg_snapshot_xmin(pg_current_snapshot()) AND f.workspace_id = r.workspace_id)
            OR EXISTS (SELECT FROM audit_log a WHERE a.workspace_id = r.workspace_id AND a.seq > r.audit)",
    )
    .bind::<Array<SqlUuid>, _>(readers.iter().map(|(workspace, _)| *workspace).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(readers.iter().map(|(_, place)| place.feed.0).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(readers.iter().map(|(_, place)| place.feed.1).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(readers.iter().map(|(_, place)| place.audit).collect::<Vec<_>>())
    .bind::<BigInt, _>(FAR)
    .load(connection)?;
    Ok(rows.into_iter().filter_map(|row| usize::try_from(row.seq - 1).ok()).collect())
}

/// The place behind everything that has happened in the workspace.
pub fn head(connection: &mut PgConnection, workspace_id: Uuid) -> QueryResult<Place> {
    let feed = feed::head(connection)?;
    let audit = Statement::new("SELECT coalesce(max(seq), 0) AS seq FROM audit_log WHERE workspace_id = $1")
        .bind::<SqlUuid, _>(workspace_id)
        .get_result::<SeqRow>(connection)?;
    Ok(Place { feed, audit: audit.seq })
}

/// Where somebody begins to read: what has happened by now, as text for [`Snapshot::parse`](feed::Snapshot::parse), and the place
/// to read on from.
pub fn begin(connection: &mut PgConnection, workspace_id: Uuid) -> QueryResult<(String, Place)> {
    // In this order: what is committed between the two is shown by the snapshot, and nothing is left out.
    let head = head(connection, workspace_id)?;
    Ok((feed::snapshot(connection)?, head))
}

/// Up to `limit` entries about the workspace behind `after` that are about one of `operations`, in order.
pub fn entries(
    connection: &mut PgConnection,
    workspace_id: Uuid,
    after: i64,
    operations: &[&str],
    limit: i64,
) -> QueryResult<Vec<EntryRow>> {
    Statement::new(
        "SELECT a.seq, a.entry::text AS entry, u.name AS actor_name
         FROM audit_log a LEFT JOIN users u ON u.id = (a.entry ->> 'actor_id')::uuid
         WHERE a.workspace_id = $1 AND a.seq > $2 AND a.entry ->> 'operation' = ANY($3) ORDER BY a.seq LIMIT $4",
    )
    .bind::<SqlUuid, _>(workspace_id)
    .bind::<BigInt, _>(after)
    .bind::<Array<Text>, _>(operations.iter().map(|operation| (*operation).to_owned()).collect::<Vec<_>>())
    .bind::<BigInt, _>(limit)
    .load(connection)
}
