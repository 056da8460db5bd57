//! The file system that steps see: nothing, or what Node.js needs, read-only.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, mkdirat};
use rustix::mount::{
    MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_bind_recursive, mount_change, mount_remount, unmount,
};
use rustix::process::{chdir, pivot_root};

/// Directories of which one exists everywhere; the new root is mounted over it, seen by this process alone.
const PLACES: [&str; 4] = ["/tmp", "/var", "/usr", "/proc"];

/// What a step can see of the machine's files.
#[derive(Debug, Default)]
pub(in crate::step_host) struct Root {
    /// Files that can be read and started, under the same names.
    pub(in crate::step_host) programs: Vec<PathBuf>,
    /// Directories that can be read, and their names in the jail.
    pub(in crate::step_host) data: Vec<(PathBuf, PathBuf)>,
}

impl Root {
    /// Exchanges the root of this process for this one.
    pub(super) fn enter(&self) -> io::Result<()> {
        let place = self.place()?;
        mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)?;
        let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
        // The directories to mount on are all that is ever written there.
        let size =
            if self.programs.is_empty() { c"size=4k,nr_inodes=2,mode=0555" } else { c"size=256k,nr_inodes=512,mode=0755" };
        mount("tmpfs", place, "tmpfs", flags, Some(size))?;
        self.fill(place)?;
        chdir(place)?;
        // The old root ends up below the new one, and is taken away from there.
        pivot_root(".", ".")?;
        unmount(".", UnmountFlags::DETACH)?;
        chdir("/")?;
        mount_remount("/", flags | MountFlags::RDONLY, "")?;
        match mkdirat(CWD, "/x", Mode::RWXU) {
            Err(_) => Ok(()),
            Ok(()) => Err(io::Error::other("the new root can be written")),
        }
    }

    /// Where the new root is put together: nothing that belongs into it may lie below.
    fn place(&self) -> io::Result<&'static Path> {
        let sources: Vec<&PathBuf> = self.programs.iter().chain(self.data.iter().map(|(from, _)| from)).collect();
        let real = sources.into_iter().map(fs::canonicalize).collect::<io::Result<Vec<_>>>()?;
        let free = |place: &&Path| {
            fs::metadata(place).is_ok_and(|found| found.is_dir()) && !real.iter().any(|source| source.starts_with(place))
        };
        let found = PLACES.into_iter().map(Path::new).find(free);
        found.ok_or_else(|| io::Error::other("there is no directory to mount the new root on"))
    }

    fn fill(&self, place: &Path) -> io::Result<()> {
        let read_only = MountFlags::BIND | MountFlags::RDONLY | MountFlags::NOSUID | MountFlags::NODEV;
        for program in &self.programs {
            let target = below(place, program);
            fs::create_dir_all(target.parent().unwrap_or(place))?;
            File::create(&target)?;
            mount_bind_recursive(program, &target)?;
            mount_remount(&target, read_only, "")?;
        }
        for (from, to) in &self.data {
            let target = below(place, to);
            fs::create_dir_all(&target)?;
            mount_bind_recursive(from, &target)?;
            // Nothing in it can be started, or loaded as a library.
            mount_remount(&target, read_only | MountFlags::NOEXEC, "")?;
        }
        Ok(())
    }
}

fn below(place: &Path, path: &Path) -> PathBuf {
    place.join(path.strip_prefix("/").unwrap_or(path))
}
