//! Postgres processes of this cluster that outlived an earlier server or postmaster.
//!
//! Every Postgres process works in the cluster's directory, so that `/proc/<pid>/cwd` tells them from everybody else's, even
//! where a pid file is stale and its number belongs to someone else by now.

use std::fs;
use std::path::Path;
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
            let files = [cluster.join("postmaster.pid"), layout.socket.join(".s.PGSQL.5432.lock")];
            return files.iter().try_for_each(|path| remove(path));
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

/// The processes that work in `cluster`. Those that we may not look at belong to someone else.
pub(super) fn processes(cluster: &Path) -> Result<Vec<u32>, Error> {
    let entries = fs::read_dir("/proc").map_err(Error::io("read", "/proc"))?;
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    Ok(pids.filter(|pid| works_in(*pid, cluster)).collect())
}

fn works_in(pid: u32, cluster: &Path) -> bool {
    let process = Path::new("/proc").join(pid.to_string());
    let is_postgres = fs::read_link(process.join("exe"))
        .is_ok_and(|exe| exe.file_name().is_some_and(|name| name.to_string_lossy().starts_with("postgres")));
    is_postgres && fs::read_link(process.join("cwd")).is_ok_and(|dir| dir == cluster)
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

fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io("remove", path)(error)),
        _ => Ok(()),
    }
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
