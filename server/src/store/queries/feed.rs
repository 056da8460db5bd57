//! `event_feed`: which events became durable, in commit order.
//!
//! A sequence is not commit order. A reader therefore goes on in the order `(txid, position)` and only below
//! `pg_snapshot_xmin`, the oldest transaction that may still be running: a cursor never skips.

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

use crate::store::Statement;

/// A place in the feed: the transaction and the row within it.
pub type Place = (i64, i64);

/// What one journal transaction appended in one workspace.
#[derive(Debug, QueryableByName)]
pub struct FeedRow {
    /// The transaction.
    #[diesel(sql_type = BigInt)]
    pub txid: i64,
    /// The row's place in it.
    #[diesel(sql_type = BigInt)]
    pub position: i64,
    /// The tenant.
    #[diesel(sql_type = SqlUuid)]
    pub workspace_id: Uuid,
    /// The executions.
    #[diesel(sql_type = Array<SqlUuid>)]
    pub execution_ids: Vec<Uuid>,
    /// The first event of each.
    #[diesel(sql_type = Array<Integer>)]
    pub first_seqs: Vec<i32>,
    /// The last event of each.
    #[diesel(sql_type = Array<Integer>)]
    pub last_seqs: Vec<i32>,
}

/// One event as it is stored.
#[derive(Debug, QueryableByName)]
pub struct StoredEvent {
    /// The tenant.
    #[diesel(sql_type = SqlUuid)]
    pub workspace_id: Uuid,
    /// The execution.
    #[diesel(sql_type = SqlUuid)]
    pub execution_id: Uuid,
    /// Its place in the execution.
    #[diesel(sql_type = Integer)]
    pub seq: i32,
    /// When it happened.
    #[diesel(sql_type = Timestamptz)]
    pub at: chrono::DateTime<chrono::Utc>,
    /// Its type.
    #[diesel(sql_type = Text)]
    pub event_type: String,
    /// Its data, as JSON text.
    #[diesel(sql_type = Text)]
    pub data: String,
}

/// Up to `limit` rows behind `after`, of every workspace or of one.
pub fn read(connection: &mut PgConnection, workspace_id: Option<Uuid>, after: Place, limit: i64) -> QueryResult<Vec<FeedRow>> {
    Statement::new(
        "SELECT txid::text::bigint AS txid, position, workspace_id, execution_ids, first_seqs, last_seqs
         FROM event_feed
         WHERE (txid, position) > ($1::text::xid8, $2) AND txid < pg_snapshot_xmin(pg_current_snapshot())
           AND workspace_id = coalesce($3, workspace_id)
         ORDER BY event_feed.txid, position LIMIT $4",
    )
    .bind::<Text, _>(after.0.to_string())
    .bind::<BigInt, _>(after.1)
    .bind::<Nullable<SqlUuid>, _>(workspace_id)
    .bind::<BigInt, _>(limit)
    .load(connection)
}

/// The place behind everything that is durable and before everything that is not. Its position is that before the first of the
/// present era.
pub fn head(connection: &mut PgConnection) -> QueryResult<Place> {
    #[derive(QueryableByName)]
    struct HeadRow {
        #[diesel(sql_type = BigInt)]
        txid: i64,
        #[diesel(sql_type = BigInt)]
        era: i64,
    }
    Statement::new("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS txid, era FROM feed_floor")
        .get_result::<HeadRow>(connection)
        .map(|row| (row.txid, row.era))
}

/// What is committed now, as text for [`Snapshot::parse`].
pub fn snapshot(connection: &mut PgConnection) -> QueryResult<String> {
    #[derive(QueryableByName)]
    struct SnapshotRow {
        #[diesel(sql_type = Text)]
        snapshot: String,
    }
    Statement::new("SELECT pg_current_snapshot()::text AS snapshot")
        .get_result::<SnapshotRow>(connection)
        .map(|row| row.snapshot)
}

/// What was committed at a moment. The head lies before what an older transaction still holds back, so that behind it there may be
/// what had happened already: this says of which transactions.
///
/// After a restore, when transactions are no longer told apart, it names the places instead: `txid@position,position`.
///
/// Source: Postgres' documentation of `pg_snapshot`, `xmin:xmax:xip_list`.
#[derive(Debug)]
pub struct Snapshot {
    oldest_running: i64,
    next: i64,
    running: Vec<i64>,
    /// What is shown besides.
    restored: Vec<Place>,
}

impl Snapshot {
    /// Reads Postgres' text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some((txid, positions)) = text.split_once('@') {
            let (txid, positions) = (txid.parse().ok()?, numbers(positions)?);
            let restored = positions.into_iter().map(|position| (txid, position)).collect();
            return Some(Self { oldest_running: txid, next: txid, running: Vec::new(), restored });
        }
        let mut parts = text.split(':');
        let (oldest_running, next) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let list = parts.next().filter(|_| parts.next().is_none())?;
        Some(Self { oldest_running, next, running: numbers(list)?, restored: Vec::new() })
    }

    /// Whether what stands at `place` was to be seen.
    #[must_use]
    pub fn shows(&self, place: Place) -> bool {
        let txid = place.0;
        txid < self.oldest_running || (txid < self.next && !self.running.contains(&txid)) || self.restored.contains(&place)
    }
}

