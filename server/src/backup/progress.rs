//! What a backup or restore is doing, for whoever waits for it.

use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How often something is said.
const EVERY: Duration = Duration::from_secs(1);
/// How many of a program's lines are kept for its error.
const KEPT: usize = 20;

/// Tells how far it is, at most once a second.
pub struct Progress {
    tell: Box<dyn Fn(&str) + Send + Sync>,
    bytes: AtomicU64,
}

impl Progress {
    /// Tells each line to `tell`.
    pub fn new(tell: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self { tell: Box::new(tell), bytes: AtomicU64::new(0) }
    }

    /// Something new begins.
    pub(super) fn say(&self, what: &str) {
        self.bytes.store(0, Ordering::Relaxed);
        (self.tell)(what);
    }

    /// Reads what one of Postgres' programs says, tells which table it is at, and gives its last words.
    pub(super) fn follow(&self, words: impl Read) -> String {
        let (mut last, mut told): (Vec<String>, Option<Instant>) = (Vec::new(), None);
        for line in BufReader::new(words).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).into_owned();
            if let Some(table) = table_of(&line)
                && told.is_none_or(|told| told.elapsed() >= EVERY)
            {
                told = Some(Instant::now());
                (self.tell)(&format!("{table}, {} so far", size(self.bytes.load(Ordering::Relaxed))));
            }
            if last.len() == KEPT {
                last.remove(0);
            }
            last.push(line);
        }
        last.join("\n")
    }

    /// Copies all of `from` to `to`, and counts it.
    pub(super) fn copy(&self, from: &mut impl Read, to: &mut impl Write) -> io::Result<u64> {
        let mut buffer = vec![0; 1 << 16];
        let mut all = 0;
        loop {
            let read = match from.read(&mut buffer) {
                Ok(0) => return Ok(all),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            to.write_all(&buffer[..read])?;
            all += read as u64;
            self.bytes.fetch_add(read as u64, Ordering::Relaxed);
        }
    }
}

/// The table that a line of `pg_dump` or `pg_restore` is about.
fn table_of(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once("contents of table ").or_else(|| line.split_once("data for table "))?;
    Some(rest.trim_matches('"').trim_start_matches("tidemill."))
}

/// Bytes for people.
#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..0x400 => format!("{bytes} B"),
        0x400..0x10_0000 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        0x10_0000..0x4000_0000 => format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20)),
        _ => format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_known() {
        assert_eq!(table_of("pg_dump: dumping contents of table \"tidemill.executions\""), Some("executions"));
        assert_eq!(table_of("pg_restore: processing data for table \"tidemill.users\""), Some("users"));
        assert_eq!(table_of("pg_dump: reading policies"), None);
    }

    #[test]
    fn sizes_are_for_people() {
        assert_eq!([size(7), size(2048), size(5 << 20), size(3 << 30)], ["7 B", "2.0 KiB", "5.0 MiB", "3.0 GiB"]);
    }
}
