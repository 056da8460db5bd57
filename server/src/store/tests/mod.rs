//! The store against a real Postgres.

mod buckets;
mod claims;
mod era;
mod feed;
mod lists;
mod migrations;
mod retention;
mod schema;
mod strangers;
mod tenants;

use std::sync::atomic::{AtomicU32, Ordering};

use diesel::pg::PgConnection;
use diesel::{Connection, RunQueryDsl, sql_query};
use tidemill_harness::Postgres;

use super::{Database, PoolSizes, migrate};

/// A migrated database that lives as long as this value.
pub struct TestDatabase {
    admin_url: &'static str,
    name: String,
    /// Where it is.
    pub url: String,
}

impl TestDatabase {
    /// An empty database.
    pub fn empty() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let admin_url = Postgres::shared().url();
        let name = format!("tidemill_store_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let separator = if admin_url.contains('?') { '&' } else { '?' };
        let url = format!("{admin_url}{separator}dbname={name}");
        execute(admin_url, &format!("CREATE DATABASE {name}"));
        Self { admin_url, name, url }
    }

    /// A migrated database.
    pub fn migrated() -> Self {
        let database = Self::empty();
        migrate(&database.url).expect("the migrations run");
        database
    }

    /// Opens the pools.
    pub fn connect(&self) -> Database {
        Database::connect(&self.url, PoolSizes { app: 2, engine: 2 }).expect("the test database answers")
    }

    /// Runs `sql` as the superuser.
    pub fn execute(&self, sql: &str) {
        execute(&self.url, sql);
    }

    /// Runs `sql` as the superuser from outside this database; `{name}` stands for its name.
    pub fn execute_elsewhere(&self, sql: &str) {
        execute(self.admin_url, &sql.replace("{name}", &self.name));
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        execute(self.admin_url, &format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}

fn execute(url: &str, sql: &str) {
    let mut conn = PgConnection::establish(url).expect("the test cluster answers");
    sql_query(sql).execute(&mut conn).expect("the superuser may do this");
}
