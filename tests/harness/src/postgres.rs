//! One Postgres for the whole test process.
//!
//! `TIDEMILL_TEST_DATABASE_URL` names one that runs already (a superuser's URL); `with-postgres` sets it, so that all test
//! processes share one. Else the process starts a cluster of its own with the code that the server uses.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::{Connection, QueryableByName, RunQueryDsl, sql_query, sql_types};
use tidemill_server::postgres::{Cluster, ClusterOptions};

/// Names a Postgres that tests may use.
pub(crate) const URL: &str = "TIDEMILL_TEST_DATABASE_URL";

/// Stops the Postgres `$1` and removes its directory `$2` when the pipe on its standard input closes, which happens however
/// the test process ends: statics are never dropped, and a killed process drops nothing.
const GUARDIAN: &str = r#"
cat > /dev/null
kill -INT "$1"
for _ in $(seq 200); do kill -0 "$1" 2> /dev/null || break; sleep 0.05; done
kill -KILL "$1" 2> /dev/null
rm -rf "$2"
"#;

/// A Postgres that tests may make databases in.
#[derive(Debug)]
pub struct Postgres {
    url: String,
    /// Cluster and guardian of our own Postgres; the guardian's standard input closes when the process ends.
    _own: Option<(Cluster, Child)>,
}

impl Postgres {
    /// The Postgres of this process; started when first asked for.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        SHARED.get_or_init(|| match std::env::var(URL) {
            Ok(url) => Self { url, _own: None },
            Err(_) => Self::start(),
        })
    }

    /// The superuser's URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The superuser's URL for the database `name`.
    pub fn url_of(&self, name: &str) -> String {
        let separator = if self.url.contains('?') { '&' } else { '?' };
        format!("{}{separator}dbname={name}", self.url)
    }

    /// Its unix socket.
    pub(crate) fn socket(&self) -> PathBuf {
        let sql =
            "SELECT split_part(current_setting('unix_socket_directories'), ',', 1) || '/.s.PGSQL.' || current_setting('port')";
        let rows = query(&self.url, sql);
        PathBuf::from(rows[0].as_ref().expect("a path").replace('"', ""))
    }

    fn start() -> Self {
        let dir = tempfile::Builder::new().prefix("tidemill-test-postgres-").tempdir().expect("a temporary directory").keep();
        let cluster =
            Cluster::open(&cluster_options(&dir)).unwrap_or_else(|error| panic!("no Postgres for the tests: {error}"));
        let guardian = guard(cluster.pid().expect("it was just started"), &dir);
        let postgres = Self { url: cluster.url().to_owned(), _own: Some((cluster, guardian)) };
        // A power cut may spoil this cluster: it does not outlive the process anyway.
        execute(&postgres.url, "ALTER SYSTEM SET fsync = off");
        execute(&postgres.url, "ALTER SYSTEM SET max_connections = 300");
        execute(&postgres.url, "SELECT pg_reload_conf()");
        postgres
    }
}

/// Options for a cluster in `data_dir` with the binaries that the environment names.
pub(crate) fn cluster_options(data_dir: &Path) -> ClusterOptions {
    ClusterOptions {
        data_dir: data_dir.to_owned(),
        bin_dir: std::env::var_os("TIDEMILL_POSTGRES_BIN").map(PathBuf::from),
        assets: None,
        search_path: std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default(),
    }
}

fn guard(pid: u32, dir: &Path) -> Child {
    Command::new("sh")
        .args(["-c", GUARDIAN, "guardian", &pid.to_string()])
        .arg(dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Ctrl-C in the terminal is for the tests, not for the one who tidies up after them.
        .process_group(0)
        .spawn()
        .expect("a shell")
}

pub(crate) fn connect(url: &str) -> PgConnection {
    PgConnection::establish(url).unwrap_or_else(|error| panic!("the test Postgres does not answer: {error}"))
}

pub(crate) fn execute(url: &str, sql: &str) {
    connect(url).batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = sql_types::Nullable<sql_types::Text>)]
    value: Option<String>,
}

/// The first column of each row of `sql`, as text.
pub(crate) fn query(url: &str, sql: &str) -> Vec<Option<String>> {
    let wrapped = format!("SELECT value::text AS value FROM ({sql}) AS rows (value)");
    let rows: Vec<Row> = sql_query(wrapped).load(&mut connect(url)).unwrap_or_else(|error| panic!("{sql}: {error}"));
    rows.into_iter().map(|row| row.value).collect()
}
