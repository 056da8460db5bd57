//! Control groups: where this process has a part of the version 2 hierarchy for itself, each step gets a group of its own there.
//!
//! A group that hands controllers on may have no processes itself. So this process and what it has started move into a group
//! below, and the steps get one beside it. That is done only where nobody else is moved: by systemd with `Delegate=yes`, or alone
//! in a container.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Where the hierarchy is.
const MOUNT: &str = "/sys/fs/cgroup";
/// What a file system of version 2 says that it is (`CGROUP2_SUPER_MAGIC`).
const VERSION_2: i64 = 0x6367_7270;
/// The group that this process moves into.
const SERVER: &str = "tidemill-server";
/// The group in which the groups of steps are made.
const STEPS: &str = "tidemill-steps";
/// How often processes are moved: they make new ones meanwhile.
const ROUNDS: u32 = 10;

/// Makes the group for groups of steps, or says why there can be none.
pub(super) fn prepare() -> Result<PathBuf, String> {
    let mounted = rustix::fs::statfs(MOUNT).map_err(|error| format!("{MOUNT} can't be read: {error}"))?;
    if mounted.f_type != VERSION_2 {
        return Err(format!("{MOUNT} is not the version 2 hierarchy"));
    }
    let text = fs::read_to_string("/proc/self/cgroup").map_err(|error| format!("/proc/self/cgroup can't be read: {error}"))?;
    let own = own_group(&text).ok_or("this process is in no group of version 2")?;
    divide(&Path::new(MOUNT).join(own), is_ours)
}

/// The group in `/proc/self/cgroup`, relative to the mount; the one above when this process has moved already.
fn own_group(text: &str) -> Option<&str> {
    let path = text.lines().find_map(|line| line.strip_prefix("0::/"))?;
    Some(path.strip_suffix(SERVER).map_or(path, |above| above.trim_end_matches('/')))
}

fn divide(group: &Path, is_ours: fn(u32) -> bool) -> Result<PathBuf, String> {
    let failed = |what: &str, error: &io::Error| format!("{what} in {}: {error}", group.display());
    let controllers = fs::read_to_string(group.join("cgroup.controllers")).map_err(|error| failed("no controllers", &error))?;
    if !["memory", "pids"].iter().all(|wanted| controllers.split_whitespace().any(|given| given == *wanted)) {
        return Err(format!("{} has no controllers for memory and processes", group.display()));
    }
    let members = members(group).map_err(|error| failed("its processes can't be read", &error))?;
    if let Some(other) = members.iter().find(|pid| !is_ours(**pid)) {
        return Err(format!(
            "process {other} shares the group {}; with `Delegate=yes` systemd gives one for this alone",
            group.display()
        ));
    }
    let (server, steps) = (group.join(SERVER), group.join(STEPS));
    for made in [&server, &steps] {
        make(made).map_err(|error| failed("no group can be made", &error))?;
    }
    empty(group, &server).map_err(|error| failed("processes can't be moved", &error))?;
    for giver in [group, &steps] {
        let given = fs::write(giver.join("cgroup.subtree_control"), "+memory +pids");
        given.map_err(|error| failed("controllers can't be handed on", &error))?;
    }
    Ok(steps)
}

fn make(group: &Path) -> io::Result<()> {
    match fs::create_dir(group) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

fn members(group: &Path) -> io::Result<Vec<u32>> {
    let text = fs::read_to_string(group.join("cgroup.procs"))?;
    Ok(text.lines().filter_map(|line| line.trim().parse().ok()).collect())
}

/// Moves every process of `group` to the group below.
fn empty(group: &Path, below: &Path) -> io::Result<()> {
    for _ in 0..ROUNDS {
        let present = members(group)?;
        if present.is_empty() {
            return Ok(());
        }
        for pid in present {
            match fs::write(below.join("cgroup.procs"), pid.to_string()) {
                // One that has ended meanwhile need not be moved.
                Err(error) if error.raw_os_error() == Some(rustix::io::Errno::SRCH.raw_os_error()) => {}
                moved => moved?,
            }
        }
    }
    Err(io::Error::other("new ones keep coming"))
}

/// Whether a process is this one, or one that it has started.
fn is_ours(pid: u32) -> bool {
    let mut pid = pid;
    while pid > 1 {
        if pid == std::process::id() {
            return true;
        }
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let parent = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1)?.parse().ok());
        pid = parent.unwrap_or(0);
    }
    pid == std::process::id()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_group_is_read() {
        assert_eq!(own_group("0::/system.slice/tidemill.service\n"), Some("system.slice/tidemill.service"));
        assert_eq!(own_group("4:memory:/x\n0::/a/tidemill-server\n"), Some("a"));
        assert_eq!(own_group("0::/\n"), Some(""));
        assert_eq!(own_group("4:memory:/x\n"), None);
    }

    #[test]
    fn a_group_is_divided_only_when_it_is_ours_alone() {
        let dir = tempfile::tempdir().unwrap();
        let group = dir.path();
        fs::write(group.join("cgroup.controllers"), "cpu memory\n").unwrap();
        assert!(divide(group, |_| true).unwrap_err().contains("no controllers for memory and processes"));
        fs::write(group.join("cgroup.controllers"), "cpu memory pids\n").unwrap();
        fs::write(group.join("cgroup.procs"), "7\n8\n").unwrap();
        assert!(divide(group, |pid| pid == 7).unwrap_err().contains("process 8 shares the group"));
        assert!(!group.join(STEPS).exists(), "nothing is made then");
        fs::write(group.join("cgroup.procs"), "").unwrap();
        assert_eq!(divide(group, |_| true), Ok(group.join(STEPS)));
        assert_eq!(fs::read_to_string(group.join("cgroup.subtree_control")).unwrap(), "+memory +pids");
        assert!(group.join(SERVER).is_dir());
        assert_eq!(divide(group, |_| true), Ok(group.join(STEPS)), "again");
    }

    #[test]
    fn what_this_process_started_is_its_own() {
        assert!(is_ours(std::process::id()));
        assert!(!is_ours(1));
    }
}
