//! The real binary, started for one test.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use reqwest::Method;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;
use tidemill_server::postgres::{stop_orphans, url_in};

use crate::postgres::execute;
use crate::{Answer, Client, TestDatabase, eventually, eventually_async};

/// How to start a server.
#[derive(Debug, Clone, Default)]
pub struct ServerOptions {
    /// The binary: `env!("CARGO_BIN_EXE_tidemill")`.
    pub binary: PathBuf,
    /// More arguments of `serve`.
    pub args: Vec<String>,
    /// Where its data is.
    pub storage: Storage,
}

/// The database of a server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Storage {
    /// An empty one in the Postgres that all tests share.
    #[default]
    Shared,
    /// A Postgres of its own in the data directory.
    Embedded,
    /// The one with this URL.
    At(String),
}

/// A server that lives as long as this value, in a data directory of its own. Its log is shown when the test fails.
#[derive(Debug)]
pub struct TestServer {
    options: ServerOptions,
    dir: TempDir,
    database: Option<TestDatabase>,
    child: Option<Child>,
    url: String,
    /// The authority of its certificate, when it speaks TLS.
    ca: Option<PathBuf>,
}

impl TestServer {
    /// A server on an empty database of the shared Postgres (it migrates it), which may send requests to this machine.
    pub async fn start(binary: impl Into<PathBuf>) -> Self {
        let args = vec!["--outbound-allow".to_owned(), "127.0.0.0/8".to_owned()];
        Self::start_with(ServerOptions { binary: binary.into(), args, storage: Storage::Shared }).await
    }

    /// A server as `options` say. Returns when it is ready.
    pub async fn start_with(options: ServerOptions) -> Self {
        let dir = tempfile::Builder::new().prefix("tidemill-test-").tempdir().expect("a temporary directory");
        Self::start_in(options, dir).await
    }

    /// A server in a data directory that is there already.
    pub async fn start_in(options: ServerOptions, dir: TempDir) -> Self {
        Self::begin(options, dir, None).await
    }

    /// A server that speaks TLS, with a certificate of the authority in the file `ca`.
    pub async fn start_trusting(options: ServerOptions, ca: PathBuf) -> Self {
        Self::begin(options, tempfile::tempdir().expect("a temporary directory"), Some(ca)).await
    }

    async fn begin(options: ServerOptions, dir: TempDir, ca: Option<PathBuf>) -> Self {
        if matches!(options.storage, Storage::At(_)) {
            share_key(dir.path());
        }
        let database = (options.storage == Storage::Shared).then(TestDatabase::empty);
        let mut server = Self { options, dir, database, child: None, url: String::new(), ca };
        server.spawn().await;
        server
    }

    /// Where it listens: `http://127.0.0.1:<port>`. Another port after each restart.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its data directory.
    pub fn data_dir(&self) -> &Path {
        self.dir.path()
    }

