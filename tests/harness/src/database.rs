//! A database per test, cloned from a migrated template.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Once, OnceLock};

use diesel::connection::SimpleConnection;
use sha2::{Digest, Sha256};

use crate::Postgres;
use crate::postgres::{connect, execute, query};

/// Makes and clones the template one process at a time: Postgres refuses to clone what somebody uses.
const TEMPLATE_LOCK: i64 = 7_205_699;

/// The names of test databases: prefix, pid, number.
const PREFIX: &str = "tidemill_test_";

/// A database that lives as long as this value.
#[derive(Debug)]
pub struct TestDatabase {
    name: String,
    url: String,
}

impl TestDatabase {
    /// An empty database.
    pub fn empty() -> Self {
        let database = Self::named();
        execute(Postgres::shared().url(), &format!("CREATE DATABASE {}", database.name));
        database
    }

    /// A migrated database. `migrate` gets the URL of the template and runs once per set of migrations, not once per test.
    pub fn migrated(migrate: impl FnOnce(&str)) -> Self {
        let database = Self::named();
        let postgres = Postgres::shared();
        // One connection for both: the lock is its own.
        let mut conn = connect(postgres.url());
        conn.batch_execute(&format!("SELECT pg_advisory_lock({TEMPLATE_LOCK})")).expect("the lock");
        let template = template_name();
        if !is_whole(&template) {
            execute(postgres.url(), &format!("DROP DATABASE IF EXISTS {template} WITH (FORCE)"));
            execute(postgres.url(), &format!("CREATE DATABASE {template}"));
            migrate(&postgres.url_of(&template));
            execute(postgres.url(), &format!("ALTER DATABASE {template} IS_TEMPLATE true ALLOW_CONNECTIONS false"));
        }
        conn.batch_execute(&format!("CREATE DATABASE {} TEMPLATE {template}", database.name)).expect("the clone");
        database
    }

    /// Its name in the shared Postgres.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The superuser's URL of the database.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Runs `sql` as the superuser.
    pub fn execute(&self, sql: &str) {
        execute(&self.url, sql);
    }

    /// The first column of each row of `sql`, as text, read as the superuser.
    pub fn query(&self, sql: &str) -> Vec<Option<String>> {
        query(&self.url, sql)
    }

    fn named() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        static SWEEP: Once = Once::new();
        SWEEP.call_once(sweep);
        let name = format!("{PREFIX}{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let url = Postgres::shared().url_of(&name);
        Self { name, url }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        execute(Postgres::shared().url(), &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
    }
}

/// Drops what test processes of this machine left behind when they were killed.
fn sweep() {
    let url = Postgres::shared().url();
    for name in query(url, &format!("SELECT datname FROM pg_database WHERE datname LIKE '{PREFIX}%'")).into_iter().flatten() {
        let pid = name.trim_start_matches(PREFIX).split('_').next().unwrap_or_default();
        if !Path::new("/proc").join(pid).exists() {
            execute(url, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

/// The flag is set last: a template without it was left by a process that died while it migrated.
fn is_whole(template: &str) -> bool {
    let sql = format!("SELECT 1 FROM pg_database WHERE datname = '{template}' AND datistemplate");
    !query(Postgres::shared().url(), &sql).is_empty()
}

/// One template per content of `migrations/`.
fn template_name() -> String {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| {
        let mut files = Vec::new();
        collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations"), &mut files);
        files.sort();
        let mut hash = Sha256::new();
        for file in files {
            hash.update(file.to_string_lossy().as_bytes());
            hash.update(fs::read(&file).expect("a migration"));
        }
        format!("tidemill_template_{}", &hex::encode(hash.finalize())[..16])
    })
    .clone()
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).expect("the migrations") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { collect(&path, files) } else { files.push(path) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "CREATE TABLE marks (mark integer); INSERT INTO marks VALUES (7)";

    #[test]
    fn clones_have_what_the_template_has_and_nothing_of_each_other() {
        let databases: Vec<TestDatabase> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| TestDatabase::migrated(|url| execute(url, TABLE)))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        databases[0].execute("DELETE FROM marks");
        assert!(databases[0].query("SELECT mark FROM marks").is_empty());
        assert_eq!(databases[1].query("SELECT mark FROM marks"), [Some("7".to_owned())]);
    }

    #[test]
    fn a_database_goes_with_its_value() {
        let database = TestDatabase::empty();
        let sql = format!("SELECT 1 FROM pg_database WHERE datname = '{}'", database.name);
        assert_eq!(query(Postgres::shared().url(), &sql).len(), 1);
        drop(database);
        assert!(query(Postgres::shared().url(), &sql).is_empty());
    }
}
