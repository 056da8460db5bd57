//! Resource limits of a child.

use std::fs;
use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use tidemill_common::step_protocol::Spawn;

use super::{Error, Profile, Trying};

/// What the interpreter needs beyond the memory of the step itself, in bytes: stacks, and the pages of the arenas.
const SLACK: u64 = 16 * 1024 * 1024;
/// What Node.js has before it does anything, in bytes: its own heap, and the stacks of its threads.
const NODE_SLACK: u64 = 96 * 1024 * 1024;
/// Address space that Node.js reserves beyond what it uses, in bytes.
const NODE_SPACE: u64 = 2 * 1024 * 1024 * 1024;
/// Threads of all Node.js steps of a step host together. Without root they share a user; each thread also costs its stack.
const NODE_THREADS: u64 = 4096;
/// Largest stack, in bytes.
const STACK: u64 = 8 * 1024 * 1024;

/// Sets every limit. `warm_bytes` is the address space that the child was born with.
pub(super) fn set(profile: Profile, warm_bytes: u64, spawn: &Spawn) -> Result<(), Error> {
    let memory = spawn.memory_bytes;
    let (space, data, files, threads) = match profile {
        Profile::Inside => (warm_bytes.saturating_add(memory).saturating_add(SLACK), u64::MAX, 16, 0),
        Profile::Node => (memory.saturating_add(NODE_SPACE), memory.saturating_add(NODE_SLACK), 64, NODE_THREADS),
    };
    let limits = [
        (Resource::As, space),
        (Resource::Data, data),
        (Resource::Cpu, spawn.cpu_seconds),
        (Resource::Core, 0),
        (Resource::Fsize, 0),
        (Resource::Nofile, files),
        (Resource::Nproc, threads),
        (Resource::Memlock, 0),
        (Resource::Msgqueue, 0),
        (Resource::Nice, 0),
        (Resource::Rtprio, 0),
        (Resource::Stack, STACK),
    ];
    for (resource, value) in limits {
        if value == u64::MAX {
            continue;
        }
        let allowed = getrlimit(resource).maximum.map_or(value, |maximum| maximum.min(value));
        setrlimit(resource, Rlimit { current: Some(allowed), maximum: Some(allowed) }).trying("setting a resource limit")?;
    }
    Ok(())
}

/// Lowers memory and processor time to what one job may take.
pub(in crate::step_host) fn lower(taken_off: u64, cpu_seconds: u64) -> io::Result<()> {
    let lowered = getrlimit(Resource::As).maximum.map(|maximum| maximum.saturating_sub(taken_off));
    setrlimit(Resource::As, Rlimit { current: lowered, maximum: lowered })?;
    let seconds = getrlimit(Resource::Cpu).maximum.map_or(cpu_seconds, |maximum| maximum.min(cpu_seconds));
    Ok(setrlimit(Resource::Cpu, Rlimit { current: Some(seconds), maximum: Some(seconds) })?)
}

/// Address space of this process, in bytes.
pub(super) fn address_space() -> io::Result<u64> {
    let text = fs::read_to_string("/proc/self/statm")?;
    let pages = text.split(' ').next().and_then(|pages| pages.parse::<u64>().ok());
    let pages = pages.ok_or_else(|| io::Error::other("/proc/self/statm has another form"))?;
    Ok(pages * rustix::param::page_size() as u64)
}
