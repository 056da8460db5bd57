//! The schema at start: roles, then migrations, one server at a time, never backwards. A server may be one release behind.

use std::fmt;
use std::path::PathBuf;

use diesel::connection::SimpleConnection;
use diesel::migration::{Migration, MigrationSource, MigrationVersion};
use diesel::pg::{Pg, PgConnection};
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel::sql_types::{Array, Bool, Text};
use diesel::{Connection, QueryableByName, RunQueryDsl, sql_query};
use diesel_migrations::{EmbeddedMigrations, FileBasedMigrations, MigrationHarness, embed_migrations};

use super::{Error, connection};

const ROLES: &str = include_str!("../../../migrations/roles.sql");
pub(super) const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../migrations");

/// The newest migration of the release before this one: servers that know it may work on the schema of this binary, and this
/// binary's schema only adds to theirs. Each release moves it (see CONTRIBUTING.md).
pub const OLDEST_SERVER: &str = "20261124100000";

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
/// A database of the next release is left as it is, if that one says that this server may work on it.
///
/// # Errors
/// [`Error::Unprepared`] when the login role may not make roles or the schema, [`Error::SchemaNewer`] when a binary that is more than
/// one release newer was here before, [`Error::Migration`] when a migration fails (it leaves no trace: each is one transaction).
pub fn migrate(url: &str) -> Result<SchemaVersion, Error> {
    migrate_as(url, &Release(None))
}

/// The same as `release`.
///
/// # Errors
/// Those of [`migrate()`].
pub fn migrate_as(url: &str, release: &Release) -> Result<SchemaVersion, Error> {
    let mut conn = PgConnection::establish(url)?;
    connection::check_version(&mut conn)?;
    conn.batch_execute(&format!("SET client_min_messages = 'warning'; SELECT pg_advisory_lock({LOCK})"))?;
    prepare(&mut conn)?;
    conn.batch_execute("SET ROLE tidemill_owner; SET search_path = tidemill")?;
    let known = release.versions()?;
    let newest = known.last().cloned().unwrap_or_default();
    let applied = conn.applied_migrations().map_err(Error::Migration)?;
    if let Some(found) = applied.iter().map(MigrationVersion::to_string).filter(|version| !known.contains(version)).max() {
        return go_on(&mut conn, found, newest);
    }
    conn.run_pending_migrations(release.clone()).map_err(Error::Migration)?;
    sql_query("UPDATE schema_floor SET oldest = $1 WHERE oldest < $1")
        .bind::<Text, _>(release.oldest_server()?)
        .execute(&mut conn)?;
    Ok(SchemaVersion(newest))
}

/// A newer release was here: does it let a server go on whose newest migration is `known`?
fn go_on(conn: &mut PgConnection, found: String, known: String) -> Result<SchemaVersion, Error> {
    let oldest = match sql_query("SELECT oldest FROM schema_floor").get_result::<Floor>(conn) {
        Ok(floor) => floor.oldest,
        // Without the table: it is no newer one of ours.
        Err(DieselError::DatabaseError(DatabaseErrorKind::Unknown, _)) => found.clone(),
        Err(error) => return Err(error.into()),
    };
    if known < oldest {
        return Err(Error::SchemaNewer { found, known, oldest });
    }
    tracing::warn!(schema = found, "a newer release has migrated the database; this server goes on beside it");
    Ok(SchemaVersion(found))
}

#[derive(QueryableByName)]
struct Floor {
    #[diesel(sql_type = Text)]
    oldest: String,
}

/// The migrations of a release: those of this binary, and for the project's own tests of upgrades those of a directory besides, which
/// stand for the next release.
#[derive(Debug, Clone, Default)]
pub struct Release(pub Option<PathBuf>);

impl Release {
    /// The versions, oldest first.
    fn versions(&self) -> Result<Vec<String>, Error> {
        let migrations: Vec<Box<dyn Migration<Pg>>> = self.migrations().map_err(Error::Migration)?;
        let mut versions: Vec<String> = migrations.iter().map(|migration| migration.name().version().to_string()).collect();
        versions.sort();
        Ok(versions)
    }

    fn oldest_server(&self) -> Result<String, Error> {
        match self.0 {
            None => Ok(OLDEST_SERVER.to_owned()),
            Some(_) => Ok(Self(None).versions()?.pop().unwrap_or_default()),
        }
    }
}

impl MigrationSource<Pg> for Release {
    fn migrations(&self) -> diesel::migration::Result<Vec<Box<dyn Migration<Pg>>>> {
        let mut all = MIGRATIONS.migrations()?;
        if let Some(dir) = &self.0 {
            all.extend(FileBasedMigrations::from_path(dir)?.migrations()?);
        }
        Ok(all)
    }
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
