//! The environment variables that clients read, read once.

use std::env;
use std::path::PathBuf;

/// What the environment says. Empty variables count as absent.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// `TIDEMILL_SERVER`: the server's base URL.
    pub server: Option<String>,
    /// `TIDEMILL_TOKEN`: the API token; beats a stored one.
    pub token: Option<String>,
    /// `TIDEMILL_WORKSPACE`: slug or id.
    pub workspace: Option<String>,
    /// `TIDEMILL_CONTEXT`: name of a stored context.
    pub context: Option<String>,
    /// `TIDEMILL_DATA_DIR`: data directory of a server on this machine.
    pub data_dir: Option<PathBuf>,
    /// `TIDEMILL_CA`: file with a certificate authority that is trusted besides the machine's.
    pub ca: Option<PathBuf>,
    /// `TIDEMILL_OUTPUT`: format of the output.
    pub output: Option<String>,
    /// `TIDEMILL_COLOR`: `auto`, `always` or `never`.
    pub color: Option<String>,
    /// `NO_COLOR` is set (<https://no-color.org>).
    pub no_color: bool,
    /// `CLICOLOR_FORCE` is set to other than `0`.
    pub force_color: bool,
    /// `TERM` is `dumb`.
    pub dumb: bool,
    /// Where the configuration lives: `TIDEMILL_CONFIG_DIR`, else `tidemill` in `XDG_CONFIG_HOME` or `~/.config`.
    pub config_dir: Option<PathBuf>,
    /// Where what a program left behind lives: `tidemill` in `XDG_STATE_HOME` or `~/.local/state`.
    pub state_dir: Option<PathBuf>,
}

/// One variable of the process' environment, for what has no name here: the terminal's own.
pub fn variable(name: &str) -> Option<String> {
    env::var(name).ok()
}

impl Environment {
    /// Reads the process' environment.
    #[must_use]
    pub fn read() -> Self {
        Self::from_lookup(|name| env::var(name).ok())
    }

    fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let get = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let config_dir = get("TIDEMILL_CONFIG_DIR").map(PathBuf::from).or_else(|| {
            let base = get("XDG_CONFIG_HOME").map(PathBuf::from);
            base.or_else(|| get("HOME").map(|home| PathBuf::from(home).join(".config"))).map(|base| base.join("tidemill"))
        });
        let state_dir = get("XDG_STATE_HOME").map(PathBuf::from);
        let state_dir = state_dir.or_else(|| get("HOME").map(|home| PathBuf::from(home).join(".local/state")));
        Self {
            state_dir: state_dir.map(|base| base.join("tidemill")),
            server: get("TIDEMILL_SERVER"),
            token: get("TIDEMILL_TOKEN"),
            workspace: get("TIDEMILL_WORKSPACE"),
            context: get("TIDEMILL_CONTEXT"),
            data_dir: get("TIDEMILL_DATA_DIR").map(PathBuf::from),
            ca: get("TIDEMILL_CA").map(PathBuf::from),
            output: get("TIDEMILL_OUTPUT"),
            color: get("TIDEMILL_COLOR"),
            no_color: get("NO_COLOR").is_some(),
            force_color: get("CLICOLOR_FORCE").is_some_and(|value| value != "0"),
            dumb: get("TERM").is_some_and(|value| value == "dumb"),
            config_dir,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        Environment::from_lookup(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn empty_variables_count_as_absent() {
        let environment = environment(&[("TIDEMILL_SERVER", ""), ("NO_COLOR", ""), ("CLICOLOR_FORCE", "0")]);
        assert!(environment.server.is_none() && !environment.no_color && !environment.force_color);
    }

    #[test]
    fn the_configuration_follows_xdg() {
        let home = ("HOME", "/home/ana");
        assert_eq!(environment(&[home]).config_dir, Some("/home/ana/.config/tidemill".into()));
        assert_eq!(environment(&[home, ("XDG_CONFIG_HOME", "/x")]).config_dir, Some("/x/tidemill".into()));
        assert_eq!(environment(&[home, ("TIDEMILL_CONFIG_DIR", "/t")]).config_dir, Some("/t".into()));
    }
}
