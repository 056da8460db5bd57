//! A connection of one's own, for work that must go on when the pools are exhausted.

use std::sync::{Arc, Mutex, PoisonError};

use diesel::pg::PgConnection;

use super::database::blocking;
use super::{Database, Error, is_alive};

/// One connection of the engine, opened when it is first needed and again after it was lost. Clones share it.
#[derive(Clone)]
pub struct Lane {
    database: Database,
    connection: Arc<Mutex<Option<PgConnection>>>,
}

impl std::fmt::Debug for Lane {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lane").finish_non_exhaustive()
    }
}

impl Lane {
    /// No connection yet.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self { database, connection: Arc::default() }
    }

    /// Runs `work` outside any transaction: a single statement is one of its own.
    pub async fn run<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut PgConnection) -> Result<T, Error> + Send + 'static,
    {
        let lane = self.clone();
        blocking(move || {
            let mut kept = lane.connection.lock().unwrap_or_else(PoisonError::into_inner);
            let mut connection = kept.take().map_or_else(|| lane.database.open_engine_connection(), Ok)?;
            let outcome = work(&mut connection);
            if outcome.is_ok() || is_alive(&mut connection) {
                *kept = Some(connection);
            }
            outcome
        })
        .await
    }
}
