//! Processes and descriptors: what has no safe interface.

use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use pyo3::{Python, ffi};
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
use rustix::thread::UnshareFlags;

/// Which side of a fork this is.
pub(in crate::step_host) enum Fork {
    /// The step host: the child's number, and a handle on it that never means another process.
    Parent(Pid, OwnedFd),
    /// The child.
    Child,
}

/// Forks the warm interpreter. With `own_processes` the child is alone in a new process namespace, as number 1.
pub(in crate::step_host) fn fork_interpreter(_py: Python<'_>, own_processes: bool) -> io::Result<Fork> {
    // SAFETY: the token proves that this thread holds the interpreter, which these three calls ask for around a fork.
    unsafe { ffi::PyOS_BeforeFork() };
    let outcome = fork(own_processes);
    match &outcome {
        // SAFETY: as above; this is the only thread of the new process.
        Ok(Fork::Child) => unsafe { ffi::PyOS_AfterFork_Child() },
        // SAFETY: as above.
        _ => unsafe { ffi::PyOS_AfterFork_Parent() },
    }
    outcome
}

/// Forks a process without an interpreter.
pub(in crate::step_host) fn fork(own_processes: bool) -> io::Result<Fork> {
    let mut flags = libc::CLONE_PIDFD | libc::SIGCHLD;
    if own_processes {
        flags |= libc::CLONE_NEWPID;
    }
    let mut pidfd: RawFd = -1;
    let nothing = std::ptr::null_mut::<libc::c_void>();
    // SAFETY: without CLONE_VM and without a stack this is fork. The process has one thread, so that the copy has no locks
    // held by threads it doesn't have. The kernel writes the pidfd where the parent's thread id would go, in the parent only.
    let pid = unsafe { libc::syscall(libc::SYS_clone, libc::c_long::from(flags), nothing, &raw mut pidfd, nothing, nothing) };
    if pid < 0 {
        return Err(io::Error::last_os_error());
    }
    let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return Ok(Fork::Child) };
    // SAFETY: the kernel has just made this descriptor for us, and nobody else knows it.
    Ok(Fork::Parent(pid, unsafe { OwnedFd::from_raw_fd(pidfd) }))
}

/// Whether the kernel gives children process namespaces of their own: tries it once.
pub(super) fn can_have_own_processes() -> bool {
    match fork(true) {
        Ok(Fork::Child) => exit(0),
        Ok(Fork::Parent(pid, _)) => waitid(WaitId::Pid(pid), WaitIdOptions::EXITED).is_ok(),
        Err(_) => false,
    }
}

/// Ends this process at once, without running what others have left to run at its end.
pub(in crate::step_host) fn exit(code: i32) -> ! {
    // SAFETY: _exit takes no pointers and doesn't return.
    unsafe { libc::_exit(code) }
}

/// Becomes another program. Comes back only when that fails, and says why.
pub(in crate::step_host) fn exec(program: &CStr, arguments: &[CString], environment: &[CString]) -> io::Error {
    let pointers = |texts: &[CString]| -> Vec<*const libc::c_char> {
        texts.iter().map(|text| text.as_ptr()).chain(std::iter::once(std::ptr::null())).collect()
    };
    let (arguments, environment) = (pointers(arguments), pointers(environment));
    // SAFETY: all texts end with a zero byte and live until the call is over, and both lists end with a null pointer.
    unsafe { libc::execve(program.as_ptr(), arguments.as_ptr(), environment.as_ptr()) };
    io::Error::last_os_error()
}

/// Leaves namespaces.
pub(super) fn unshare(flags: UnshareFlags) -> io::Result<()> {
    // SAFETY: the flags never contain FILES, so that descriptors mean the same afterwards.
    unsafe { rustix::thread::unshare_unsafe(flags) }.map_err(Into::into)
}

/// Closes every descriptor but the standard ones and `kept`.
pub(in crate::step_host) fn close_all_but(kept: BorrowedFd<'_>) -> io::Result<()> {
    let kept = kept.as_raw_fd();
    if kept > 3 {
        close_range(3, kept - 1)?;
    }
    close_range(kept + 1, RawFd::MAX)
}

fn close_range(first: RawFd, last: RawFd) -> io::Result<()> {
    // SAFETY: called where a process begins and forgets what it inherited; nobody uses those descriptors afterwards, and their
    // owners are never dropped, for the process ends with `exit`.
    let outcome = unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
    if outcome == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Signals as a fresh process has them: faults end the process instead of calling handlers made for the step host.
pub(super) fn reset_faults() {
    for signal in [libc::SIGSEGV, libc::SIGBUS, libc::SIGPIPE] {
        // SAFETY: the default action is always valid, and no handler is left that could be called.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
}

/// Most memory that this process has had resident, in bytes.
pub(in crate::step_host) fn peak_memory() -> u64 {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the kernel fills the whole structure, and zeroes are a valid one.
    let kibibytes = unsafe {
        libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr());
        usage.assume_init().ru_maxrss
    };
    u64::try_from(kibibytes).unwrap_or(0) * 1024
}
