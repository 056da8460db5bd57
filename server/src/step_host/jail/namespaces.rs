//! Namespaces of the step host, which all its children share: no network, no files, no names of the machine.

use std::fs;
use std::io;

use rustix::fs::{CWD, Mode, mkdirat};
use rustix::mount::{MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_change, mount_remount, unmount};
use rustix::process::{chdir, getegid, geteuid, pivot_root};
use rustix::thread::UnshareFlags;

use super::process;

/// Directories of which one exists everywhere; the empty root is mounted over it, seen by this process alone.
const PLACES: [&str; 4] = ["/tmp", "/var", "/usr", "/proc"];
/// The user and group that a step believes to be.
const NOBODY: u32 = 65534;

/// Which namespaces the step host has entered.
#[derive(Debug, Default)]
pub(super) struct Namespaces {
    /// An empty network, and empty lists of shared memory, host names and control groups.
    pub(super) network: bool,
    /// An empty, read-only file system.
    pub(super) files: bool,
    /// Why something is missing.
    pub(super) missing: Option<String>,
}

impl Namespaces {
    /// Enters what the kernel gives. What it refuses is missing, and reported so.
    pub(super) fn enter() -> Self {
        let mut entered = Self::default();
        if let Err(error) = leave() {
            entered.missing = Some(format!("the kernel gives no namespaces: {error}"));
            return entered;
        }
        entered.network = true;
        let Some(place) = PLACES.into_iter().find(|place| fs::metadata(place).is_ok_and(|found| found.is_dir())) else {
            entered.missing = Some("there is no directory to mount an empty file system on".to_owned());
            return entered;
        };
        match empty_root(place) {
            Ok(()) => entered.files = true,
            Err(error) => entered.missing = Some(format!("the kernel gives no empty file system: {error}")),
        }
        entered
    }
}

/// Leaves the namespaces of the machine. Root does it with its capabilities, everybody else by way of a user namespace.
fn leave() -> io::Result<()> {
    let others =
        UnshareFlags::NEWNS | UnshareFlags::NEWNET | UnshareFlags::NEWIPC | UnshareFlags::NEWUTS | UnshareFlags::NEWCGROUP;
    if geteuid().is_root() {
        return process::unshare(others);
    }
    let (user, group) = (geteuid().as_raw(), getegid().as_raw());
    process::unshare(others | UnshareFlags::NEWUSER)?;
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("{NOBODY} {user} 1"))?;
    fs::write("/proc/self/gid_map", format!("{NOBODY} {group} 1"))
}

/// Exchanges the root for an empty, read-only one.
fn empty_root(place: &str) -> io::Result<()> {
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)?;
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    mount("tmpfs", place, "tmpfs", flags, Some(c"size=4k,nr_inodes=2,mode=0555"))?;
    chdir(place)?;
    // The old root ends up below the new one, and is taken away from there.
    pivot_root(".", ".")?;
    unmount(".", UnmountFlags::DETACH)?;
    chdir("/")?;
    mount_remount("/", flags | MountFlags::RDONLY, "")?;
    match mkdirat(CWD, "/x", Mode::RWXU) {
        Err(_) => Ok(()),
        Ok(()) => Err(io::Error::other("the empty root can be written")),
    }
}
