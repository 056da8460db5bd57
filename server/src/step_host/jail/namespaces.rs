//! Namespaces of the step host, which all its children share: no network, no files, no names of the machine.

use std::fs;
use std::io;

use rustix::process::{getegid, geteuid};
use rustix::thread::UnshareFlags;

use super::{Root, process};

/// The user and group that a step believes to be.
const NOBODY: u32 = 65534;

/// Which namespaces the step host has entered.
#[derive(Debug, Default)]
pub(super) struct Namespaces {
    /// An empty network, and empty lists of shared memory, host names and control groups.
    pub(super) network: bool,
    /// A file system with nothing but what was given to it, read-only.
    pub(super) files: bool,
    /// Why something is missing.
    pub(super) missing: Option<String>,
}

impl Namespaces {
    /// Enters what the kernel gives, with `root` as its files. What it refuses is missing, and reported so.
    /// With `groups` it stays in the namespace of control groups: from another one its children could not be put into theirs.
    pub(super) fn enter(root: &Root, groups: bool) -> Self {
        let mut entered = Self::default();
        if let Err(error) = leave(groups) {
            entered.missing = Some(format!("the kernel gives no namespaces: {error}"));
            return entered;
        }
        entered.network = true;
        match root.enter() {
            Ok(()) => entered.files = true,
            Err(error) => entered.missing = Some(format!("the kernel gives no file system of our own: {error}")),
        }
        entered
    }
}

/// Leaves the namespaces of the machine. Root does it with its capabilities, everybody else by way of a user namespace.
fn leave(groups: bool) -> io::Result<()> {
    let mut others = UnshareFlags::NEWNS | UnshareFlags::NEWNET | UnshareFlags::NEWIPC | UnshareFlags::NEWUTS;
    if !groups {
        others |= UnshareFlags::NEWCGROUP;
    }
    if geteuid().is_root() {
        return process::unshare(others);
    }
    let (user, group) = (geteuid().as_raw(), getegid().as_raw());
    process::unshare(others | UnshareFlags::NEWUSER)?;
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("{NOBODY} {user} 1"))?;
    fs::write("/proc/self/gid_map", format!("{NOBODY} {group} 1"))
}
