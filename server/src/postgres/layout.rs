//! Where the parts of the cluster lie, and how to reach it.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::Error;
use super::account::Account;

/// What a socket's path may have at most on Linux, in bytes (`sun_path` of unix(7) without its NUL).
const SOCKET_PATH_MAX: usize = 107;

/// The name that Postgres gives its socket.
const SOCKET_NAME: &str = ".s.PGSQL.5432";

/// The paths of one cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    /// Belongs to the account; holds everything but log and settings.
    pub(super) home: PathBuf,
    /// What Postgres calls the data directory.
    pub(super) cluster: PathBuf,
    /// The directory of the socket.
    pub(super) socket: PathBuf,
    /// The settings that we write. Beside `home`: it belongs to us, not to the account.
    pub(super) settings: PathBuf,
    /// What Postgres says. Beside `home`: it belongs to us, not to the account.
    pub(super) log: PathBuf,
}

impl Layout {
    /// The layout in `data_dir`, which must be absolute and without links.
    pub(super) fn new(data_dir: &Path) -> Self {
        let home = data_dir.join("postgres");
        let inside = home.join("socket");
        let fits = inside.join(SOCKET_NAME).as_os_str().len() <= SOCKET_PATH_MAX;
        let socket = if fits { inside } else { short_socket_dir(data_dir) };
        Self {
            cluster: home.join("cluster"),
            socket,
            settings: data_dir.join("postgres.conf"),
            log: data_dir.join("postgres.log"),
            home,
        }
    }

    /// Makes the directories that must be there before Postgres.
    pub(super) fn prepare(&self, account: &Account) -> Result<(), Error> {
        account.make_private_dir(&self.home)?;
        if self.socket.starts_with(&self.home) {
            return account.make_private_dir(&self.socket);
        }
        // In /tmp anybody may have been first: a directory is ours only if it is a real one and belongs to the account.
        match fs::symlink_metadata(&self.socket) {
            Ok(found) if found.is_dir() && found.uid() == account.uid() => account.make_private_dir(&self.socket),
            Ok(_) => Err(Error::SocketDirectory { path: self.socket.clone() }),
            Err(_) => account.make_private_dir(&self.socket),
        }
    }

    /// Removes what lies outside the data directory.
    pub(super) fn clean_up(&self) -> Result<(), Error> {
        if self.socket.starts_with(&self.home) {
            return Ok(());
        }
        match fs::remove_dir_all(&self.socket) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io("remove", &self.socket)(error)),
            _ => Ok(()),
        }
    }

    /// The connection URL of libpq for `database`. The port is only part of the socket's name.
    pub(super) fn url(&self, database: &str) -> String {
        format!("postgresql://tidemill@/{database}?host={}&port=5432", percent_encoded(&self.socket))
    }
}

fn short_socket_dir(data_dir: &Path) -> PathBuf {
    let hash = hex::encode(Sha256::digest(data_dir.as_os_str().as_bytes()));
    PathBuf::from(format!("/tmp/tidemill-{}", &hash[..16]))
}

fn percent_encoded(path: &Path) -> String {
    path.as_os_str().as_bytes().iter().fold(String::new(), |text, byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => text + char::from(*byte).encode_utf8(&mut [0; 4]),
        _ => text + &format!("%{byte:02X}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_socket_is_in_the_data_directory() {
        let layout = Layout::new(Path::new("/var/lib/tidemill"));
        assert_eq!(layout.socket, Path::new("/var/lib/tidemill/postgres/socket"));
        assert_eq!(
            layout.url("tidemill"),
            "postgresql://tidemill@/tidemill?host=%2Fvar%2Flib%2Ftidemill%2Fpostgres%2Fsocket&port=5432"
        );
    }

    #[test]
    fn a_path_too_long_for_a_socket_gets_a_short_directory() {
        let long = PathBuf::from(format!("/srv/{}", "x".repeat(90)));
        let socket = Layout::new(&long).socket;
        assert!(socket.starts_with("/tmp") && socket.join(SOCKET_NAME).as_os_str().len() <= SOCKET_PATH_MAX, "{socket:?}");
        assert_ne!(socket, Layout::new(&long.join("y")).socket);
        let longest =
            PathBuf::from(format!("/{}", "x".repeat(SOCKET_PATH_MAX - 1 - "/postgres/socket/".len() - SOCKET_NAME.len())));
        assert!(Layout::new(&longest).socket.starts_with(&longest));
    }

    #[test]
    fn odd_characters_of_a_path_are_encoded() {
        assert_eq!(percent_encoded(Path::new("/a b/ü&?")), "%2Fa%20b%2F%C3%BC%26%3F");
    }
}
