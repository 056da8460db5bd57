//! What every connection is told before anyone uses it, and the check that its role is harmless.

use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::r2d2::{CustomizeConnection, Error as ConnectionError, HandleError};
use diesel::sql_types::{Bool, Integer, Text};
use diesel::{Connection, QueryableByName, RunQueryDsl, sql_query};

use super::Error;

/// The role in whose name a connection works. The login role may be anything that may `SET ROLE` to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// One workspace at a time, under forced row-level security.
    App,
    /// The engine, across workspaces, on the tables that it needs.
    Engine,
}

impl Role {
    fn name(self) -> &'static str {
        match self {
            Self::App => "tidemill_app",
            Self::Engine => "tidemill_engine",
        }
    }

    /// Longer than any statement of ours takes, shorter than a client waits.
    fn settings(self) -> String {
        format!(
            "SET ROLE {}; SET search_path = tidemill; SET timezone = 'UTC'; SET statement_timeout = '5s'; \
             SET idle_in_transaction_session_timeout = '10s'; SET client_min_messages = 'warning'",
            self.name()
        )
    }
}

/// Whether the connection still answers, after a statement on it failed.
pub fn is_alive(conn: &mut PgConnection) -> bool {
    conn.transaction(|conn| sql_query("SELECT 1").execute(conn)).is_ok()
}

/// Whether the database at `url` answers and is new enough: its Postgres version.
///
/// # Errors
/// [`Error::Unavailable`], or [`Error::PostgresTooOld`].
pub fn check(url: &str) -> Result<String, Error> {
    check_version(&mut PgConnection::establish(url)?)
}

/// What libpq is told so that a database which fell silent is noticed: no thread waits for it for ever. Seconds, and
/// milliseconds for the last; all of it is about TCP and without effect on a local socket.
const GUARDS: [(&str, &str); 5] = [
    ("connect_timeout", "10"),
    ("keepalives_idle", "10"),
    ("keepalives_interval", "5"),
    ("keepalives_count", "3"),
    ("tcp_user_timeout", "20000"),
];

/// `url` with the guards that it doesn't set itself.
pub(super) fn guarded(url: &str) -> String {
    let mut guarded = url.to_owned();
    for (name, value) in GUARDS.iter().filter(|(name, _)| !url.contains(&format!("{name}="))) {
        guarded.push(if guarded.contains('?') { '&' } else { '?' });
        guarded.extend([name, "=", value]);
    }
    guarded
}

/// A connection outside the pools.
pub(super) fn open(url: &str, role: Role) -> Result<PgConnection, Error> {
    let mut conn = PgConnection::establish(url)?;
    conn.batch_execute(&role.settings())?;
    Ok(conn)
}

impl CustomizeConnection<PgConnection, ConnectionError> for Role {
    fn on_acquire(&self, conn: &mut PgConnection) -> Result<(), ConnectionError> {
        conn.batch_execute(&self.settings()).map_err(ConnectionError::QueryError)
    }
}

/// Tells the log what the pool keeps to itself while it tries again.
#[derive(Debug)]
pub(super) struct LogErrors;

impl<E: std::error::Error> HandleError<E> for LogErrors {
    fn handle_error(&self, error: E) {
        tracing::warn!(%error, "no connection to the database, trying again");
    }
}

#[derive(QueryableByName)]
struct RoleFacts {
    #[diesel(sql_type = Text)]
    role: String,
    #[diesel(sql_type = Bool)]
    superuser: bool,
    #[diesel(sql_type = Bool)]
    bypasses: bool,
    #[diesel(sql_type = Bool)]
    owns: bool,
}

/// Refuses a role that row-level security would not bind.
pub(super) fn check_role(conn: &mut PgConnection) -> Result<(), Error> {
    let facts: RoleFacts = sql_query(include_str!("role_facts.sql")).get_result(conn)?;
    let why = match facts {
        RoleFacts { superuser: true, .. } => "is a superuser",
        RoleFacts { bypasses: true, .. } => "has BYPASSRLS",
        RoleFacts { owns: true, .. } => "owns tables of the schema",
        _ => return Ok(()),
    };
    Err(Error::UnsafeRole { role: facts.role, why })
}

#[derive(QueryableByName)]
struct ServerVersion {
    #[diesel(sql_type = Integer)]
    number: i32,
    #[diesel(sql_type = Text)]
    text: String,
}

/// The server's version in words; an error below 15. Warns of minor versions with known holes in row-level security.
pub(super) fn check_version(conn: &mut PgConnection) -> Result<String, Error> {
    let version: ServerVersion =
        sql_query("SELECT current_setting('server_version_num')::integer AS number, current_setting('server_version') AS text")
            .get_result(conn)?;
    let (major, minor) = (version.number / 10_000, version.number % 10_000);
    if major < 15 {
        return Err(Error::PostgresTooOld(version.text));
    }
    // CVE-2024-10976: a policy of the wrong role may be applied when a plan is reused.
    if matches!((major, minor), (15, ..9) | (16, ..5) | (17, ..1)) {
        tracing::warn!(version = %version.text, "this Postgres has a known hole in row-level security (CVE-2024-10976): update it");
    }
    Ok(version.text.split_whitespace().next().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::guarded;

    #[test]
    fn an_operator_may_choose_other_guards() {
        let url = guarded("postgres://u@db.example/t?sslmode=require&tcp_user_timeout=5000");
        assert_eq!(url.matches("tcp_user_timeout=").count(), 1);
        assert!(url.ends_with("&keepalives_count=3"), "{url}");
        assert!(guarded("postgres://u@db.example/t").starts_with("postgres://u@db.example/t?connect_timeout=10&"));
    }
}
