//! A child that tries its walls, one after the other, and says which hold.

use std::fs;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::os::fd::AsFd;

use rustix::io::Errno;
use rustix::process::getpid;
use tidemill_common::step_protocol::{Attestation, Level, Spawn, Wall};

use super::lock_down::Stage;
use super::{Error, Jail, Profile, canary, identity};

/// An address that is in no network (RFC 5737), port 9 (discard).
const NOWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 9);

impl Jail {
    /// Locks this process up as [`Jail::lock_down`] does, and tries each wall before the next one stands in front of it.
    pub(in crate::step_host) fn attest(&self, spawn: &Spawn, channel: impl AsFd) -> Result<Attestation, Error> {
        let mut walls = Vec::new();
        self.lock_down_watched(spawn, channel, |stage| match stage {
            Stage::Grouped => walls.push(self.control_group()),
            Stage::Nobody => walls.extend(self.outer_walls(spawn)),
            Stage::Landlocked => walls.push(landlock(self.profile)),
            Stage::Locked => walls.push(system_calls(self.profile)),
        })?;
        Ok(Attestation { level: level(self.profile, &walls), walls })
    }

    fn outer_walls(&self, spawn: &Spawn) -> [Wall; 5] {
        let why = self.namespaces.missing.clone().unwrap_or_else(|| "the kernel refused the namespace".to_owned());
        let entered = |entered: bool, holds: bool, good: &str| match (entered, holds) {
            (true, true) => good.to_owned(),
            (true, false) => "the namespace was entered and does not hold".to_owned(),
            (false, _) => why.clone(),
        };
        let processes = getpid().is_init();
        let (files, network) = (no_files(self.profile), no_network());
        let memory =
            Vec::<u8>::new().try_reserve_exact(usize::try_from(spawn.memory_bytes).unwrap_or(usize::MAX / 4) * 2).is_err();
        [
            wall("processes", processes, entered(self.own_processes, processes, "it sees no process but itself")),
            wall("files", files, entered(self.namespaces.files, files, self.files_detail())),
            wall(
                "network",
                network,
                entered(self.namespaces.network, network, "its network has no way out, not even to itself"),
            ),
            wall("identity", identity::is_nobody(), "no capability, not root, no way to new rights"),
            wall("memory", memory, "twice the memory that it may take was refused"),
        ]
    }
}

impl Jail {
    fn control_group(&self) -> Wall {
        match self.groups.canary(self.group.as_ref()) {
            Ok(()) => wall("control_group", true, "the kernel counts its memory and its processes"),
            Err(why) => {
                let detail = format!("steps have no control group, memory is bounded by the address space alone: {why}");
                wall("control_group", false, detail)
            }
        }
    }

    fn files_detail(&self) -> &'static str {
        match self.profile {
            Profile::Inside => "its file system is empty and read-only",
            Profile::Node => "its file system has Node.js and the packages, read-only",
        }
    }
}

fn wall(name: &str, holds: bool, detail: impl Into<String>) -> Wall {
    Wall { name: name.to_owned(), holds, detail: detail.into() }
}

fn no_files(profile: Profile) -> bool {
    let empty = match profile {
        Profile::Inside => fs::read_dir("/").is_ok_and(|mut entries| entries.next().is_none()),
        Profile::Node => fs::metadata("/etc").is_err() && fs::metadata("/root").is_err() && fs::metadata("/home").is_err(),
    };
    empty && fs::metadata("/proc/self").is_err() && fs::write("/x", "x").is_err()
}

fn no_network() -> bool {
    let unreachable = |error: std::io::Error| error.kind() == ErrorKind::NetworkUnreachable;
    let itself = SocketAddr::from((Ipv4Addr::LOCALHOST, NOWHERE.port()));
    let datagram = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).and_then(|socket| socket.connect(NOWHERE));
    TcpStream::connect(itself).is_err_and(unreachable) && datagram.is_err_and(unreachable)
}

/// What Landlock refuses by itself, before the filter: any file, and TCP (from its fourth version on).
fn landlock(profile: Profile) -> Wall {
    let refused = |error: std::io::Error| Errno::from_io_error(&error) == Some(Errno::ACCESS);
    let files = profile == Profile::Node || fs::File::open("/").is_err_and(refused);
    let itself = SocketAddr::from((Ipv4Addr::LOCALHOST, NOWHERE.port()));
    let network = TcpStream::connect(itself).is_err_and(refused);
    let detail = match (files, network) {
        (true, true) => "it refuses files and TCP",
        (true, false) => "it refuses files; refusing TCP needs Linux 6.7",
        _ => "this kernel has no Landlock, or it is switched off; it needs Linux 5.13, and 6.7 to refuse TCP",
    };
    wall("landlock", files && network, detail)
}

fn system_calls(profile: Profile) -> Wall {
    match canary::try_all(profile) {
        Ok(()) => wall("system_calls", true, "the filter refused every canary"),
        Err(error) => wall("system_calls", false, error.to_string()),
    }
}

/// What the walls amount to.
fn level(profile: Profile, walls: &[Wall]) -> Level {
    let holds = |names: &[&str]| names.iter().all(|name| walls.iter().any(|wall| wall.name == *name && wall.holds));
    let namespaces = holds(&["processes", "files", "network"]);
    let landlock = holds(&["landlock"]);
    // What can open files must have none to open.
    if !holds(&["system_calls", "memory"]) || (profile == Profile::Node && !namespaces) {
        Level::L0
    } else if !holds(&["identity"]) || !(namespaces || landlock) {
        Level::L1
    } else if namespaces && landlock && holds(&["control_group"]) {
        Level::L3
    } else {
        Level::L2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level_with(held: &[&str]) -> Level {
        level(Profile::Inside, &held.iter().map(|name| wall(name, true, "")).collect::<Vec<_>>())
    }

    #[test]
    fn a_level_needs_all_its_walls() {
        let base = ["system_calls", "memory", "identity"];
        assert_eq!(level_with(&[]), Level::L0);
        assert_eq!(level_with(&["processes", "files", "network", "landlock", "identity", "memory"]), Level::L0);
        assert_eq!(level_with(&base), Level::L1);
        assert_eq!(level_with(&["system_calls", "memory", "landlock"]), Level::L1);
        assert_eq!(level_with(&[&base[..], &["files", "network"]].concat()), Level::L1);
        assert_eq!(level_with(&[&base[..], &["landlock"]].concat()), Level::L2);
        assert_eq!(level_with(&[&base[..], &["processes", "files", "network"]].concat()), Level::L2);
        let all = [&base[..], &["processes", "files", "network", "landlock"]].concat();
        assert_eq!(level_with(&all), Level::L2);
        assert_eq!(level_with(&[&all[..], &["control_group"]].concat()), Level::L3);
    }

    #[test]
    fn a_wall_that_fell_does_not_count() {
        let mut walls: Vec<Wall> = ["system_calls", "memory", "identity", "landlock"].map(|name| wall(name, true, "")).to_vec();
        assert_eq!(level(Profile::Inside, &walls), Level::L2);
        assert_eq!(level(Profile::Node, &walls), Level::L0, "without namespaces Node.js sees all files");
        walls[0].holds = false;
        assert_eq!(level(Profile::Inside, &walls), Level::L0);
    }
}
