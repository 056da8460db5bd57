//! Locks a child up, in the one order in which every step is still possible.

use std::os::fd::AsFd;

use rustix::process::setsid;
use rustix::stdio::{dup2_stderr, dup2_stdin, dup2_stdout};
use tidemill_common::step_protocol::Spawn;

use super::{Error, Jail, Trying, canary, identity, landlock, process, rlimits};

/// How far a child is locked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// It is in its control group.
    Grouped,
    /// Namespaces, identity and limits are in place.
    Nobody,
    /// Landlock is in place too.
    Landlocked,
    /// Everything is in place.
    Locked,
}

impl Jail {
    /// Locks this process, a new child, up for good. Only `channel` stays open.
    pub(in crate::step_host) fn lock_down(&self, spawn: &Spawn, channel: impl AsFd) -> Result<(), Error> {
        self.lock_down_watched(spawn, channel, |_| {})?;
        canary::try_all(self.profile)
    }

    /// The same; `watch` looks at the walls after each stage.
    pub(super) fn lock_down_watched(
        &self,
        spawn: &Spawn,
        channel: impl AsFd,
        mut watch: impl FnMut(Stage),
    ) -> Result<(), Error> {
        process::reset_faults();
        if let Some(group) = &self.group {
            self.groups.join(group)?;
        }
        watch(Stage::Grouped);
        dup2_stdin(&self.null).trying("closing stdin")?;
        dup2_stdout(&self.null).trying("closing stdout")?;
        dup2_stderr(&self.null).trying("closing stderr")?;
        process::close_all_but(channel.as_fd()).trying("closing descriptors")?;
        setsid().trying("leaving the session")?;
        rlimits::set(self.profile, self.warm_bytes, spawn)?;
        identity::drop_all(self.children)?;
        watch(Stage::Nobody);
        landlock::restrict(self.profile)?;
        watch(Stage::Landlocked);
        self.filters.apply()?;
        watch(Stage::Locked);
        Ok(())
    }
}
