//! `code`: a piece of code, run in the server's sandbox as a step would run it.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::Value;
use tidemill_common::api::code::{CodeExecute, CodeExecuted, CodeStatus};
use tidemill_common::step_protocol::{Language, Runtime};

use super::output::{self, Tone};
use super::session::Session;
use super::start::read_input;
use super::time::parse_duration;
use super::{Error, Exit};

/// Try code out in the server's sandbox
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  tidemill code run tier.py --input '{\"total\": 700}'")]
pub enum Code {
    /// Run a file as a step would: output on stdout, log on stderr
    Run(Run),
}

/// Run a file as a step would: output on stdout, log on stderr
#[derive(Debug, Args)]
#[command(
    after_help = "The language follows from the name: .py, .js, .mjs, .sql. An error of the code is exit code 9, a server without a sandbox 11.\n\n\
                  Examples:\n  tidemill code run tier.py --input '{\"total\": 700}'\n  tidemill code run report.sql --input @orders.json -o json\n  \
                  generate | tidemill code run - --language javascript --time 2s"
)]
pub struct Run {
    /// File with the code; `-` is stdin
    #[arg(value_name = "FILE|-")]
    file: PathBuf,
    /// Input as JSON: a document, @FILE, or - for stdin
    #[arg(short, long, value_name = "JSON|@FILE|-")]
    input: Option<String>,
    /// What the code is written in, when the name doesn't say it
    #[arg(short, long, value_enum)]
    language: Option<Word>,
    /// What runs JavaScript
    #[arg(long, value_enum)]
    runtime: Option<Engine>,
    /// Longest time
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    time: Option<Duration>,
    /// Most memory, in MiB
    #[arg(long, value_name = "MIB")]
    memory: Option<u32>,
}

/// A language, as the command line names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Word {
    Python,
    Javascript,
    Sql,
}

/// What runs JavaScript, as the command line names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Engine {
    Quickjs,
    Node,
}

impl Code {
    /// Does what was asked.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        let Self::Run(run) = self;
        run.run(session).await
    }
}

impl Run {
    async fn run(self, session: &Session) -> Result<Exit, Error> {
        let language = self.language()?;
        let stdin = Path::new("-");
        if self.file == stdin && self.input.as_deref() == Some("-") {
            return Err(Error::Usage("code and input can't both come from stdin: give one of them a file".to_owned()));
        }
        let code = if self.file == stdin {
            let mut code = String::new();
            io::stdin().read_to_string(&mut code)?;
            code
        } else {
            fs::read_to_string(&self.file).map_err(|source| Error::File { path: self.file.clone(), source })?
        };
        let request = CodeExecute {
            language,
            runtime: self.runtime.map(Runtime::from),
            code,
            input: self.input.as_deref().map(read_input).transpose()?,
            timeout_ms: self.time.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
            memory_mib: self.memory,
        };
        let done = session.client()?.code_execute(&request).await?;
        show(session, &done)?;
        Ok(if done.status == CodeStatus::Succeeded { Exit::Ok } else { Exit::ExecutionFailed })
    }

    fn language(&self) -> Result<Language, Error> {
        if let Some(word) = self.language {
            return Ok(word.into());
        }
        let end = self.file.extension().and_then(|end| end.to_str()).unwrap_or_default();
        match end {
            "py" => Ok(Language::Python),
            "js" | "mjs" => Ok(Language::Javascript),
            "sql" => Ok(Language::Sql),
            _ => Err(Error::Usage(format!(
                "the name {} doesn't say the language: add --language python, javascript or sql",
                self.file.display()
            ))),
        }
    }
}

/// Output to stdout; log, error and what it took to stderr. With a format for programs the whole answer goes to stdout.
fn show(session: &Session, done: &CodeExecuted) -> Result<(), Error> {
    let printer = &session.printer;
    if let Some(document) = printer.document(done) {
        return output::write(&document);
    }
    if !done.log.is_empty() {
        let log: Vec<_> = done.log.lines().map(output::plain_text).collect();
        output::complain(&log.join("\n"));
    }
    if let Some(error) = &done.error {
        let lines: Vec<_> = error.message.lines().map(output::plain_text).collect();
        output::complain(&lines.join("\n"));
    }
    if !session.globals.quiet {
        output::complain(&summary(session, done));
    }
    match &done.output {
        Some(output) => output::write_line(&pretty(output)),
        None => Ok(()),
    }
}

fn summary(session: &Session, done: &CodeExecuted) -> String {
    let (word, tone) = match &done.error {
        None => ("succeeded".to_owned(), Tone::Good),
        Some(error) => (format!("failed ({})", error.class.as_str()), Tone::Bad),
    };
    let memory = done.peak_memory_bytes.map(|bytes| format!(", {} KiB at most", bytes >> 10)).unwrap_or_default();
    format!("{} in {:.1} ms{memory}", session.printer.error_paint.paint(tone, &word), done.duration_ms)
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).expect("a value has string keys")
}

impl From<Word> for Language {
    fn from(word: Word) -> Self {
        match word {
            Word::Python => Self::Python,
            Word::Javascript => Self::Javascript,
            Word::Sql => Self::Sql,
        }
    }
}

impl From<Engine> for Runtime {
    fn from(engine: Engine) -> Self {
        match engine {
            Engine::Quickjs => Self::Quickjs,
            Engine::Node => Self::Node,
        }
    }
}