fn numbers(list: &str) -> Option<Vec<i64>> {
    list.split(',').filter(|number| !number.is_empty()).map(|number| number.parse().ok()).collect()
}

/// Whether the feed still holds everything behind `after`, and `after` is a place that this database has come to: one of another
/// database, or of before it was restored, lies ahead or in another era.
pub fn reaches_back_to(connection: &mut PgConnection, after: Place) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct ReachRow {
        #[diesel(sql_type = diesel::sql_types::Bool)]
        reaches: bool,
    }
    Statement::new(
        "SELECT (txid, position) <= ($1::text::xid8, $2) AND $2 >= era
                AND $3::text::xid8 <= pg_snapshot_xmax(pg_current_snapshot()) AS reaches
         FROM feed_floor",
    )
    .bind::<Text, _>(after.0.to_string())
    .bind::<BigInt, _>(after.1)
    .bind::<Text, _>(after.0.to_string())
    .get_result::<ReachRow>(connection)
    .map(|row| row.reaches)
}

/// The events of several executions of a workspace, each from its first to its last seq.
pub fn events(connection: &mut PgConnection, workspace_id: Uuid, ranges: &[(Uuid, i32, i32)]) -> QueryResult<Vec<StoredEvent>> {
    Statement::new(
        "SELECT e.workspace_id, e.execution_id, e.seq, e.at, e.type AS event_type, e.data::text AS data
         FROM unnest($1::uuid[], $2::integer[], $3::integer[]) WITH ORDINALITY AS r (execution_id, first_seq, last_seq, place)
         JOIN execution_events e ON e.workspace_id = $4 AND e.execution_id = r.execution_id
              AND e.seq BETWEEN r.first_seq AND r.last_seq
         ORDER BY r.place, e.seq",
    )
    .bind::<Array<SqlUuid>, _>(ranges.iter().map(|range| range.0).collect::<Vec<_>>())
    .bind::<Array<Integer>, _>(ranges.iter().map(|range| range.1).collect::<Vec<_>>())
    .bind::<Array<Integer>, _>(ranges.iter().map(|range| range.2).collect::<Vec<_>>())
    .bind::<SqlUuid, _>(workspace_id)
    .load(connection)
}

/// Up to `limit` events of one execution behind `after`, in order.
pub fn events_of(
    connection: &mut PgConnection,
    workspace_id: Uuid,
    execution_id: Uuid,
    after: i32,
    limit: i64,
) -> QueryResult<Vec<StoredEvent>> {
    Statement::new(
        "SELECT workspace_id, execution_id, seq, at, type AS event_type, data::text AS data FROM execution_events
         WHERE workspace_id = $1 AND execution_id = $2 AND seq > $3 ORDER BY seq LIMIT $4",
    )
    .bind::<SqlUuid, _>(workspace_id)
    .bind::<SqlUuid, _>(execution_id)
    .bind::<Integer, _>(after)
    .bind::<BigInt, _>(limit)
    .load(connection)
}

/// Forgets feed rows of before `before`, and remembers how far; the events themselves stay.
pub fn forget(connection: &mut PgConnection, before: chrono::DateTime<chrono::Utc>) -> QueryResult<usize> {
    Statement::new(
        "WITH gone AS (
             DELETE FROM event_feed WHERE at < $1 RETURNING txid, position
         ), last AS (
             SELECT txid, position FROM gone ORDER BY txid DESC, position DESC LIMIT 1
         )
         UPDATE feed_floor f SET txid = last.txid, position = last.position FROM last
         WHERE (f.txid, f.position) < (last.txid, last.position)",
    )
    .bind::<Timestamptz, _>(before)
    .execute(connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_shows_what_was_committed() {
        let snapshot = Snapshot::parse("10:20:10,14,15").unwrap();
        let shown: Vec<i64> = (8..22).filter(|txid| snapshot.shows((*txid, 1))).collect();
        assert_eq!(shown, [8, 9, 11, 12, 13, 16, 17, 18, 19]);
        assert!(Snapshot::parse("10:10:").unwrap().shows((9, 1)));
        let restored = Snapshot::parse("10@7,9").unwrap();
        let shown: Vec<i64> = (6..11).filter(|position| restored.shows((10, *position))).collect();
        assert_eq!(shown, [7, 9]);
        assert!(Snapshot::parse("10@").unwrap().shows((9, 1)) && !Snapshot::parse("10@").unwrap().shows((11, 7)));
        for wrong in ["", "10", "10:20", "10:20:x", "10:20:1:2", "x@1", "10@y"] {
            assert!(Snapshot::parse(wrong).is_none(), "{wrong}");
        }
    }
}
