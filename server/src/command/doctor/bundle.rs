//! A bundle for those who help: what the doctor found, the configuration without secrets, what the database is. No rows, no keys.

use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use serde_json::{Value, json};
use tar::{Builder, Header};

use super::finding::Finding;
use crate::command::Failure;
use crate::command::backup::database_url;
use crate::config::Loaded;
use crate::store::queries::checkup;

/// The end of Postgres' log that is taken along, in bytes.
const LOG: u64 = 256 << 10;

/// Writes the bundle to `path`, which must not exist.
pub(super) fn write(path: &Path, loaded: &Loaded, findings: &[Finding]) -> Result<(), Failure> {
    let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut builder = Builder::new(opened.map_err(|error| format!("can't write {}: {error}", path.display()))?);
    add(&mut builder, "doctor.json", &serde_json::to_vec_pretty(findings)?)?;
    add(&mut builder, "configuration.json", &serde_json::to_vec_pretty(&configuration(loaded))?)?;
    add(&mut builder, "machine.json", &serde_json::to_vec_pretty(&machine())?)?;
    add(&mut builder, "database.json", &serde_json::to_vec_pretty(&database(loaded))?)?;
    if let Ok(log) = tail(&loaded.config.data_dir.join("postgres.log")) {
        add(&mut builder, "postgres.log", &log)?;
    }
    builder.into_inner()?.sync_all()?;
    Ok(())
}

fn add(builder: &mut Builder<fs::File>, name: &str, bytes: &[u8]) -> io::Result<()> {
    let mut header = Header::new_gnu();
    header.set_mode(0o600);
    header.set_size(bytes.len() as u64);
    builder.append_data(&mut header, name, bytes)
}

fn configuration(loaded: &Loaded) -> Value {
    let lines = loaded.shown().into_iter().filter(crate::config::Shown::is_set);
    lines
        .map(|shown| (shown.key.name.clone(), json!({"value": shown.value, "from": shown.origin.to_string()})))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn machine() -> Value {
    let system = rustix::system::uname();
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let memory = read("/proc/meminfo").lines().take(3).map(str::to_owned).collect::<Vec<_>>();
    json!({
        "tidemill": env!("CARGO_PKG_VERSION"),
        "kernel": system.release().to_string_lossy(),
        "architecture": system.machine().to_string_lossy(),
        "processors": std::thread::available_parallelism().map_or(0, usize::from),
        "memory": memory,
        "os": read("/etc/os-release").lines().find(|line| line.starts_with("PRETTY_NAME")).unwrap_or_default(),
    })
}

fn database(loaded: &Loaded) -> Value {
    let Ok(url) = database_url(&loaded.config) else { return json!({}) };
    let settings = checkup::settings(&url)
        .map(|rows| rows.into_iter().map(|row| (row.name, row.value.into())).collect::<serde_json::Map<_, _>>());
    let sizes = checkup::sizes(&url).map(|rows| {
        rows.iter().map(|row| json!({"table": row.name, "bytes": row.bytes, "rows": row.rows})).collect::<Vec<_>>()
    });
    match (settings, sizes) {
        (Ok(settings), Ok(sizes)) => json!({"settings": settings, "tables": sizes}),
        (Err(error), _) | (_, Err(error)) => json!({"error": error.to_string()}),
    }
}

fn tail(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = fs::File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(LOG)))?;
    let mut end = Vec::new();
    file.take(LOG).read_to_end(&mut end)?;
    Ok(end)
}
