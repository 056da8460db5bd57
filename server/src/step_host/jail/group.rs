//! A control group for each child: what it takes of memory and how many processes it has is counted by the kernel.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Mode, OFlags, mkdirat, openat, unlinkat};
use rustix::io::{read, write};
use rustix::process::{WaitId, WaitIdOptions, waitid};

use super::process::{self, Fork};
use super::{Error, Trying};

/// What the interpreter of a child writes to beside the memory of its step, in bytes.
const SLACK: u64 = 128 * 1024 * 1024;
/// Most processes and threads of a child.
const PROCESSES: u32 = 64;
/// What the canary takes, and the least of it that the group must count, in bytes.
const CANARY: usize = 8 * 1024 * 1024;

/// Where groups are made.
pub(in crate::step_host) struct Groups {
    /// Where; or why there are none.
    place: Result<OwnedFd, String>,
    made: u64,
}

/// The group of one child.
pub(in crate::step_host) struct Group {
    name: String,
    memory_bytes: u64,
}

impl Groups {
    /// Groups in the directory `place`, which was prepared for them; without it `missing` says why. Must be called while the
    /// directory can still be seen.
    pub(in crate::step_host) fn open(place: Option<&Path>, missing: &str) -> Self {
        let open = |place: &Path| {
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
            openat(CWD, place, flags, Mode::empty()).map_err(|error| format!("{} can't be opened: {error}", place.display()))
        };
        let missing = if missing.is_empty() { "the server gave none" } else { missing };
        Self { place: place.map_or_else(|| Err(missing.to_owned()), open), made: 0 }
    }

    /// Makes one and lets a child join it. What can't be done here is then not there, and said so, instead of failing each step.
    pub(super) fn probe(&mut self) {
        if self.place.is_ok()
            && let Err(why) = self.try_one()
        {
            self.place = Err(why);
        }
    }

    fn try_one(&mut self) -> Result<(), String> {
        let told = |error: Error| {
            format!("{error}: {}", std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default())
        };
        let group = self.make(0).map_err(told)?.ok_or("there is no place for it")?;
        let joined = match process::fork(false) {
            Ok(Fork::Child) => super::exit(i32::from(self.join(&group).is_err())),
            Ok(Fork::Parent(pid, _)) => waitid(WaitId::Pid(pid), WaitIdOptions::EXITED).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        let removed = self.remove(&group);
        if joined?.and_then(|status| status.exit_status()) != Some(0) {
            return Err("a child can't be put into a control group".to_owned());
        }
        removed.map_err(|error| format!("a control group can't be removed: {error}"))
    }

    /// Whether there are any.
    pub(super) fn is_there(&self) -> bool {
        self.place.is_ok()
    }

    /// A group for a child that may take `memory_bytes`; none where there are none.
    pub(super) fn make(&mut self, memory_bytes: u64) -> Result<Option<Group>, Error> {
        let Ok(place) = &self.place else { return Ok(None) };
        self.made += 1;
        let group =
            Group { name: format!("{}-{}", std::process::id(), self.made), memory_bytes: memory_bytes.saturating_add(SLACK) };
        mkdirat(place, &group.name, Mode::RWXU).trying("making a control group")?;
        let settings = [
            ("memory.max", group.memory_bytes.to_string()),
            ("memory.oom.group", "1".to_owned()),
            ("pids.max", PROCESSES.to_string()),
        ];
        for (file, value) in settings {
            group.set(place, file, &value).trying("setting the limits of a control group")?;
        }
        match group.set(place, "memory.swap.max", "0") {
            // There is no such file where the kernel has no swap.
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error).trying("forbidding swap to a control group")?,
            _ => {}
        }
        Ok(Some(group))
    }

    /// Puts this process, a new child, into `group`.
    pub(super) fn join(&self, group: &Group) -> Result<(), Error> {
        match &self.place {
            Ok(place) => group.set(place, "cgroup.procs", "0").trying("joining a control group"),
            Err(_) => Ok(()),
        }
    }

    /// Whether the group of this process counts what it takes; else why not.
    pub(super) fn canary(&self, group: Option<&Group>) -> Result<(), String> {
        let place = self.place.as_ref().map_err(Clone::clone)?;
        let group = group.ok_or("this process is in none")?;
        // Seen by nobody, it would not be taken at all by an optimised build.
        let taken = std::hint::black_box(vec![1_u8; CANARY]);
        let number = |file| group.get(place, file).map_err(|error| format!("{file} can't be read: {error}"));
        let (counted, most) = (number("memory.current")?, number("memory.max")?);
        if counted < taken.len() as u64 / 2 {
            return Err(format!("it counts {counted} bytes of a process that took {CANARY}"));
        }
        if most > group.memory_bytes {
            return Err(format!("it allows {most} bytes, not {}", group.memory_bytes));
        }
        Ok(())
    }

    /// Removes the group of a child that has ended.
    pub(super) fn remove(&self, group: &Group) -> io::Result<()> {
        match &self.place {
            Ok(place) => Ok(unlinkat(place, &group.name, AtFlags::REMOVEDIR)?),
            Err(_) => Ok(()),
        }
    }
}

impl Group {
    fn set(&self, place: &OwnedFd, file: &str, value: &str) -> io::Result<()> {
        let path = format!("{}/{file}", self.name);
        let opened = openat(place, path, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())?;
        write(opened, value.as_bytes())?;
        Ok(())
    }

    fn get(&self, place: &OwnedFd, file: &str) -> io::Result<u64> {
        let path = format!("{}/{file}", self.name);
        let opened = openat(place, path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
        let mut buffer = [0; 32];
        let length = read(opened, &mut buffer)?;
        let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
        text.trim().parse().map_err(|_| io::Error::other(format!("`{}` is not a number", text.trim())))
    }
}
