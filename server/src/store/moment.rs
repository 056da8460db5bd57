//! A moment of a database, held still while it is copied, and what a copy must have to be one.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text, Timestamptz};
use diesel::{Connection as _, OptionalExtension as _, QueryableByName, RunQueryDsl as _, sql_query};
use serde::{Deserialize, Serialize};

use super::{Error, connection};

/// What a copy must have: rows, chains of the audit log, schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The newest migration.
    pub schema: String,
    /// Rows of each table.
    pub rows: BTreeMap<String, i64>,
    /// The end of each organization's chain of the audit log: its last place and hash, in hexadecimal.
    pub audit: BTreeMap<String, String>,
}

/// One moment of a database: a transaction whose snapshot others may read.
pub struct Moment {
    conn: PgConnection,
    snapshot: String,
}

#[derive(QueryableByName)]
struct Beginning {
    #[diesel(sql_type = Text)]
    snapshot: String,
    #[diesel(sql_type = Timestamptz)]
    at: DateTime<Utc>,
    #[diesel(sql_type = BigInt)]
    bytes: i64,
}

/// What is known of a moment when it begins to be held.
#[derive(Debug, Clone)]
pub struct Held {
    /// When it is, by the clock of the database.
    pub at: DateTime<Utc>,
    /// The size of the database on its disk, in bytes.
    pub bytes: i64,
    /// The version of Postgres.
    pub postgres: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[derive(QueryableByName)]
struct Pair {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    value: String,
}

#[derive(QueryableByName)]
struct Reader {
    #[diesel(sql_type = Text)]
    role: String,
    /// Whether row-level security is nothing to it.
    #[diesel(sql_type = Bool)]
    bypasses: bool,
    /// Whether it has the rights of the schema's owner.
    #[diesel(sql_type = Bool)]
    owns: bool,
    /// A table of which it would not see every row, if there is one.
    #[diesel(sql_type = Nullable<Text>)]
    hidden: Option<String>,
}

impl Reader {
    /// Why it would copy a part only.
    fn why_not(&self) -> Option<String> {
        match &self.hidden {
            _ if self.bypasses => None,
            _ if !self.owns => Some("it has not the rights of tidemill_owner".to_owned()),
            Some(table) => Some(format!("it does not see every row of {table}")),
            None => None,
        }
    }
}

/// Who asks, and whether it sees every row: the server's own login has the rights of the engine's role, which has policies that let
/// it see everything.
const READER: &str = "SELECT r.rolname::text AS role, r.rolsuper OR r.rolbypassrls AS bypasses,
            EXISTS (SELECT FROM pg_roles o WHERE o.rolname = 'tidemill_owner' AND pg_has_role(r.oid, o.oid, 'USAGE')) AS owns,
            (SELECT c.relname::text FROM pg_class c
             WHERE c.relnamespace = to_regnamespace('tidemill') AND c.relrowsecurity AND NOT EXISTS (
                 SELECT FROM pg_policy p
                 WHERE p.polrelid = c.oid AND p.polcmd IN ('r', '*') AND pg_get_expr(p.polqual, p.polrelid) = 'true'
                   AND EXISTS (SELECT FROM unnest(p.polroles) AS role (id) WHERE role.id = 0 OR pg_has_role(r.oid, role.id, 'USAGE')))
             ORDER BY 1 LIMIT 1) AS hidden
     FROM pg_roles r WHERE r.rolname = current_user";

#[derive(QueryableByName)]
struct Broken {
    #[diesel(sql_type = Text)]
    organization: String,
    #[diesel(sql_type = BigInt)]
    seq: i64,
}

#[derive(QueryableByName)]
struct Present {
    #[diesel(sql_type = Nullable<Integer>)]
    tables: Option<i32>,
}

/// The tables, without the partitions that are read with their parents.
const TABLES: &str = "SELECT c.relname::text AS name, '' AS value FROM pg_class c
     WHERE c.relnamespace = 'tidemill'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1";

/// A chain whose hashes don't fit, whose places have a gap, or whose end isn't the one that is kept.
const BROKEN: &str = "WITH links AS (
         SELECT organization_id, seq, hash, previous, sha256(previous || int8send(seq) || convert_to(entry::text, 'UTF8')) AS right_hash,
                lag(hash) OVER chain AS before, lag(seq) OVER chain AS before_seq
         FROM tidemill.audit_log WINDOW chain AS (PARTITION BY organization_id ORDER BY seq)
     ), bad AS (
         SELECT organization_id, seq FROM links
         WHERE hash <> right_hash OR before_seq <> seq - 1 OR previous <> coalesce(before, previous)
         UNION ALL
         SELECT h.organization_id, h.seq FROM tidemill.audit_heads h
         LEFT JOIN tidemill.audit_log l ON l.organization_id = h.organization_id AND l.seq = h.seq
         WHERE h.seq > 0 AND l.hash IS DISTINCT FROM h.hash
     )
     SELECT organization_id::text AS organization, seq FROM bad ORDER BY 1, 2 LIMIT 1";

