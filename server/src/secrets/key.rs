//! The key files: each made once, readable by its owner only.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::{Error, account_key};

/// Length of the key, in bytes.
pub const KEY_BYTES: usize = 32;
/// Name of the first key's file within the data directory; key n is in `secret-<n>.key`.
pub const KEY_FILE: &str = "secret.key";

/// Key bytes that are overwritten when they are dropped.
pub(super) type Key = Zeroizing<[u8; KEY_BYTES]>;

/// Where key `version` lies.
pub(super) fn path_of(data_dir: &Path, version: i16) -> PathBuf {
    data_dir.join(if version == 1 { KEY_FILE.to_owned() } else { format!("secret-{version}.key") })
}

/// Whether a file of this name in a data directory is a key: the server's, or that of the accounts.
#[must_use]
pub fn is_key_file(name: &str) -> bool {
    version_of(name).is_some() || name == account_key::FILE
}

/// The key files in `data_dir`, sorted.
pub fn key_files(data_dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(data_dir)? {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(is_key_file) {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

/// The keys of `data_dir` by their version; empty when there is none.
pub(super) fn load(data_dir: &Path) -> Result<BTreeMap<i16, Key>, Error> {
    let failed = |source| Error::Io { path: data_dir.to_owned(), source };
    let mut keys = BTreeMap::new();
    let entries = match fs::read_dir(data_dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(keys),
        entries => entries.map_err(failed)?,
    };
    for entry in entries {
        let name = entry.map_err(failed)?.file_name();
        if let Some(version) = name.to_str().and_then(version_of) {
            keys.insert(version, read(&path_of(data_dir, version))?);
        }
    }
    Ok(keys)
}

fn version_of(name: &str) -> Option<i16> {
    if name == KEY_FILE {
        return Some(1);
    }
    let digits = name.strip_prefix("secret-")?.strip_suffix(".key")?;
    digits.parse().ok().filter(|version: &i16| *version > 1 && digits == version.to_string())
}

/// Makes key `version`, unless it is there.
pub(super) fn create(data_dir: &Path, version: i16) -> Result<(), Error> {
    let path = path_of(data_dir, version);
    create_at(data_dir, &path).map_err(|source| Error::Io { path, source })
}

/// Reads the key called `name` of `data_dir`, and makes one when there is none.
pub(super) fn load_or_create(data_dir: &Path, name: &str) -> Result<Key, Error> {
    let path = data_dir.join(name);
    match read(&path) {
        Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            create_at(data_dir, &path).map_err(|source| Error::Io { path: path.clone(), source })?;
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
fn create_at(data_dir: &Path, path: &Path) -> io::Result<()> {
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

    fn only(data_dir: &Path) -> Result<Key, Error> {
        load(data_dir).map(|keys| keys[&1].clone())
    }

    #[test]
    fn a_key_is_made_once_and_only_for_its_owner() {
        let dir = tempfile::tempdir().unwrap();
        let data_dir = dir.path().join("new/data");
        assert!(load(&data_dir).unwrap().is_empty());
        create(&data_dir, 1).unwrap();
        let first = only(&data_dir).unwrap();
        assert_eq!(fs::metadata(data_dir.join(KEY_FILE)).unwrap().mode() & 0o7777, 0o600);
        create(&data_dir, 1).unwrap();
        assert_eq!(*only(&data_dir).unwrap(), *first);
        assert_eq!(fs::read_dir(&data_dir).unwrap().count(), 1, "the draft is removed");
        assert_ne!(*first, [0; KEY_BYTES]);
        create(&data_dir, 12).unwrap();
        let keys = load(&data_dir).unwrap();
        assert_eq!(keys.keys().copied().collect::<Vec<_>>(), [1, 12]);
        assert_ne!(*keys[&12], *first);
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        create(dir.path(), 1).unwrap();
        for mode in [0o640, 0o604, 0o660, 0o620] {
            fs::set_permissions(dir.path().join(KEY_FILE), fs::Permissions::from_mode(mode)).unwrap();
            let error = load(dir.path()).unwrap_err();
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
            assert!(matches!(load(dir.path()).unwrap_err(), Error::NotAKey { .. }));
            assert_eq!(fs::read(&path).unwrap().len(), length);
        }
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(matches!(load(dir.path()).unwrap_err(), Error::NotAKey { .. }));
    }

    #[test]
    fn only_names_of_keys_are_keys() {
        for (name, version) in [("secret.key", Some(1)), ("secret-2.key", Some(2)), ("secret-32767.key", Some(32767))] {
            assert_eq!(version_of(name), version, "{name}");
        }
        for name in [
            "secret-1.key",
            "secret-0.key",
            "secret--2.key",
            "secret-02.key",
            "secret-99999.key",
            "secret-.key",
            ".secret.key.7",
            "a",
        ] {
            assert_eq!(version_of(name), None, "{name}");
        }
    }
}
