//! What can go wrong between the server and its database.

use diesel::result::{DatabaseErrorKind, Error as DieselError};
use thiserror::Error as ThisError;

/// A failure of the store. The source says what Postgres said; `Display` doesn't repeat it.
#[derive(Debug, ThisError)]
pub enum Error {
    /// The database can't be reached, is stopping, or has no free connection: trying again later makes sense.
    #[error("the database can't be reached")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A constraint refused the write.
    #[error("the constraint `{0}` refused the write")]
    Conflict(String),
    /// No such row in this workspace.
    #[error("no such row")]
    NotFound,
    /// A query failed.
    #[error("a query failed")]
    Database(#[source] DieselError),
    /// A row holds what this binary can't read.
    #[error("the database holds something unreadable: {0}")]
    Corrupt(String),
    /// The server is too old.
    #[error("Postgres {0} is too old: Tidemill needs 15 or newer")]
    PostgresTooOld(String),
    /// The schema was made by a newer binary.
    #[error(
        "the database has migration {found}, which this binary doesn't know (its newest is {known}), and is only for servers that \
         know {oldest}: start the newer Tidemill, or restore the backup taken before the upgrade"
    )]
    SchemaNewer {
        /// The newest unknown migration of the database.
        found: String,
        /// The newest migration of this binary.
        known: String,
        /// What a server must know to work on it.
        oldest: String,
    },
    /// The login role can't make what the first start needs.
    #[error(
        "the role `{role}` may not prepare this database: let a superuser run the following there, then start again\n\n{sql}"
    )]
    Unprepared {
        /// The role that the server logs in as.
        role: String,
        /// What a database administrator must run.
        sql: String,
    },
    /// The login role would copy only a part.
    #[error(
        "the role `{role}` is bound by row-level security and would copy only a part ({why}): name the role that the server uses, a \
         superuser, or a role with BYPASSRLS in --database-url"
    )]
    MayNotReadAll {
        /// The role.
        role: String,
        /// What it doesn't see.
        why: String,
    },
    /// There is something where a copy is to be put.
    #[error("the database holds a Tidemill already; restore into an empty one")]
    NotEmpty,
    /// A migration failed.
    #[error("the migration failed: {0}")]
    Migration(Box<dyn std::error::Error + Send + Sync>),
    /// A role could see or change more than one tenant's rows.
    #[error("refusing to start: the role `{role}` {why}, so that row-level security would not bind it")]
    UnsafeRole {
        /// The role in effect.
        role: String,
        /// What it must not be.
        why: &'static str,
    },
}

impl Error {
    /// Whether trying again later can help.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

/// What Postgres says when the connection or the server goes away, or a limit of time or room is hit; diesel has no kind for
/// these. Everything else it would refuse again.
const AWAY: [&str; 13] = [
    "terminating connection",
    "the database system is",
    "server closed the connection",
    "connection to server",
    "could not send data to server",
    "could not receive data from server",
    "canceling statement due to statement timeout",
    "canceling statement due to lock timeout",
    "deadlock detected",
    "could not extend file",
    "No space left on device",
    "out of memory",
    "out of shared memory",
];

impl From<DieselError> for Error {
    fn from(error: DieselError) -> Self {
        let away = match &error {
            DieselError::NotFound => return Self::NotFound,
            DieselError::BrokenTransactionManager => true,
            DieselError::DatabaseError(kind, info) => match kind {
                DatabaseErrorKind::ClosedConnection
                | DatabaseErrorKind::SerializationFailure
                | DatabaseErrorKind::ReadOnlyTransaction => true,
                DatabaseErrorKind::UniqueViolation
                | DatabaseErrorKind::ForeignKeyViolation
                | DatabaseErrorKind::CheckViolation
                | DatabaseErrorKind::ExclusionViolation => {
                    return Self::Conflict(info.constraint_name().unwrap_or("unnamed").to_owned());
                }
                _ => AWAY.iter().any(|phrase| info.message().contains(phrase)),
            },
            _ => false,
        };
        if away { Self::Unavailable(Box::new(error)) } else { Self::Database(error) }
    }
}

impl From<diesel::ConnectionError> for Error {
    fn from(error: diesel::ConnectionError) -> Self {
        Self::Unavailable(Box::new(error))
    }
}

impl From<diesel::r2d2::PoolError> for Error {
    fn from(error: diesel::r2d2::PoolError) -> Self {
        Self::Unavailable(Box::new(error))
    }
}
