//! Postgres processes of this cluster that outlived an earlier server or postmaster.
//!
//! Every Postgres process works in the cluster's directory, so that `/proc/<pid>/cwd` tells them from everybody else's, even
//! where a pid file is stale and its number belongs to someone else by now. In a container root may lack the capability to
//! read that (`CAP_SYS_PTRACE`): then a postmaster is known by its arguments, and what the rest does is left to Postgres'
//! own interlock, which needs its lock files.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::Error;
use super::layout::Layout;

/// How long each kind of request may take before the next, harder one.
const PATIENCE: [(Signal, Duration); 3] = [
    // Fast shutdown. Orphans without a postmaster end by themselves when they notice.
    (Signal::INT, Duration::from_secs(30)),
    // Immediate shutdown: the next start replays the log, as after a power cut.
    (Signal::QUIT, Duration::from_secs(10)),
    (Signal::KILL, Duration::from_secs(10)),
];

/// How often we look whether a process has ended.
pub(super) const POLL: Duration = Duration::from_millis(5);

/// Ends every process of the cluster and removes its lock files. Postgres would clear them away itself, but not when their
/// pid has become someone else's.
pub(super) fn clear(layout: &Layout) -> Result<(), Error> {
    let cluster = &layout.cluster;
    if !processes(cluster)?.is_empty() {
        tracing::warn!(cluster = %cluster.display(), "stopping a Postgres that outlived its server");
    }
    for (signal, patience) in PATIENCE {
        let pids = processes(cluster)?;
        match postmaster_pid(cluster).filter(|pid| pids.contains(pid)) {
            // A living postmaster ends its children in order.
            Some(postmaster) => send(postmaster, signal, cluster),
            // To a checkpointer INT means "write the last checkpoint", which would be a lie while others still write.
            None if signal == Signal::INT => {}
            None => pids.into_iter().for_each(|pid| send(pid, signal, cluster)),
        }
        if all_gone(cluster, patience)? {
            return if any_hidden(cluster)? { Ok(()) } else { remove_locks(layout) };
        }
    }
    Err(Error::Stop { pids: processes(cluster)? })
}

fn all_gone(cluster: &Path, patience: Duration) -> Result<bool, Error> {
    let deadline = Instant::now() + patience;
    while !processes(cluster)?.is_empty() {
        if Instant::now() >= deadline {
            return Ok(false);
        }
        std::thread::sleep(POLL);
    }
    Ok(true)
}

/// The Postgres processes that work in `cluster`.
pub(super) fn processes(cluster: &Path) -> Result<Vec<u32>, Error> {
    Ok(pids()?.filter(|pid| works_in(*pid, cluster)).collect())
}

/// Whether there are Postgres processes of the cluster's account that we may not look at.
fn any_hidden(cluster: &Path) -> Result<bool, Error> {
    let Ok(owner) = fs::metadata(cluster).map(|found| found.uid()) else { return Ok(false) };
    let is_owners = |pid: u32| fs::metadata(process(pid)).is_ok_and(|found| found.uid() == owner);
    Ok(pids()?.any(|pid| is_owners(pid) && matches!(place_of(pid), Place::Hidden)))
}

/// Where a process works.
enum Place {
    /// In this directory.
    Known(PathBuf),
    /// It is a Postgres, and we may not know.
    Hidden,
    /// It has ended, or is no Postgres.
    Elsewhere,
}

fn place_of(pid: u32) -> Place {
    if !fs::read_to_string(process(pid).join("comm")).is_ok_and(|name| name.trim_end() == "postgres") {
        return Place::Elsewhere;
    }
    match fs::read_link(process(pid).join("cwd")) {
        Ok(dir) => Place::Known(dir),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => Place::Hidden,
        Err(_) => Place::Elsewhere,
    }
}

fn works_in(pid: u32, cluster: &Path) -> bool {
    match place_of(pid) {
        Place::Known(dir) => dir == cluster,
        Place::Hidden => fs::read(process(pid).join("cmdline")).is_ok_and(|arguments| {
            arguments.split(|byte| *byte == 0).any(|argument| argument == cluster.as_os_str().as_bytes())
        }),
        Place::Elsewhere => false,
    }
}

fn process(pid: u32) -> PathBuf {
    Path::new("/proc").join(pid.to_string())
}

fn pids() -> Result<impl Iterator<Item = u32>, Error> {
    let entries = fs::read_dir("/proc").map_err(Error::io("read", "/proc"))?;
    Ok(entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()))
}

/// Signals the process if it is still the one we mean: the descriptor holds on to it while we look again.
fn send(pid: u32, signal: Signal, cluster: &Path) {
    let Some(raw) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return };
    let Ok(process) = pidfd_open(raw, PidfdFlags::empty()) else { return };
    if works_in(pid, cluster)
        && let Err(error) = pidfd_send_signal(&process, signal)
    {
        tracing::warn!(pid, %error, "can't signal a Postgres process");
    }
}

/// The pid in the cluster's pid file, alive or not.
pub(super) fn postmaster_pid(cluster: &Path) -> Option<u32> {
    fs::read_to_string(cluster.join("postmaster.pid")).ok()?.lines().next()?.trim().parse().ok()
}

fn remove_locks(layout: &Layout) -> Result<(), Error> {
    let files = [layout.cluster.join("postmaster.pid"), layout.socket.join(".s.PGSQL.5432.lock")];
    files.into_iter().try_for_each(|path| match fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io("remove", path)(error)),
        _ => Ok(()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_pid_file_with_the_pid_of_a_stranger_is_removed_and_the_stranger_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(dir.path());
        fs::create_dir_all(&layout.cluster).unwrap();
        let pid_file = layout.cluster.join("postmaster.pid");
        fs::write(&pid_file, format!("{}\n", std::process::id())).unwrap();
        clear(&layout).unwrap();
        assert!(!pid_file.exists());
    }
}
