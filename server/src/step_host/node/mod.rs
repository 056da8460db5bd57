//! JavaScript steps in the machine's Node.js: a fresh process per step, in the same jail.
//!
//! Its children have nothing but the program, the libraries that it is linked with and the operator's packages, all read-only.
//! It runs without a compiler (`--jitless`): so the filter can refuse executable memory here too, and most attacks on the engine
//! have nothing to work with. That costs speed, not features, but for WebAssembly.

mod program;

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::Path;

use tidemill_common::step_protocol::{EXIT_NOT_LOCKED, Notice, Spawn};

use super::StepHostArgs;
use super::channel::Control;
use super::child;
use super::jail::{self, Fork, Groups, Jail, Profile};
use super::zygote::{Error, Guest, Zygote};
use program::Program;

/// Runs the job in Node.js: constant; user code and input come to it as data.
const HARNESS: &str = include_str!("harness.js");
/// Memory that the heap leaves to the rest of the process: an eighth.
const REST: u64 = 8;

struct Node {
    program: Program,
    language_layer: bool,
}

/// Prepares the jail and forks children until the server closes the channel.
pub(super) fn run(args: &StepHostArgs, program: &Path) -> Result<(), Error> {
    let control = Control::take_stdin()?;
    jail::close_all_but(std::os::fd::AsFd::as_fd(&control))?;
    rustix::process::chdir("/").map_err(io::Error::from)?;
    let program = Program::find(program, args.packages.as_deref()).map_err(Error::Node)?;
    let groups = Groups::open(args.control_groups.as_deref(), &args.without_control_groups);
    let jail = Jail::build(Profile::Node, &program.root, groups)?;
    control.send(&Notice::Ready { version: program.version.clone() }, &[])?;
    let guest = Node { program, language_layer: !args.without_language_layer };
    Zygote::new(control, jail, guest).serve()
}

impl Guest for Node {
    fn fork(&self, own_processes: bool) -> io::Result<Fork> {
        jail::fork(own_processes)
    }

    fn live(&self, jail: &Jail, spawn: &Spawn, stream: OwnedFd) -> ! {
        let stream = File::from(stream);
        if spawn.attest {
            jail::exit(child::attest(jail, spawn, &stream).err().unwrap_or(0));
        }
        let become_node = || -> Result<(), io::Error> {
            jail.lock_down(spawn, &stream).map_err(io::Error::other)?;
            rustix::process::chdir(self.program.directory())?;
            rustix::io::fcntl_setfd(&stream, rustix::io::FdFlags::empty())?;
            Err(jail::exec(&self.program.path, &self.arguments(spawn, stream.as_raw_fd()), &self.program.environment))
        };
        // It only comes back when it failed; the job has not been read by then.
        let _ = become_node();
        jail::exit(EXIT_NOT_LOCKED)
    }
}

impl Node {
    fn arguments(&self, spawn: &Spawn, channel: i32) -> Vec<CString> {
        let heap = spawn.memory_bytes.saturating_sub(spawn.memory_bytes / REST) >> 20;
        let words = [
            "node",
            "--jitless",
            "--no-expose-wasm",
            "--no-addons",
            "--no-warnings",
            "--experimental-vm-modules",
            "--v8-pool-size=1",
            &format!("--max-old-space-size={}", heap.max(8)),
            "-e",
            HARNESS,
            &channel.to_string(),
            if self.language_layer { "guarded" } else { "bare" },
        ];
        words.iter().map(|word| CString::new(*word).expect("none of these has a zero byte")).collect()
    }
}
