//! SQL steps, in `SQLite`: the lists of the input are tables, its single values are parameters, the rows are the output.

mod authorizer;
mod rows;
mod tables;

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::fallible_iterator::FallibleIterator as _;
use rusqlite::limits::Limit;
use rusqlite::{Batch, Connection, ErrorCode, Statement};
use serde_json::Value;
use tidemill_common::status::FailureClass;
use tidemill_common::step_protocol::{Failure, Job};

use super::outcome::{Outcome, out_of_memory, place};

/// Runs, or only compiles, the statements of `job`.
pub(super) fn run(job: &Job, input: &[u8]) -> Outcome {
    let denied = Arc::new(Mutex::new(None));
    let outcome = if job.check_only { check(job) } else { execute(job, input, &denied) };
    outcome.map_err(|wrong| {
        let denied = denied.lock().unwrap_or_else(PoisonError::into_inner).take();
        match (wrong, denied) {
            (Wrong::Sql(_), Some(denied)) => Failure::new(FailureClass::SandboxDenied, denied),
            (Wrong::Sql(error), None) => failure(&error, &job.code),
            (Wrong::Said(failure), _) => failure,
        }
    })
}

/// Why a step failed: `SQLite` says so, or we do.
enum Wrong {
    Sql(rusqlite::Error),
    Said(Failure),
}

impl From<rusqlite::Error> for Wrong {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<Failure> for Wrong {
    fn from(failure: Failure) -> Self {
        Self::Said(failure)
    }
}

fn wrong(message: impl Into<String>) -> Wrong {
    Wrong::Said(Failure::new(FailureClass::CodeError, message))
}

fn execute(job: &Job, input: &[u8], denied: &Arc<Mutex<Option<String>>>) -> Result<Vec<u8>, Wrong> {
    let mut connection = open(job)?;
    let input: Value = serde_json::from_slice(input).map_err(|error| wrong(format!("the input is no JSON: {error}")))?;
    let parameters = tables::load(&mut connection, input)?;
    connection.authorizer(Some(authorizer::authorizer(Arc::clone(denied))))?;
    let mut output = None;
    let mut statements = Batch::new(&connection, &job.code);
    while let Some(mut statement) = statements.next()? {
        if statement.parameter_count() == 0 && statement.column_count() == 0 && statement.expanded_sql().is_none() {
            continue;
        }
        tables::bind(&mut statement, &parameters)?;
        if statement.column_count() == 0 {
            statement.raw_execute()?;
        } else {
            output = Some(rows::read(&mut statement, job.output_bytes)?);
        }
    }
    Ok(output.unwrap_or_else(|| b"[]".to_vec()))
}

fn open(job: &Job) -> Result<Connection, rusqlite::Error> {
    let connection = Connection::open_in_memory()?;
    let memory = i64::try_from(job.memory_bytes / 8 * 7).unwrap_or(i64::MAX);
    connection.pragma_update(None, "hard_heap_limit", memory)?;
    connection.pragma_update(None, "temp_store", "memory")?;
    connection.pragma_update(None, "trusted_schema", false)?;
    let length = i32::try_from(job.memory_bytes / 4).unwrap_or(i32::MAX);
    let limits = [
        (Limit::SQLITE_LIMIT_LENGTH, length),
        (Limit::SQLITE_LIMIT_ATTACHED, 0),
        (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
        (Limit::SQLITE_LIMIT_EXPR_DEPTH, 200),
        (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 100),
        (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 10_000),
    ];
    for (limit, value) in limits {
        connection.set_limit(limit, value)?;
    }
    Ok(connection)
}

/// Finds what is no SQL. Which tables and columns there are is known only with the input.
fn check(job: &Job) -> Result<Vec<u8>, Wrong> {
    let connection = open(job)?;
    let checked = Batch::new(&connection, &job.code).for_each(|statement: Statement<'_>| {
        drop(statement);
        Ok(())
    });
    match checked {
        Err(error) if is_syntax(&error) => Err(error.into()),
        _ => Ok(b"null".to_vec()),
    }
}

fn is_syntax(error: &rusqlite::Error) -> bool {
    let text = error.to_string();
    ["syntax error", "incomplete input", "unrecognized token"].iter().any(|words| text.contains(words))
}

fn failure(error: &rusqlite::Error, code: &str) -> Failure {
    if let Some(code) = error.sqlite_error_code() {
        match code {
            ErrorCode::OutOfMemory => return out_of_memory(),
            ErrorCode::TooBig => {
                return Failure::new(
                    FailureClass::OutOfMemory,
                    "a value of the statement is larger than a quarter of the memory",
                );
            }
            _ => {}
        }
    }
    let (message, offset) = match error {
        rusqlite::Error::SqlInputError { msg, offset, .. } => (msg.clone(), usize::try_from(*offset).ok()),
        rusqlite::Error::SqliteFailure(_, Some(message)) => (message.clone(), None),
        other => (other.to_string(), None),
    };
    // The offset counts within the statement; with several the place is not known.
    let only = !code.trim_end().trim_end_matches(';').contains(';');
    let (line, column) = offset.filter(|_| only).map(|offset| place(code, offset)).unzip();
    let at = line.map(|line| format!(" (line {line})")).unwrap_or_default();
    Failure { class: FailureClass::CodeError, message: format!("SQL: {message}{at}"), line, column }
}
