//! The key file: made once, readable by its owner only.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::Error;

/// Length of the key, in bytes.
pub const KEY_BYTES: usize = 32;
/// Name of the key file within the data directory.
pub const KEY_FILE: &str = "secret.key";

/// Key bytes that are overwritten when they are dropped.
pub(super) type Key = Zeroizing<[u8; KEY_BYTES]>;

/// Reads the key called `name` of `data_dir`, and makes one when there is none.
pub(super) fn load_or_create(data_dir: &Path, name: &str) -> Result<Key, Error> {
    let path = data_dir.join(name);
    match read(&path) {
        Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            create(data_dir, &path).map_err(|source| Error::Io { path: path.clone(), source })?;
            read(&path)
        }
        other => other,
    }
}

fn read(path: &Path) -> Result<Key, Error> {
    let failed = |source| Error::Io { path: path.to_owned(), source };
    // A pipe or a terminal in the key's place must not block the start.
    let mut file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK | libc::O_CLOEXEC).open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() || metadata.len() != KEY_BYTES as u64 {
        return Err(Error::NotAKey { path: path.to_owned() });
    }
    let mode = metadata.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(Error::Exposed { path: path.to_owned(), mode });
    }
    let mut key = Key::default();
    file.read_exact(key.as_mut_slice()).map_err(failed)?;
    Ok(key)
}

/// Writes a new key beside its place and links it there: another process never sees half a key, and a key that someone
/// else made in the meantime is kept.
fn create(data_dir: &Path, path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(data_dir)?;
    let mut key = Key::default();
    getrandom::fill(key.as_mut_slice()).map_err(io::Error::other)?;
    let draft: PathBuf = path.with_extension(format!("key.{}", std::process::id()));
    let linked = write_new(&draft, &key).and_then(|()| match fs::hard_link(&draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    });
    let removed = fs::remove_file(&draft);
    linked.and(removed)?;
    File::open(data_dir)?.sync_all()
}

fn write_new(path: &Path, key: &Key) -> io::Result<()> {
    // Left behind by a server that was killed just here.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(key.as_slice())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_only_for_its_owner() {
        let dir = tempfile::tempdir().unwrap();
        let data_dir = dir.path().join("new/data");
        let first = load_or_create(&data_dir, KEY_FILE).unwrap();
        assert_eq!(fs::metadata(data_dir.join(KEY_FILE)).unwrap().mode() & 0o7777, 0o600);
        assert_eq!(*load_or_create(&data_dir, KEY_FILE).unwrap(), *first);
        assert_eq!(fs::read_dir(&data_dir).unwrap().count(), 1, "the draft is removed");
        assert_ne!(*first, [0; KEY_BYTES]);
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        load_or_create(dir.path(), KEY_FILE).unwrap();
        for mode in [0o640, 0o604, 0o660, 0o620] {
            fs::set_permissions(dir.path().join(KEY_FILE), fs::Permissions::from_mode(mode)).unwrap();
            let error = load_or_create(dir.path(), KEY_FILE).unwrap_err();
            assert!(matches!(error, Error::Exposed { .. }), "{error}");
            assert!(error.to_string().contains("chmod 600"), "{error}");
        }
    }

    #[test]
    fn what_is_not_a_key_is_refused_and_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(KEY_FILE);
        for length in [0, 31, 33] {
            fs::write(&path, vec![7; length]).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            assert!(matches!(load_or_create(dir.path(), KEY_FILE).unwrap_err(), Error::NotAKey { .. }));
            assert_eq!(fs::read(&path).unwrap().len(), length);
        }
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(matches!(load_or_create(dir.path(), KEY_FILE).unwrap_err(), Error::NotAKey { .. }));
    }
}
