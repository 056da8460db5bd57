//! The schema at start: roles, then migrations, one server at a time, never backwards.

use std::fmt;

use diesel::connection::SimpleConnection;
use diesel::migration::{Migration, MigrationSource, MigrationVersion};
use diesel::pg::{Pg, PgConnection};
use diesel::sql_types::{Array, Bool, Text};
use diesel::{Connection, QueryableByName, RunQueryDsl, sql_query};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{Error, connection};

const ROLES: &str = include_str!("../../../migrations/roles.sql");
pub(super) const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../migrations");

/// How Postgres 15 to 18 say that a role may not do something with other roles or the database.
const MAY_NOT: [&str; 4] =
    ["permission denied", "must have admin option", "must be able to SET ROLE", "must be member of role"];

/// One server at a time migrates a database. Any number that nobody else uses.
const LOCK: i64 = 7_205_601;

/// The newest migration that a database has, such as `20261123000001`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaVersion(String);

impl fmt::Display for SchemaVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Brings the database behind `url` to the schema of this binary. Blocks; other servers that start at once wait their turn.
///
/// # Errors
/// [`Error::Unprepared`] when the login role may not make roles or the schema, [`Error::SchemaNewer`] when a newer binary
/// was here before, [`Error::Migration`] when a migration fails (it leaves no trace: each is one transaction).
pub fn migrate(url: &str) -> Result<SchemaVersion, Error> {
    let mut conn = PgConnection::establish(url)?;
    connection::check_version(&mut conn)?;
    conn.batch_execute(&format!("SET client_min_messages = 'warning'; SELECT pg_advisory_lock({LOCK})"))?;
    prepare(&mut conn)?;
    conn.batch_execute("SET ROLE tidemill_owner; SET search_path = tidemill")?;
    let known = known()?;
    let newest = known.last().cloned().unwrap_or_default();
    let applied = conn.applied_migrations().map_err(Error::Migration)?;
    if let Some(found) = applied.iter().map(MigrationVersion::to_string).filter(|version| !known.contains(version)).max() {
        return Err(Error::SchemaNewer { found, known: newest });
    }
    conn.run_pending_migrations(MIGRATIONS).map_err(Error::Migration)?;
    Ok(SchemaVersion(newest))
}

/// The versions in this binary, oldest first.
fn known() -> Result<Vec<String>, Error> {
    let migrations: Vec<Box<dyn Migration<Pg>>> = MIGRATIONS.migrations().map_err(Error::Migration)?;
    let mut versions: Vec<String> = migrations.iter().map(|migration| migration.name().version().to_string()).collect();
    versions.sort();
    Ok(versions)
}

#[derive(QueryableByName)]
struct Prepared {
    #[diesel(sql_type = Text)]
    role: String,
    #[diesel(sql_type = Array<Text>)]
    missing: Vec<String>,
    #[diesel(sql_type = Bool)]
    member: bool,
    #[diesel(sql_type = Bool)]
    schema: bool,
}

/// Makes roles and schema where they are missing. A database that an administrator prepared needs no rights for it.
pub(super) fn prepare(conn: &mut PgConnection) -> Result<(), Error> {
    let before: Prepared = sql_query(include_str!("prepared.sql")).get_result(conn)?;
    if before.member && before.schema {
        return Ok(());
    }
    match conn.transaction(|conn| conn.batch_execute(ROLES)) {
        Ok(()) => Ok(()),
        Err(diesel::result::Error::DatabaseError(_, info)) if MAY_NOT.iter().any(|phrase| info.message().contains(phrase)) => {
            Err(Error::Unprepared { sql: by_hand(&before), role: before.role })
        }
        Err(error) => Err(error.into()),
    }
}

/// What a superuser must run in the database when our login role may not.
fn by_hand(found: &Prepared) -> String {
    let login = found.role.replace('"', "\"\"");
    let create = |role: &String| format!("CREATE ROLE {role} NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;");
    let mut statements: Vec<String> = found.missing.iter().map(create).collect();
    statements.push(format!("GRANT tidemill_owner, tidemill_app, tidemill_engine TO \"{login}\";"));
    statements.push("CREATE SCHEMA IF NOT EXISTS tidemill AUTHORIZATION tidemill_owner;".to_owned());
    statements.join("\n")
}
