//! The machine's Node.js: which version, and which files it needs.

use std::ffi::CString;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::super::jail::Root;

/// Oldest version that can be used.
const OLDEST: u32 = 20;
/// Where steps find the packages.
const PACKAGES: &str = "/packages";

/// Node.js, ready to be started in the jail.
pub(super) struct Program {
    /// The program, as children see it.
    pub(super) path: CString,
    /// Its version, without the `v`.
    pub(super) version: String,
    /// All files that it can see.
    pub(super) root: Root,
    /// Its whole environment.
    pub(super) environment: Vec<CString>,
}

impl Program {
    /// Asks the program for its version and the loader for its libraries. The error says what to do.
    pub(super) fn find(path: &Path, packages: Option<&Path>) -> Result<Self, String> {
        let said = output(path, &["--version"], None)?;
        let version = said.trim().trim_start_matches('v').to_owned();
        let major: u32 = version.split('.').next().and_then(|major| major.parse().ok()).unwrap_or(0);
        if major < OLDEST {
            return Err(format!("{} says it is version `{version}`; Node.js {OLDEST} or newer is needed", path.display()));
        }
        // The dynamic loader prints the libraries and starts nothing.
        let libraries = libraries(&output(path, &[], Some("LD_TRACE_LOADED_OBJECTS"))?);
        if libraries.is_empty() {
            return Err(format!("the loader names no libraries of {}: it must be a program, not a script", path.display()));
        }
        let environment = environment(&libraries);
        let text = |path: &Path| CString::new(path.as_os_str().as_bytes()).map_err(|error| error.to_string());
        let mut programs = vec![path.to_owned()];
        programs.extend(libraries);
        let data = packages.iter().map(|from| ((*from).to_owned(), PathBuf::from(PACKAGES))).collect();
        Ok(Self { path: text(path)?, version, root: Root { programs, data }, environment })
    }

    /// The directory that steps are in: that of the packages, when there is one.
    pub(super) fn directory(&self) -> &Path {
        Path::new(if self.root.data.is_empty() { "/" } else { PACKAGES })
    }
}

fn output(path: &Path, arguments: &[&str], variable: Option<&str>) -> Result<String, String> {
    let mut command = Command::new(path);
    command.args(arguments).env_clear().envs(variable.map(|name| (name, "1")));
    let told = command.output().map_err(|error: io::Error| format!("{} can't be started: {error}", path.display()))?;
    if !told.status.success() {
        return Err(format!("{} {} ended with {}", path.display(), arguments.join(" "), told.status));
    }
    Ok(String::from_utf8_lossy(&told.stdout).into_owned())
}

/// The paths in what the loader prints: `name => /path (address)`, or `/path (address)`.
fn libraries(text: &str) -> Vec<PathBuf> {
    text.lines().filter_map(|line| line.split_whitespace().find(|word| word.starts_with('/'))).map(PathBuf::from).collect()
}

fn environment(libraries: &[PathBuf]) -> Vec<CString> {
    let mut directories: Vec<&str> = libraries.iter().filter_map(|path| path.parent()?.to_str()).collect();
    directories.sort_unstable();
    directories.dedup();
    let variables = [
        format!("LD_LIBRARY_PATH={}", directories.join(":")),
        "TZ=UTC".to_owned(),
        "HOME=/".to_owned(),
        "UV_USE_IO_URING=0".to_owned(),
        "UV_THREADPOOL_SIZE=1".to_owned(),
    ];
    variables.into_iter().filter_map(|variable| CString::new(variable).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_read_from_what_the_loader_says() {
        let said = "\tlinux-vdso.so.1 (0x00007f13)\n\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x1)\n\t/lib64/ld-linux-x86-64.so.2 (0x2)\n\tlibx.so => not found\n";
        let paths = ["/lib/x86_64-linux-gnu/libc.so.6", "/lib64/ld-linux-x86-64.so.2"].map(PathBuf::from);
        assert_eq!(libraries(said), paths);
        let environment = environment(&paths);
        assert_eq!(environment[0].to_str().unwrap(), "LD_LIBRARY_PATH=/lib/x86_64-linux-gnu:/lib64");
    }
}
