//! Whom Postgres runs as: the user who started us, or an unprivileged account when that is root.
//!
//! Postgres refuses to run as root, and `initdb` wants an account that `/etc/passwd` knows. In order: whoever owns the
//! cluster already, `tidemill` (packages make it), `postgres`, `nobody`. The socket is in a directory that only this account
//! and root may enter.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Error;

const CANDIDATES: [&str; 3] = ["tidemill", "postgres", "nobody"];

/// The account of the Postgres processes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    uid: u32,
    gid: u32,
    /// Whether it is another one than ours.
    switch: bool,
}

impl Account {
    /// Chooses the account for the cluster whose directory is `home` (it need not exist).
    pub(super) fn choose(home: &Path) -> Result<Self, Error> {
        let (uid, gid) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
        let owner = match fs::symlink_metadata(home) {
            Ok(found) => Some(found),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(Error::io("look at", home)(error)),
        };
        if uid != 0 {
            return match owner {
                Some(found) if found.uid() != uid => {
                    Err(Error::NotOurs { path: home.to_owned(), owner: found.uid(), user: uid })
                }
                _ => Ok(Self { uid, gid, switch: false }),
            };
        }
        if let Some(found) = owner.filter(|found| found.uid() != 0) {
            return Ok(Self { uid: found.uid(), gid: found.gid(), switch: true });
        }
        let passwd = fs::read_to_string("/etc/passwd").map_err(Error::io("read", "/etc/passwd"))?;
        let (uid, gid) = CANDIDATES.iter().find_map(|name| lookup(&passwd, name)).ok_or(Error::NoAccount)?;
        Ok(Self { uid, gid, switch: true })
    }

    pub(super) fn uid(&self) -> u32 {
        self.uid
    }

    /// `program` as this account, in `/`, in a process group of its own (Ctrl-C is for the server, which then stops
    /// Postgres), with nothing of our environment.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C").env("TZ", "UTC");
        command.current_dir("/").process_group(0);
        if self.switch {
            command.uid(self.uid).gid(self.gid);
        }
        command
    }

    /// Makes the directory `path` if it is missing, private to this account.
    pub(super) fn make_private_dir(&self, path: &Path) -> Result<(), Error> {
        fs::create_dir_all(path).map_err(Error::io("make", path))?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(Error::io("protect", path))?;
        if self.switch {
            chown(path, Some(self.uid), Some(self.gid)).map_err(Error::io("give away", path))?;
        }
        Ok(())
    }

    /// Lets this account pass through the data directory: it may not list it, and what lies there is private to root.
    pub(super) fn open_passage(&self, data_dir: &Path) -> Result<(), Error> {
        if !self.switch {
            return Ok(());
        }
        let mode = fs::metadata(data_dir).map_err(Error::io("look at", data_dir))?.mode() & 0o7777;
        fs::set_permissions(data_dir, fs::Permissions::from_mode(mode | 0o011)).map_err(Error::io("open", data_dir))
    }

    /// The first directory on the way to `path` that this account may not enter, going by owner and mode.
    pub(super) fn blocked_at(&self, path: &Path) -> Option<PathBuf> {
        let mut ancestors: Vec<&Path> = path.ancestors().collect();
        ancestors.reverse();
        ancestors.into_iter().find(|dir| fs::metadata(dir).is_ok_and(|found| !self.may_enter(&found))).map(Path::to_owned)
    }

    fn may_enter(&self, directory: &Metadata) -> bool {
        let bit = match (directory.uid() == self.uid, directory.gid() == self.gid) {
            (true, _) => 0o100,
            (false, true) => 0o010,
            (false, false) => 0o001,
        };
        directory.mode() & bit != 0
    }

    /// The account for people: its name where it has one.
    pub(super) fn name(&self) -> String {
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let wanted = self.uid.to_string();
        passwd
            .lines()
            .map(|line| line.split(':').collect::<Vec<_>>())
            .find(|fields| fields.get(2) == Some(&wanted.as_str()))
            .map_or(wanted.clone(), |fields| fields[0].to_owned())
    }
}

/// User id and group id of `name` in the text of `/etc/passwd`; never root's.
fn lookup(passwd: &str, name: &str) -> Option<(u32, u32)> {
    let fields: Vec<&str> =
        passwd.lines().map(|line| line.split(':').collect()).find(|fields: &Vec<&str>| fields[0] == name)?;
    let ids = (fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?);
    (ids.0 != 0).then_some(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str =
        "root:x:0:0:root:/root:/bin/bash\npostgres:x:101:104:,,,:/var/lib/postgresql:/bin/bash\nodd\nsly:x:0:0::/:/bin/sh\n";

    #[test]
    fn accounts_are_read_from_passwd() {
        assert_eq!(lookup(PASSWD, "postgres"), Some((101, 104)));
        assert_eq!(lookup(PASSWD, "tidemill"), None);
        assert_eq!(lookup(PASSWD, "odd"), None);
    }

    #[test]
    fn another_name_of_root_is_no_account() {
        assert_eq!(lookup(PASSWD, "sly"), None);
    }

    #[test]
    fn a_closed_directory_on_the_way_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let closed = dir.path().join("closed");
        fs::create_dir_all(closed.join("data")).unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
        let stranger = Account { uid: 61_234, gid: 61_234, switch: true };
        assert_eq!(stranger.blocked_at(&closed.join("data")), Some(closed.clone()));
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o711)).unwrap();
        assert_eq!(stranger.blocked_at(&closed.join("data")), None);
    }
}
