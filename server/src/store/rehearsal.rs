//! Migrations on a copy: how long each takes, and which tables it locks meanwhile.

use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use diesel::migration::Migration;
use diesel::pg::{Pg, PgConnection};
use diesel::sql_types::{BigInt, Oid, Text};
use diesel::{Connection as _, QueryableByName, RunQueryDsl as _, sql_query};
use diesel_migrations::MigrationHarness as _;

use super::Error;
use super::migrate::{MIGRATIONS, prepare};

/// A migration as it went on a copy.
#[derive(Debug)]
pub struct Rehearsed {
    /// Its name: date, number and what it is about.
    pub name: String,
    /// How long it took.
    pub elapsed: Duration,
    /// The tables that were there before and that it locked until its end, the largest first.
    pub locks: Vec<Lock>,
}

/// A lock that others wait for.
#[derive(Debug, PartialEq, Eq)]
pub struct Lock {
    /// The table; its partitions count as it.
    pub table: String,
    /// Whether reading waits too, and not only writing.
    pub readers_wait: bool,
    /// The size of the table with its indexes, in bytes.
    pub bytes: i64,
}

#[derive(QueryableByName)]
struct LockRow {
    #[diesel(sql_type = Oid)]
    id: u32,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    mode: String,
    #[diesel(sql_type = BigInt)]
    bytes: i64,
}

#[derive(QueryableByName)]
struct TableRow {
    #[diesel(sql_type = Oid)]
    id: u32,
}

/// The locks of this transaction that hold up those who write, or also those who read.
const LOCKS: &str = "SELECT c.oid AS id, regexp_replace(c.relname, '_[0-9]{8}$|_default$', '') AS name, l.mode, pg_total_relation_size(c.oid) AS bytes
     FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
     WHERE l.pid = pg_backend_pid() AND l.granted AND c.relnamespace = 'tidemill'::regnamespace AND c.relkind IN ('r', 'p')
       AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')";

const TABLES: &str = "SELECT oid AS id FROM pg_class WHERE relnamespace = 'tidemill'::regnamespace AND relkind IN ('r', 'p')";

/// Runs the migrations that the database at `url`, a copy, doesn't have. Blocks.
///
/// # Errors
/// [`Error::Migration`] and what Postgres says.
pub fn rehearse(url: &str) -> Result<Vec<Rehearsed>, Error> {
    let mut conn = PgConnection::establish(url)?;
    prepare(&mut conn)?;
    conn.batch_execute("SET client_min_messages = 'warning'; SET ROLE tidemill_owner; SET search_path = tidemill")?;
    let pending = conn.pending_migrations(MIGRATIONS).map_err(Error::Migration)?;
    pending.iter().map(|migration| one(&mut conn, migration.as_ref())).collect()
}

fn one(conn: &mut PgConnection, migration: &dyn Migration<Pg>) -> Result<Rehearsed, Error> {
    let before: HashSet<u32> = sql_query(TABLES).load::<TableRow>(conn)?.into_iter().map(|row| row.id).collect();
    let begin = Instant::now();
    let held = conn.transaction(|conn| {
        conn.run_migration(migration).map_err(Error::Migration)?;
        Ok::<_, Error>(sql_query(LOCKS).load::<LockRow>(conn)?)
    })?;
    let elapsed = begin.elapsed();
    let held = held.into_iter().filter(|row| before.contains(&row.id)).collect();
    Ok(Rehearsed { name: migration.name().to_string(), elapsed, locks: summed(held) })
}

/// One lock for each table, partitions counted with their parents.
fn summed(rows: Vec<LockRow>) -> Vec<Lock> {
    let mut tables: BTreeMap<String, (BTreeMap<u32, i64>, bool)> = BTreeMap::new();
    for row in rows {
        let (parts, readers) = tables.entry(row.name).or_default();
        parts.insert(row.id, row.bytes);
        *readers |= row.mode == "AccessExclusiveLock";
    }
    let lock = |(table, (parts, readers_wait)): (String, (BTreeMap<u32, i64>, bool))| Lock {
        table,
        readers_wait,
        bytes: parts.values().sum(),
    };
    let mut locks: Vec<Lock> = tables.into_iter().map(lock).collect();
    locks.sort_by_key(|lock| -lock.bytes);
    locks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_count_as_their_table() {
        let row = |id, name: &str, mode: &str, bytes| LockRow { id, name: name.to_owned(), mode: mode.to_owned(), bytes };
        let locks = summed(vec![
            row(1, "users", "ShareLock", 5),
            row(2, "executions", "ShareLock", 0),
            row(3, "executions", "ShareLock", 40),
            row(3, "executions", "AccessExclusiveLock", 40),
        ]);
        let lock = |table: &str, readers_wait, bytes| Lock { table: table.to_owned(), readers_wait, bytes };
        assert_eq!(locks, [lock("executions", true, 40), lock("users", false, 5)]);
    }
}
