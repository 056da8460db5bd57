//! What the step host prepares once for all its children.

use std::fs::{self, File};

use super::namespaces::Namespaces;
use super::seccomp::Filters;
use super::{Error, Profile, Root, Trying, identity, process, rlimits};

/// The walls, ready to be put around children.
pub(in crate::step_host) struct Jail {
    pub(super) profile: Profile,
    pub(super) namespaces: Namespaces,
    /// Whether each child gets a process namespace of its own.
    pub(super) own_processes: bool,
    pub(super) filters: Filters,
    /// Address space of the warm step host, in bytes: what a child has before it does anything.
    pub(super) warm_bytes: u64,
    pub(super) null: File,
    /// How many children there were; makes their user ids differ.
    pub(super) children: u32,
}

impl Jail {
    /// Enters namespaces of its own, as far as the kernel allows, and prepares the rest. The process must have one thread.
    pub(in crate::step_host) fn build(profile: Profile, root: &Root) -> Result<Self, Error> {
        let threads = fs::read_dir("/proc/self/task").trying("counting threads")?.count();
        if threads != 1 {
            return Err(Error::Canary("the step host has more than one thread"));
        }
        let warm_bytes = rlimits::address_space().trying("reading /proc/self/statm")?;
        let null = File::options().read(true).write(true).open("/dev/null").trying("opening /dev/null")?;
        let filters = Filters::compile(profile)?;
        let namespaces = Namespaces::enter(root);
        identity::prepare()?;
        let own_processes = process::can_have_own_processes();
        Ok(Self { profile, namespaces, own_processes, filters, warm_bytes, null, children: 0 })
    }

    /// Whether the next child gets a process namespace of its own.
    pub(in crate::step_host) fn own_processes(&self) -> bool {
        self.own_processes
    }

    /// Counts a child.
    pub(in crate::step_host) fn count_child(&mut self) {
        self.children = self.children.wrapping_add(1);
    }
}
