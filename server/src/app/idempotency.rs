//! A request that comes twice with the same `Idempotency-Key` is carried out once.

use std::sync::Arc;

use tidemill_common::clock::Clock;

use super::Error;
use crate::auth::Caller;
use crate::store::Database;
use crate::store::queries::idempotency;
use crate::store::rows::idempotency_key::IdempotencyKey;

/// Kept replies.
#[derive(Clone)]
pub struct Idempotency {
    database: Database,
    clock: Arc<dyn Clock>,
}

/// A request with an `Idempotency-Key`.
#[derive(Debug, Clone)]
pub struct IdempotentRequest {
    /// The key.
    pub key: String,
    /// SHA-256 of what it asks for.
    pub fingerprint: [u8; 32],
}

/// What the first request with a key was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptReply {
    /// The HTTP status.
    pub status: u16,
    /// The media type, if there is a body.
    pub content_type: Option<String>,
    /// The body; absent when it held something that is shown only once.
    pub body: Option<Vec<u8>>,
}

/// A key that this request has taken.
#[derive(Debug)]
pub struct Taken(IdempotencyKey);

/// What there is to do about a request with a key.
#[derive(Debug)]
pub enum Begun {
    /// It is the first: carry it out, then [`Idempotency::finish`] or [`Idempotency::release`].
    First(Taken),
    /// It was carried out before: answer this.
    Kept(KeptReply),
    /// The first one is still under way.
    InFlight,
    /// The key was used for another request.
    Mismatch,
}

impl Idempotency {
    /// Replies kept in `database`.
    pub fn new(database: Database, clock: Arc<dyn Clock>) -> Self {
        Self { database, clock }
    }

    /// Takes the key for this request, or finds what became of the first one.
    pub async fn begin(&self, caller: &Caller, request: IdempotentRequest) -> Result<Begun, Error> {
        let wanted = IdempotencyKey {
            workspace_id: caller.workspace.0,
            token_id: caller.token.0,
            key: request.key,
            fingerprint: request.fingerprint.to_vec(),
            status: None,
            content_type: None,
            body: None,
            created_at: self.clock.now(),
        };
        let row = wanted.clone();
        let found = self.database.with_tenant(caller.workspace, move |conn| idempotency::idempotency_begin(conn, &row)).await?;
        Ok(match found {
            None => Begun::First(Taken(wanted)),
            Some(first) if first.fingerprint != wanted.fingerprint => Begun::Mismatch,
            Some(IdempotencyKey { status: Some(status), content_type, body, .. }) => {
                Begun::Kept(KeptReply { status: status.unsigned_abs(), content_type, body })
            }
            Some(_) => Begun::InFlight,
        })
    }

    /// Keeps the reply for a day.
    pub async fn finish(&self, caller: &Caller, Taken(taken): Taken, reply: KeptReply) -> Result<(), Error> {
        let reply =
            idempotency::Reply { status: reply.status.cast_signed(), content_type: reply.content_type, body: reply.body };
        self.database.with_tenant(caller.workspace, move |conn| idempotency::idempotency_finish(conn, &taken, reply)).await?;
        Ok(())
    }

    /// Gives the key back, so that the client may try again with it.
    pub async fn release(&self, caller: &Caller, Taken(taken): Taken) -> Result<(), Error> {
        let (workspace, sender) = (caller.workspace, caller.token);
        self.database
            .with_tenant(workspace, move |conn| idempotency::idempotency_release(conn, workspace, sender, &taken.key))
            .await?;
        Ok(())
    }
}
