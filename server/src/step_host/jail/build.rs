//! What the step host prepares once for all its children.

use std::fs::{self, File};

use tidemill_common::step_protocol::Spawn;

use super::namespaces::Namespaces;
use super::seccomp::Filters;
use super::{Error, Group, Groups, Profile, Root, Trying, identity, process, rlimits};

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
    pub(super) groups: Groups,
    /// The control group of the next child.
    pub(super) group: Option<Group>,
}

impl Jail {
    /// Enters namespaces of its own, as far as the kernel allows, and prepares the rest. The process must have one thread.
    pub(in crate::step_host) fn build(profile: Profile, root: &Root, mut groups: Groups) -> Result<Self, Error> {
        let threads = fs::read_dir("/proc/self/task").trying("counting threads")?.count();
        if threads != 1 {
            return Err(Error::Canary("the step host has more than one thread"));
        }
        let warm_bytes = rlimits::address_space().trying("reading /proc/self/statm")?;
        let null = File::options().read(true).write(true).open("/dev/null").trying("opening /dev/null")?;
        let filters = Filters::compile(profile)?;
        let namespaces = Namespaces::enter(root, groups.is_there());
        identity::prepare()?;
        groups.probe();
        let own_processes = process::can_have_own_processes();
        Ok(Self { profile, namespaces, own_processes, filters, warm_bytes, null, children: 0, groups, group: None })
    }

    /// Whether the next child gets a process namespace of its own.
    pub(in crate::step_host) fn own_processes(&self) -> bool {
        self.own_processes
    }

    /// Gets ready for the next child: counts it, and makes its control group.
    pub(in crate::step_host) fn prepare_child(&mut self, spawn: &Spawn) -> Result<(), Error> {
        self.children = self.children.wrapping_add(1);
        self.group = self.groups.make(spawn.memory_bytes)?;
        Ok(())
    }

    /// The control group of the child that was made.
    pub(in crate::step_host) fn take_group(&mut self) -> Option<Group> {
        self.group.take()
    }

    /// Removes the control group of a child that has ended.
    pub(in crate::step_host) fn remove_group(&self, group: &Group) {
        if let Err(error) = self.groups.remove(group) {
            // The server repeats it in its log.
            eprintln!("step host: a control group is left: {error}");
        }
    }
}
