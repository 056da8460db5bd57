//! The machine: directory, disk, limits, address, sandbox.

use std::path::Path;

use rustix::process::{Resource, getrlimit};

use super::finding::{Finding, with_cause};
use crate::assets;
use crate::config::ServeConfig;
use crate::runner::code::{CodeRunner, SandboxStatus};
use crate::serve;

/// Bytes of free disk below which the doctor warns: an hour of a busy server.
const FREE_DISK: u64 = 5 * 1024 * 1024 * 1024;
/// The oldest kernel with everything that the sandbox can use.
const KERNEL: (u32, u32) = (5, 10);
/// What the sandbox stands on, and where the kernel says that it has it.
const FEATURES: [(&str, &str); 3] = [
    ("/proc/sys/user/max_user_namespaces", "user namespaces"),
    ("/proc/sys/kernel/seccomp/actions_avail", "seccomp"),
    ("/sys/fs/cgroup/cgroup.controllers", "cgroups v2"),
];
/// Open files that a server needs under load: webhooks under way, streams, connections to databases and services.
const FILES: u64 = 4096;

/// What this binary brings along.
pub(super) fn binary() -> Finding {
    let version = env!("CARGO_PKG_VERSION");
    match assets::titles().as_slice() {
        [] => Finding::good("binary", format!("tidemill {version}, with the machine's PostgreSQL and Python")),
        titles => Finding::good("binary", format!("tidemill {version}, with {} inside", titles.join(" and "))),
    }
}

pub(super) fn data_dir(data_dir: &Path) -> Finding {
    let existing = data_dir.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/"));
    match rustix::fs::access(existing, rustix::fs::Access::WRITE_OK) {
        Ok(()) => Finding::good("data directory", format!("{} can be written", existing.display())),
        Err(error) => Finding::bad(
            "data directory",
            format!("{} can't be written ({error})", existing.display()),
            "choose another with --data-dir, or give this user the right to write there",
        ),
    }
}

pub(super) fn disk(data_dir: &Path) -> Finding {
    let existing = data_dir.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/"));
    match rustix::fs::statvfs(existing) {
        Err(error) => Finding::warning("disk", format!("free space is unknown ({error})"), "look at it with df -h"),
        Ok(disk) => {
            let free = disk.f_bavail * disk.f_frsize;
            let shown = format!("{:.1} GiB free below {}", bytes_as_gib(free), existing.display());
            if free >= FREE_DISK {
                return Finding::good("disk", shown);
            }
            Finding::warning(
                "disk",
                shown,
                "make room, put the data directory on a larger disk, or keep executions for less long (retention_days)",
            )
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
fn bytes_as_gib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 30)
}

pub(super) fn files() -> Finding {
    let limit = getrlimit(Resource::Nofile);
    let shown = |most: Option<u64>| most.map_or("without limit".to_owned(), |most| most.to_string());
    let what = format!("open files: {}, at most {}", shown(limit.current), shown(limit.maximum));
    if limit.current.is_none_or(|current| current >= FILES) {
        return Finding::good("limits", what);
    }
    Finding::warning("limits", what, format!("allow {FILES} and more: LimitNOFILE= in the service, or ulimit -n"))
}

/// What the kernel gives; how far the sandbox comes with it is another finding.
pub(super) fn kernel() -> Finding {
    let system = rustix::system::uname();
    let release = system.release().to_string_lossy().into_owned();
    let missing: Vec<&str> = FEATURES.iter().filter(|(path, _)| !gives(path)).map(|(_, name)| *name).collect();
    let what = format!("Linux {release}");
    if version_of(&release).is_some_and(|version| version < KERNEL) {
        return Finding::warning("kernel", what, "take one from 5.10 on: older ones lack parts of the sandbox");
    }
    if missing.is_empty() {
        return Finding::good("kernel", format!("{what}, with namespaces, seccomp and cgroups"));
    }
    let what = format!("{what}, without {}", missing.join(", "));
    Finding::warning(
        "kernel",
        what,
        "code steps run with what there is (see sandbox); containers and hardened kernels switch these off",
    )
}

/// Whether a file of the kernel's is there and says more than nothing.
fn gives(path: &str) -> bool {
    std::fs::read_to_string(path).is_ok_and(|text| !matches!(text.trim(), "" | "0"))
}

/// Major and minor number of a kernel.
fn version_of(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|letter: char| !letter.is_ascii_digit()).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

pub(super) fn address(config: &ServeConfig) -> Finding {
    match std::net::TcpListener::bind(config.listen) {
        Ok(_) => Finding::good("address", format!("{} is free", config.listen)),
        Err(error) => Finding::warning(
            "address",
            format!("{} can't be listened on ({error})", config.listen),
            "a server may be running there already; else choose another with --listen",
        ),
    }
}

/// Starts the step hosts, as the server would, and lets them try their walls.
pub(super) fn sandboxes(config: &ServeConfig, assets: &Path) -> Vec<Finding> {
    let python_home = match assets::python_home(assets) {
        Ok(home) => home,
        Err(error) => return vec![Finding::bad("sandbox", with_cause(&error), "make room, or choose another --data-dir")],
    };
    let tried = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().map(|runtime| {
        runtime.block_on(async {
            let runner = CodeRunner::start(serve::code_options(config, python_home));
            (runner.status().await, runner.node_status().await)
        })
    });
    match tried {
        Ok((inside, node)) => {
            let node = node.map(|node| sandbox("runtime node", &node));
            std::iter::once(sandbox("sandbox", &inside)).chain(node).collect()
        }
        Err(error) => vec![Finding::warning("sandbox", format!("not tried ({error})"), "try again")],
    }
}

fn sandbox(name: &'static str, status: &SandboxStatus) -> Finding {
    let missing = Some(status.missing()).filter(|missing| !missing.is_empty());
    let missing = missing.unwrap_or_else(|| "nothing is missing".to_owned());
    let what = format!("{} of {} asked for; {}", status.level, status.minimum, status.problem.clone().unwrap_or(missing));
    if status.is_enough() {
        return Finding::good(name, what);
    }
    Finding::warning(name, what, "such steps are refused here; docs/code-steps.md says what each level needs")
}