impl Moment {
    /// Holds the present moment of the database at `url`, for a login role that sees every row of it.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::PostgresTooOld`], or [`Error::MayNotReadAll`].
    pub fn hold(url: &str) -> Result<(Self, Held), Error> {
        let mut conn = PgConnection::establish(url)?;
        let postgres = connection::check_version(&mut conn)?;
        let reader: Reader = sql_query(READER).get_result(&mut conn)?;
        if let Some(why) = reader.why_not() {
            return Err(Error::MayNotReadAll { role: reader.role, why });
        }
        conn.batch_execute(
            "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET timezone = 'UTC';
             BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        )?;
        let Beginning { snapshot, at, bytes } =
            sql_query("SELECT pg_export_snapshot() AS snapshot, now() AS at, pg_database_size(current_database()) AS bytes")
                .get_result(&mut conn)?;
        Ok((Self { conn, snapshot }, Held { at, bytes, postgres }))
    }

    /// The name under which others can read the same moment, as long as it is held.
    #[must_use]
    pub fn snapshot(&self) -> &str {
        &self.snapshot
    }

    /// What a copy of this moment must have. Reads every table.
    pub fn facts(&mut self) -> Result<Facts, Error> {
        let mut rows = BTreeMap::new();
        for Pair { name, .. } in sql_query(TABLES).load::<Pair>(&mut self.conn)? {
            // A name of our own schema, quoted all the same.
            let quoted = name.replace('"', "\"\"");
            let counted: Count =
                sql_query(format!("SELECT count(*) AS count FROM tidemill.\"{quoted}\"")).get_result(&mut self.conn)?;
            rows.insert(name, counted.count);
        }
        let heads = sql_query(
            "SELECT organization_id::text AS name, seq || ':' || encode(hash, 'hex') AS value FROM tidemill.audit_heads",
        );
        let audit = heads.load::<Pair>(&mut self.conn)?.into_iter().map(|pair| (pair.name, pair.value)).collect();
        let newest = sql_query(
            "SELECT '' AS name, max(version) AS value FROM tidemill.__diesel_schema_migrations HAVING max(version) IS NOT NULL",
        );
        let schema = newest.get_result::<Pair>(&mut self.conn)?.value;
        Ok(Facts { schema, rows, audit })
    }

    /// The first entry of the audit log that its chain doesn't hold: organization and place.
    pub fn broken_chain(&mut self) -> Result<Option<(String, i64)>, Error> {
        let broken = sql_query(BROKEN).get_result::<Broken>(&mut self.conn).optional()?;
        Ok(broken.map(|broken| (broken.organization, broken.seq)))
    }
}

/// Makes ready for a copy: roles, and no schema. Refuses a database that holds one of ours.
///
/// # Errors
/// [`Error::NotEmpty`], and what [`super::migrate()`] can give.
pub fn make_room(url: &str) -> Result<(), Error> {
    let mut conn = PgConnection::establish(url)?;
    connection::check_version(&mut conn)?;
    let found: Present = sql_query(
        "SELECT (SELECT count(*) FROM pg_class WHERE relnamespace = n.oid)::integer AS tables
         FROM (SELECT) AS one LEFT JOIN pg_namespace n ON n.nspname = 'tidemill'",
    )
    .get_result(&mut conn)?;
    if found.tables.is_some_and(|tables| tables > 0) {
        return Err(Error::NotEmpty);
    }
    super::migrate::prepare(&mut conn)?;
    Ok(conn.batch_execute("DROP SCHEMA tidemill")?)
}

/// What a restored database needs before a server uses it: transaction ids begin anew in another cluster.
///
/// # Errors
/// What Postgres says; then nothing has changed.
pub fn begin_era(url: &str) -> Result<(), Error> {
    let mut conn = PgConnection::establish(url)?;
    conn.transaction(|conn| {
        conn.batch_execute("SET LOCAL ROLE tidemill_engine; SET LOCAL search_path = tidemill")?;
        Ok(conn.batch_execute(include_str!("new_era.sql"))?)
    })
}
