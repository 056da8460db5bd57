//! The results that a retry keeps, written with its admission.

use std::collections::HashSet;

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

use super::{AdmitRow, column};
use crate::store::Statement;

/// Appends what those of `rows` bring beyond their first event that were admitted.
pub(super) fn carry(connection: &mut PgConnection, rows: &[&AdmitRow], admitted: &HashSet<Uuid>) -> QueryResult<usize> {
    let rows = rows.iter().filter(|row| admitted.contains(&row.id));
    let events: Vec<_> = rows.flat_map(|row| row.events.iter().skip(1).map(move |event| (row, event))).collect();
    Statement::new(
        "INSERT INTO execution_events (workspace_id, execution_id, seq, at, type, data)
         SELECT workspace_id, execution_id, seq, at, type, data::json
         FROM unnest($1::uuid[], $2::uuid[], $3::integer[], $4::timestamptz[], $5::text[], $6::text[])
             AS t (workspace_id, execution_id, seq, at, type, data)",
    )
    .bind::<Array<SqlUuid>, _>(column(&events, |(row, _)| row.workspace_id))
    .bind::<Array<SqlUuid>, _>(column(&events, |(row, _)| row.id))
    .bind::<Array<Integer>, _>(column(&events, |(_, event)| event.seq))
    .bind::<Array<Timestamptz>, _>(column(&events, |(_, event)| event.at))
    .bind::<Array<Text>, _>(column(&events, |(_, event)| event.event_type))
    .bind::<Array<Text>, _>(column(&events, |(_, event)| event.data.as_str()))
    .execute(connection)
}