    /// Its database in the shared Postgres; `None` with another [`Storage`].
    pub fn database(&self) -> Option<&TestDatabase> {
        self.database.as_ref()
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    /// The administrator's token, which the first start made.
    pub fn token(&self) -> String {
        fs::read_to_string(self.data_dir().join("admin-token")).expect("the token of the first start").trim().to_owned()
    }

    /// A client with the administrator's token.
    pub fn client(&self) -> Client {
        self.client_of(Some(&self.token()))
    }

    /// A client with this token, or with none.
    pub fn client_of(&self, token: Option<&str>) -> Client {
        self.ca.as_ref().map_or_else(|| Client::new(&self.url, token), |ca| Client::trusting(&self.url, token, ca))
    }

    /// What the server has logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// Sends a signal and does not wait for what comes of it; then [`Self::ended`].
    pub fn signal(&self, signal: Signal) {
        let child = self.child.as_ref().expect("it runs");
        kill_process(Pid::from_child(child), signal).expect("it is not reaped yet");
    }

    /// SIGKILL, as a power cut of this one process. An embedded Postgres is orphaned.
    pub fn kill(&mut self) {
        self.end(Signal::KILL);
    }

    /// SIGTERM; returns how the server ended.
    pub fn terminate(&mut self) -> ExitStatus {
        self.end(Signal::TERM)
    }

    /// Waits for the end of a server that somebody else signalled.
    pub fn ended(&mut self) -> ExitStatus {
        let mut child = self.child.take().expect("it runs");
        eventually("the server ends", || child.try_wait().expect("it is our child"))
    }

    /// Is started otherwise from the next start on.
    pub fn change(&mut self, options: ServerOptions) {
        self.options = options;
    }

    /// Starts it again after [`Self::kill`], [`Self::terminate`] or [`Self::ended`]. Returns when it is ready.
    pub async fn restart(&mut self) {
        assert!(self.child.is_none(), "the server still runs");
        self.spawn().await;
    }

    /// Runs `sql` in its embedded Postgres as the superuser.
    pub fn execute_embedded(&self, sql: &str) {
        execute(&url_in(self.data_dir()).expect("the server has a Postgres of its own"), sql);
    }

    fn database_url(&self) -> Option<&str> {
        match &self.options.storage {
            Storage::Shared => self.database.as_ref().map(TestDatabase::url),
            Storage::Embedded => None,
            Storage::At(url) => Some(url),
        }
    }

    fn log_path(&self) -> PathBuf {
        self.data_dir().join("server.log")
    }

    fn command(&self) -> Command {
        let log = File::options().append(true).create(true).open(self.log_path()).expect("the log");
        let mut command = Command::new(&self.options.binary);
        command.args(["serve", "--data-dir"]).arg(self.data_dir()).args(&self.options.args);
        if !self.options.args.iter().any(|arg| arg == "--listen") {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        if let Some(url) = self.database_url() {
            command.args(["--database-url", url]);
        }
        for name in
            ["TIDEMILL_DATABASE_URL", "TIDEMILL_DATA_DIR", "TIDEMILL_LISTEN", "TIDEMILL_OUTBOUND_ALLOW", "TIDEMILL_CONFIG"]
        {
            command.env_remove(name);
        }
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("the log")).stderr(log);
        command
    }

    async fn spawn(&mut self) {
        let child = self.command().spawn().unwrap_or_else(|error| panic!("{}: {error}", self.options.binary.display()));
        let pid = child.id();
        self.child = Some(child);
        self.url = eventually("the server says where it listens", || self.announced(pid));
        let ready = self.client_of(None);
        // A certificate that is trusted may come a little later than the first connection.
        let is_ready = async || Answer::try_of(ready.request(Method::GET, "/readyz")).await.is_ok_and(|it| it.status == 200);
        eventually_async("the server is ready", || async { is_ready().await.then_some(()) }).await;
    }

    /// The URL in `server.json`, when this process wrote it and not an earlier one.
    fn announced(&mut self, pid: u32) -> Option<String> {
        if let Some(status) = self.child.as_mut()?.try_wait().expect("it is our child") {
            panic!("the server ended with {status} before it was ready");
        }
        let text = fs::read_to_string(self.data_dir().join("server.json")).ok()?;
        let said: Value = serde_json::from_str(&text).ok()?;
        (said["pid"] == pid).then(|| said["url"].as_str().map(str::to_owned))?
    }

    fn end(&mut self, signal: Signal) -> ExitStatus {
        self.signal(signal);
        self.ended()
    }
}

/// Nodes of one database have the same key.
fn share_key(data_dir: &Path) {
    let path = data_dir.join("secret.key");
    fs::write(&path, [7; 32]).expect("the key");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("a key that nobody else reads");
}

impl Drop for TestServer {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- log of the server ---\n{}--- end of the log ---", self.log());
        }
        if let Some(mut child) = self.child.take() {
            child.kill().expect("it is not reaped yet");
            child.wait().expect("it is our child");
        }
        if self.options.storage == Storage::Embedded {
            stop_orphans(self.dir.path()).expect("its Postgres ends");
        }
    }
}
