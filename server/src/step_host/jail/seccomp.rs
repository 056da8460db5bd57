//! The system call filter: what a computation needs, and nothing that reaches outside.
//!
//! Filters, of which the stricter one decides: one ends the process at calls that only an attack makes; the other lets
//! through what is listed and refuses the rest with `EPERM`, which Python shows as a `PermissionError`.

use std::collections::BTreeMap;

use libc::c_long;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule, TargetArch,
    apply_filter,
};

use super::{Error, Profile};

/// Calls that pass whatever their arguments are.
const ALLOWED: &[c_long] = &[
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_close,
    libc::SYS_lseek,
    libc::SYS_fstat,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_brk,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_restart_syscall,
    libc::SYS_sigaltstack,
    libc::SYS_futex,
    libc::SYS_getrandom,
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
    libc::SYS_getrusage,
    libc::SYS_sched_yield,
    libc::SYS_exit,
    libc::SYS_exit_group,
];

/// Calls that end the process: no computation makes them, by accident or not.
const DEADLY: &[c_long] = &[
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_pidfd_getfd,
    libc::SYS_bpf,
    libc::SYS_userfaultfd,
    libc::SYS_perf_event_open,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsmount,
    libc::SYS_pivot_root,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_kexec_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
];

/// Every flag of `clone` that makes a namespace.
const NAMESPACES: libc::c_int = libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET;

/// Calls that Node.js makes besides: it is a program that is started, reads files, has threads and an event loop.
const NODE: &[c_long] = &[
    libc::SYS_execve,
    libc::SYS_openat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_readlinkat,
    libc::SYS_getdents64,
    libc::SYS_getcwd,
    libc::SYS_chdir,
    libc::SYS_pread64,
    libc::SYS_readv,
    libc::SYS_writev,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_pipe2,
    libc::SYS_eventfd2,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_set_tid_address,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_membarrier,
    libc::SYS_sched_getaffinity,
    libc::SYS_sysinfo,
    libc::SYS_uname,
    libc::SYS_capget,
    libc::SYS_fcntl,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_arch_prctl,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_access,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_readlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_epoll_wait,
];

/// Calls that Node.js and its libraries can do without, when they are told that the kernel doesn't have them.
const UNKNOWN: &[c_long] = &[libc::SYS_clone3, libc::SYS_pkey_alloc];

/// The compiled filters.
pub(super) struct Filters {
    deadly: BpfProgram,
    unknown: Option<BpfProgram>,
    allowed: BpfProgram,
}

impl Filters {
    /// Compiles them for this processor.
    pub(super) fn compile(profile: Profile) -> Result<Self, Error> {
        let target: TargetArch = std::env::consts::ARCH.try_into()?;
        let deadly = DEADLY.iter().map(|call| (*call, Vec::new())).collect();
        let deadly = SeccompFilter::new(deadly, SeccompAction::Allow, SeccompAction::KillProcess, target)?;
        let refused = SeccompAction::Errno(libc::EPERM.unsigned_abs());
        let (rules, unknown) = match profile {
            Profile::Inside => (allowed()?, None),
            Profile::Node => {
                let calls = UNKNOWN.iter().map(|call| (*call, Vec::new())).collect();
                let unknown = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
                let unknown = SeccompFilter::new(calls, SeccompAction::Allow, unknown, target)?;
                (allowed_to_node()?, Some(unknown.try_into()?))
            }
        };
        let allowed = SeccompFilter::new(rules, refused, SeccompAction::Allow, target)?;
        Ok(Self { deadly: deadly.try_into()?, unknown, allowed: allowed.try_into()? })
    }

    /// Puts both around this thread, for good.
    pub(super) fn apply(&self) -> Result<(), Error> {
        // The last one no longer lets a filter be installed.
        apply_filter(&self.deadly)?;
        if let Some(unknown) = &self.unknown {
            apply_filter(unknown)?;
        }
        Ok(apply_filter(&self.allowed)?)
    }
}

fn allowed() -> Result<BTreeMap<c_long, Vec<SeccompRule>>, seccompiler::BackendError> {
    let mut rules: BTreeMap<c_long, Vec<SeccompRule>> = ALLOWED.iter().map(|call| (*call, Vec::new())).collect();
    // No memory that can be executed.
    let not_executable = SeccompCmpOp::MaskedEq(libc::PROT_EXEC.unsigned_abs().into());
    for call in [libc::SYS_mmap, libc::SYS_mprotect] {
        rules.insert(call, vec![rule(2, not_executable.clone(), 0)?]);
    }
    // Its own limits only, which it can but lower.
    rules.insert(libc::SYS_prlimit64, vec![rule(0, SeccompCmpOp::Eq, 0)?]);
    // Whether a descriptor is a terminal.
    rules.insert(libc::SYS_ioctl, vec![rule(1, SeccompCmpOp::Eq, libc::TCGETS)?]);
    let flags = [libc::F_GETFD, libc::F_GETFL].map(|command| rule(1, SeccompCmpOp::Eq, command.unsigned_abs().into()));
    rules.insert(libc::SYS_fcntl, flags.into_iter().collect::<Result<_, _>>()?);
    Ok(rules)
}

fn allowed_to_node() -> Result<BTreeMap<c_long, Vec<SeccompRule>>, seccompiler::BackendError> {
    let mut rules = allowed()?;
    rules.extend(NODE.iter().chain(UNKNOWN).map(|call| (*call, Vec::new())));
    // The loader maps libraries: code comes from files, which are read-only, and never from memory that was written.
    let code = vec![
        condition(2, SeccompCmpOp::MaskedEq(libc::PROT_WRITE.unsigned_abs().into()), 0)?,
        condition(3, SeccompCmpOp::MaskedEq(libc::MAP_ANONYMOUS.unsigned_abs().into()), 0)?,
    ];
    rules.entry(libc::SYS_mmap).or_default().push(SeccompRule::new(code)?);
    // Threads of its own, no processes, no namespaces.
    let thread = libc::CLONE_THREAD | NAMESPACES;
    let thread = SeccompCmpOp::MaskedEq(thread.unsigned_abs().into());
    rules.insert(libc::SYS_clone, vec![rule(0, thread, libc::CLONE_THREAD.unsigned_abs().into())?]);
    let controls =
        [libc::TCGETS, libc::TIOCGWINSZ, libc::FIONBIO, libc::FIOCLEX].map(|control| rule(1, SeccompCmpOp::Eq, control));
    rules.insert(libc::SYS_ioctl, controls.into_iter().collect::<Result<_, _>>()?);
    // The names of threads.
    rules.insert(libc::SYS_prctl, vec![rule(0, SeccompCmpOp::Eq, libc::PR_SET_NAME.unsigned_abs().into())?]);
    Ok(rules)
}

fn rule(argument: u8, operator: SeccompCmpOp, value: u64) -> Result<SeccompRule, seccompiler::BackendError> {
    SeccompRule::new(vec![condition(argument, operator, value)?])
}

fn condition(argument: u8, operator: SeccompCmpOp, value: u64) -> Result<SeccompCondition, seccompiler::BackendError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value)
}
