//! Canaries: calls that must fail once the filter is in place. Each child tries them before it reads its job.

use libc::c_long;

use super::{Error, Profile};

/// A call with harmless arguments, which the filter must refuse before the kernel looks at them.
struct Canary {
    name: &'static str,
    call: c_long,
    arguments: [c_long; 3],
    /// Whether Node.js must not be able to do it either.
    always: bool,
}

const fn canary(name: &'static str, call: c_long, arguments: [c_long; 3]) -> Canary {
    Canary { name, call, arguments, always: true }
}

const fn inside(name: &'static str, call: c_long, arguments: [c_long; 3]) -> Canary {
    Canary { name, call, arguments, always: false }
}

/// File, program, process, signal, network, executable memory, system call filter itself.
const CANARIES: [Canary; 8] = [
    inside("a file can be opened", libc::SYS_openat, [libc::AT_FDCWD as c_long, 0, 0]),
    inside("a program can be started", libc::SYS_execve, [0, 0, 0]),
    canary("a process can be made", libc::SYS_clone, [libc::SIGCHLD as c_long, 0, 0]),
    canary("a signal can be sent", libc::SYS_kill, [1, 0, 0]),
    canary("a socket can be opened", libc::SYS_socket, [libc::AF_INET as c_long, libc::SOCK_STREAM as c_long, 0]),
    canary("a pair of sockets can be opened", libc::SYS_socketpair, [libc::AF_UNIX as c_long, libc::SOCK_STREAM as c_long, 0]),
    canary("memory can be made executable", libc::SYS_mprotect, [0, 0, libc::PROT_EXEC as c_long]),
    canary("a setting of the process can be changed", libc::SYS_prctl, [libc::PR_GET_DUMPABLE as c_long, 0, 0]),
];

/// Tries all of `profile`. The first that is not refused is the error.
pub(super) fn try_all(profile: Profile) -> Result<(), Error> {
    for canary in CANARIES.iter().filter(|canary| canary.always || profile == Profile::Inside) {
        let [a, b, c] = canary.arguments;
        // SAFETY: null pointers and zero lengths only. A clone that came through would be a plain fork of this one thread.
        let outcome = unsafe { libc::syscall(canary.call, a, b, c, 0, 0, 0) };
        if outcome == 0 && canary.call == libc::SYS_clone {
            super::exit(0);
        }
        let refused = outcome == -1 && std::io::Error::last_os_error().raw_os_error() == Some(libc::EPERM);
        if !refused {
            return Err(Error::Canary(canary.name));
        }
    }
    Ok(())
}
