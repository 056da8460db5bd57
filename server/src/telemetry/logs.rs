//! Log lines, on standard error.

use std::io::{self, IsTerminal as _};

use tidemill_common::ids::ExecutionId;
use tracing::{Span, Subscriber};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt, reload};

use crate::config::LogFormat;

/// Why logging can't begin.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The level is neither a level nor a list of directives.
    #[error("`{level}` is not a log level; use error, warn, info, debug or trace, or directives such as info,tidemill=debug")]
    Level {
        /// What was given.
        level: String,
        /// Why.
        source: tracing_subscriber::filter::ParseError,
    },
    /// Something else in this process has begun to log already.
    #[error("logging was set up twice")]
    Twice(#[from] tracing_subscriber::util::TryInitError),
    /// Logging has ended already.
    #[error("the log level can't be changed")]
    Change(#[from] reload::Error),
}

/// What is logged, while the process runs.
#[derive(Debug, Clone)]
pub struct LogLevel(reload::Handle<EnvFilter, Registry>);

impl LogLevel {
    /// Logs by `level` from now on: a level, or directives.
    ///
    /// # Errors
    /// [`Error::Level`]; then nothing has changed.
    pub fn set(&self, level: &str) -> Result<(), Error> {
        Ok(self.0.reload(filter(level)?)?)
    }
}

/// Whether `level` is a level, or directives.
///
/// # Errors
/// [`Error::Level`] says what there is.
pub fn check_level(level: &str) -> Result<(), Error> {
    filter(level).map(drop)
}

/// Begins to log to standard error. To be called once, before anything else.
pub fn init_logs(format: LogFormat, level: &str) -> Result<LogLevel, Error> {
    let (filter, handle) = reload::Layer::new(filter(level)?);
    let plain = !io::stderr().is_terminal();
    Registry::default().with(filter).with(layer(format, plain, io::stderr)).try_init()?;
    Ok(LogLevel(handle))
}

/// The span of one API request or delivery; every line within it carries the id.
pub fn request_span(request_id: &str, method: &str, path: &str) -> Span {
    tracing::info_span!("request", request_id, method, path)
}

/// The span of the work on one execution; every line within it carries the id.
pub fn execution_span(execution_id: ExecutionId) -> Span {
    tracing::info_span!("execution", %execution_id)
}

fn filter(level: &str) -> Result<EnvFilter, Error> {
    EnvFilter::builder().parse(level).map_err(|source| Error::Level { level: level.to_owned(), source })
}

fn layer<S, W>(format: LogFormat, plain: bool, writer: W) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let layer = fmt::layer().with_writer(writer);
    match format {
        LogFormat::Json => layer.json().flatten_event(true).with_span_list(false).boxed(),
        LogFormat::Human if plain => layer.with_ansi(false).boxed(),
        LogFormat::Human => layer.boxed(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::Value;

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: LogFormat, level: &str, work: impl FnOnce()) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = Registry::default().with(filter(level).unwrap()).with(layer(format, true, move || writer.clone()));
        tracing::subscriber::with_default(subscriber, work);
        let bytes = lines.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_json_line_carries_the_ids_of_its_spans() {
        let line = logged(LogFormat::Json, "info", || {
            let _request = request_span("req-1", "POST", "/api/x").entered();
            tracing::info!(count = 3, "done");
        });
        let line: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(
            (&line["message"], &line["count"], &line["span"]["request_id"]),
            (&"done".into(), &3.into(), &"req-1".into())
        );
    }

    #[test]
    fn a_human_line_carries_them_too_and_no_colour() {
        let id = ExecutionId("01890000-0000-7000-8000-000000000001".parse().unwrap());
        let line = logged(LogFormat::Human, "info", || {
            let _execution = execution_span(id).entered();
            tracing::warn!("slow");
            tracing::debug!("not shown");
        });
        assert!(line.contains(&format!("execution_id={id}")) && line.contains("slow"), "{line}");
        assert!(!line.contains('\u{1b}') && !line.contains("not shown"), "{line}");
    }

    #[test]
    fn a_wrong_level_is_explained() {
        assert!(filter("info,tidemill=debug").is_ok());
        assert!(filter("tidemill=loud").unwrap_err().to_string().contains("use error, warn, info, debug or trace"));
    }
}
