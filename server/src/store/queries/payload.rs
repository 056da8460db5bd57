//! Payloads of executions: inputs and outputs that stand apart from their events. They are written by the journal.

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Uuid as SqlUuid};
use serde_json::Value;
use tidemill_common::ids::{ExecutionId, WorkspaceId};
use tidemill_common::payload::PayloadRef;
use uuid::Uuid;

use crate::domain::payload::unpack;
use crate::store::schema::execution_payloads;
use crate::store::{Error, Statement};

/// A payload as it is kept.
#[derive(Debug, QueryableByName)]
pub struct PayloadRow {
    /// SHA-256 of its JSON text.
    #[diesel(sql_type = Binary)]
    pub sha256: Vec<u8>,
    /// The length of that text.
    #[diesel(sql_type = BigInt)]
    pub bytes: i64,
    /// The text, compressed.
    #[diesel(sql_type = Binary)]
    pub content: Vec<u8>,
}

/// The payloads with these hashes, each of one execution of the workspace. What is not there is left out.
pub fn find(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    keys: &[(ExecutionId, Vec<u8>)],
) -> Result<Vec<PayloadRow>, Error> {
    let rows = Statement::new(
        "SELECT p.sha256, p.bytes, p.content
         FROM unnest($1::uuid[], $2::bytea[]) AS k (execution_id, sha256)
         JOIN execution_payloads p ON p.workspace_id = $3 AND p.execution_id = k.execution_id AND p.sha256 = k.sha256",
    )
    .bind::<Array<SqlUuid>, _>(keys.iter().map(|key| key.0.0).collect::<Vec<Uuid>>())
    .bind::<Array<Binary>, _>(keys.iter().map(|key| key.1.as_slice()).collect::<Vec<_>>())
    .bind::<SqlUuid, _>(workspace.0)
    .load(conn)?;
    Ok(rows)
}

/// The value that a reference in an event of an execution stands for.
pub fn whole(conn: &mut PgConnection, workspace: WorkspaceId, id: ExecutionId, reference: &PayloadRef) -> Result<Value, Error> {
    let unreadable =
        |why: &dyn std::fmt::Display| Error::Corrupt(format!("the payload {} of execution {id}: {why}", reference.sha256));
    let sha256 = hex::decode(&reference.sha256).map_err(|error| unreadable(&error))?;
    let (bytes, content) = execution_payload_get(conn, workspace, id, &sha256).map_err(|error| match error {
        Error::NotFound => unreadable(&"it is not there any more"),
        other => other,
    })?;
    unpack(&content, bytes.unsigned_abs()).map_err(|error| unreadable(&error))
}

/// One payload: the length of its text, and the text, compressed.
pub fn execution_payload_get(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    id: ExecutionId,
    sha256: &[u8],
) -> Result<(i64, Vec<u8>), Error> {
    let row = execution_payloads::table.find((workspace.0, id.0, sha256));
    Ok(row.select((execution_payloads::bytes, execution_payloads::content)).first(conn)?)
}
