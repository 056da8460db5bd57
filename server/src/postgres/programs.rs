//! Copies of a database, by Postgres' own programs: `pg_dump` and `pg_restore`.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};

use url::Url;

use super::account::Account;
use super::binaries::{Binaries, Places};
use super::create::tail;
use super::layout::Layout;
use super::{ClusterOptions, Error, create};

/// Where the programs are, and whose name they are run in.
#[derive(Debug, Clone)]
pub struct Programs {
    dir: PathBuf,
    /// For the embedded cluster, whose socket is only for this account. Elsewhere the programs run as we do, with our environment.
    account: Option<Account>,
}

impl Programs {
    /// The programs for the cluster in the data directory, or, when `embedded` is not set, for a database elsewhere.
    ///
    /// # Errors
    /// That of looking for Postgres; [`Error::BadBinaries`] when what was found has no `pg_dump`.
    pub fn find(options: &ClusterOptions, embedded: bool) -> Result<Self, Error> {
        let layout = Layout::new(&options.data_dir);
        let account = Account::choose(&layout.home)?;
        let wanted = if embedded { create::version_of(&layout.cluster)? } else { None };
        let dir = Binaries::find(&Places::of(options), &account, wanted, &layout.cluster)?.dir().to_owned();
        if let Some(missing) = ["pg_dump", "pg_restore"].iter().find(|program| !dir.join(program).is_file()) {
            return Err(Error::BadBinaries { reason: format!("{missing} is missing"), dir });
        }
        Ok(Self { dir, account: embedded.then_some(account) })
    }

    /// Begins to copy the schema `tidemill` of the database at `url` as `snapshot` shows it. What it says is a line per table.
    ///
    /// # Errors
    /// [`Error::Io`] when the program can't be started.
    pub fn dump(&self, url: &str, snapshot: &str) -> Result<Running, Error> {
        let mut command = self.command("pg_dump", url);
        command
            .args(["--format=custom", "--schema=tidemill", "--no-password", "--verbose"])
            // Who may bypass row-level security does so all the same; the others have been found to see everything.
            .arg("--enable-row-security")
            .arg(format!("--snapshot={snapshot}"));
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        Running::start("pg_dump", command)
    }

    /// Begins to put a copy, which is written to it, into the database at `url`: all of it or nothing.
    ///
    /// # Errors
    /// [`Error::Io`] when the program can't be started.
    pub fn restore(&self, url: &str) -> Result<Running, Error> {
        let mut command = self.command("pg_restore", url);
        command.args(["--exit-on-error", "--single-transaction", "--no-password", "--verbose"]);
        command.stdin(Stdio::piped()).stdout(Stdio::null());
        Running::start("pg_restore", command)
    }

    /// Arguments are seen by everybody on the machine: the password goes through the environment.
    fn command(&self, program: &str, url: &str) -> Command {
        let path = self.dir.join(program);
        let mut command = self.account.as_ref().map_or_else(|| plain(&path), |account| account.command(&path));
        let mut shown = url.to_owned();
        if let Ok(mut parsed) = Url::parse(url)
            && let Some(password) = parsed.password().map(str::to_owned)
            && parsed.set_password(None).is_ok()
        {
            let decoded = percent_encoding::percent_decode_str(&password).decode_utf8_lossy();
            command.env("PGPASSWORD", decoded.as_ref());
            shown = parsed.into();
        }
        command.arg(format!("--dbname={shown}"));
        command
    }
}

fn plain(path: &Path) -> Command {
    let mut command = Command::new(path);
    command.env("LC_ALL", "C");
    command
}

/// One of the programs at work. Dropping it ends it.
#[derive(Debug)]
pub struct Running {
    program: &'static str,
    child: Child,
}

impl Running {
    fn start(program: &'static str, mut command: Command) -> Result<Self, Error> {
        let path = command.get_program().to_owned();
        let child = command.stderr(Stdio::piped()).spawn().map_err(Error::io("execute", &path))?;
        Ok(Self { program, child })
    }

    /// What it writes: the copy.
    pub fn output(&mut self) -> impl Read + use<> {
        self.child.stdout.take().map_or_else(|| Box::new(io::empty()) as Box<dyn Read + Send>, |pipe| Box::new(pipe))
    }

    /// Where the copy is written to it. To be dropped at the end of the copy.
    pub fn input(&mut self) -> impl Write + use<> {
        self.child.stdin.take().map_or_else(|| Box::new(io::sink()) as Box<dyn Write + Send>, |pipe| Box::new(pipe))
    }

    /// What it says, line by line: to be read, or it waits.
    pub fn words(&mut self) -> Option<ChildStderr> {
        self.child.stderr.take()
    }

    /// Waits for its end; `said` are its words.
    ///
    /// # Errors
    /// [`Error::Program`] with its last words.
    pub fn finish(mut self, said: &str) -> Result<(), Error> {
        let status: ExitStatus = self.child.wait().map_err(Error::io("wait for", self.program))?;
        if status.success() {
            return Ok(());
        }
        Err(Error::Program { program: self.program, message: format!("{status}; it said: {}", tail(said, 5)) })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail when it has ended, which is what is wanted.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}
