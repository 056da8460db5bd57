//! The settings of the cluster: what must hold, and what an operator may change.
//!
//! `<data dir>/postgres.conf` is written at every start and included by the cluster's `postgresql.conf`, so that what stands
//! below that line, or is set with `ALTER SYSTEM`, wins. What must hold goes on the command line, which wins over both.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use super::Error;
use super::layout::Layout;

/// Appended to the `postgresql.conf` of a new cluster. Relative, so that the data directory can be moved.
const INCLUDE: &str = "
# Tidemill's settings, rewritten at every start. What you write below this line wins.
include_if_exists '../../postgres.conf'
";

/// Small machines must do; nothing that a statement carries reaches the log. No lz4 or zstd: the same data must open with
/// every build of its major version.
const SETTINGS: &str = "\
# Written by tidemill at every start. Change postgres/cluster/postgresql.conf instead.
timezone = 'UTC'
log_timezone = 'UTC'
max_connections = 100
shared_buffers = 128MB
max_locks_per_transaction = 256
# Durable: an answer is given after the commit is on the disk.
fsync = on
full_page_writes = on
synchronous_commit = on
wal_compression = pglz
wal_buffers = 16MB
min_wal_size = 256MB
max_wal_size = 1GB
checkpoint_timeout = 10min
# Many short statements: compiling them costs more than it gives.
jit = off
random_page_cost = 1.1
update_process_title = off
autovacuum_naptime = 15s
# Failed statements are the server's to report; their text may hold payloads.
log_min_messages = log
log_min_error_statement = panic
log_parameter_max_length_on_error = 0
log_checkpoints = off
log_line_prefix = '%m [%p] '
";

/// Makes a new `postgresql.conf` include ours.
pub(super) fn include(cluster: &Path) -> Result<(), Error> {
    let path = cluster.join("postgresql.conf");
    // The directory belongs to the account: a link there must not lead root elsewhere.
    let mut file =
        OpenOptions::new().append(true).custom_flags(libc::O_NOFOLLOW).open(&path).map_err(Error::io("open", &path))?;
    file.write_all(INCLUDE.as_bytes()).map_err(Error::io("write", &path))
}

/// Writes our settings where the account can read them.
pub(super) fn write(layout: &Layout) -> Result<(), Error> {
    let path = &layout.settings;
    fs::write(path, SETTINGS).map_err(Error::io("write", path))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o644)).map_err(Error::io("open", path))
}

/// The arguments that nobody may override: no TCP, one private socket, our log.
pub(super) fn arguments(layout: &Layout) -> Vec<String> {
    // A list of directories: quoted, because a comma may be part of a name.
    let socket = layout.socket.to_string_lossy().replace('"', "\"\"");
    [
        "listen_addresses=",
        &format!("unix_socket_directories=\"{socket}\""),
        "unix_socket_permissions=0700",
        "port=5432",
        "logging_collector=off",
        "log_destination=stderr",
    ]
    .into_iter()
    .flat_map(|setting| ["-c".to_owned(), setting.to_owned()])
    .collect()
}
