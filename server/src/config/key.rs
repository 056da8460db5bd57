//! The table of all settings, read off the flags: what each is, its unit, its default, since when, and what is a secret.
//!
//! The flags are the only place where a setting is declared. Their help says `[default: …]` and, for what came after the
//! first version, `[since: …]`.

use clap::{Arg, Args as _};

use super::Settings;

/// The version that had the settings whose help doesn't say since when they are there.
const FIRST: &str = "0.1";

/// The settings that a running server takes over on SIGHUP; all others need a restart.
pub const RELOADED: [&str; 16] = [
    "dead_letter_days",
    "execution_payload_mib",
    "log_level",
    "max_inflight_webhooks",
    "max_running_executions",
    "outbound_allow",
    "outbound_ca",
    "outbound_no_proxy",
    "outbound_per_host",
    "outbound_proxy",
    "payload_mib",
    "public_url",
    "retention_days",
    "tls_certificate",
    "tls_key",
    "trusted_proxies",
];

/// One setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its name in the file; the flag is the same with hyphens.
    pub name: String,
    /// What it is.
    pub about: String,
    /// The word for its value: `DAYS`, `FILE`.
    pub value: String,
    /// What it is when nobody sets it, in words.
    pub default: String,
    /// The values that there are, where they are few.
    pub choices: Vec<String>,
    /// Its environment variable.
    pub variable: String,
    /// Whether it must not be shown.
    pub secret: bool,
    /// The first version that has it.
    pub since: String,
}

/// All settings, in the order of the help.
#[must_use]
pub fn keys() -> Vec<Key> {
    Settings::augment_args(clap::Command::new("")).get_arguments().map(Key::of).collect()
}

/// The unit of a setting's value, where it has one.
pub(super) fn unit(name: &str) -> &'static str {
    keys().iter().find(|key| key.name == name).map_or("", Key::unit)
}

impl Key {
    fn of(argument: &Arg) -> Self {
        let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
        let about = help.split(" [").next().unwrap_or_default().replace('`', "");
        let choices = argument.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
        Self {
            name: argument.get_id().to_string(),
            about,
            value: argument.get_value_names().and_then(|names| names.first()).map(ToString::to_string).unwrap_or_default(),
            default: bracketed(&help, "default").unwrap_or("none").replace('`', ""),
            choices,
            variable: argument.get_env().and_then(|name| name.to_str()).unwrap_or_default().to_owned(),
            secret: argument.is_hide_env_values_set(),
            since: bracketed(&help, "since").unwrap_or(FIRST).to_owned(),
        }
    }

    /// The unit of its value, with a space before it; empty where there is none.
    #[must_use]
    pub fn unit(&self) -> &'static str {
        match self.value.as_str() {
            "DAYS" => " days",
            "SECONDS" => " seconds",
            "MIB" => " MiB",
            "KIB" => " KiB",
            "PERCENT" => " percent",
            _ => "",
        }
    }

    /// Its flag.
    #[must_use]
    pub fn flag(&self) -> String {
        format!("--{}", self.name.replace('_', "-"))
    }

    /// Whether a running server takes over another value.
    #[must_use]
    pub fn is_reloaded(&self) -> bool {
        RELOADED.contains(&self.name.as_str())
    }

    /// The default as the file would say it, when it is one value.
    #[must_use]
    pub fn default_value(&self) -> Option<toml::Value> {
        let is_word = !self.default.contains([' ', ',']) && self.default != "none";
        is_word.then(|| self.parsed(&self.default))
    }

    /// A value for the file, as an example: the default, or the one in its description.
    #[must_use]
    pub fn example(&self) -> toml::Value {
        let said = self.about.split_once("for example ").and_then(|(_, rest)| rest.split(", ").next());
        let usual = match self.value.as_str() {
            "COUNT" => "8",
            "DIR" => "/srv/tidemill",
            "FILE" => "/etc/tidemill/file.pem",
            "HEADERS" => "x-scope=tidemill",
            "ROLES" => "api,executor,scheduler",
            _ => "…",
        };
        self.default_value().unwrap_or_else(|| self.parsed(said.unwrap_or(usual)))
    }

    fn parsed(&self, text: &str) -> toml::Value {
        let string = |text: &str| toml::Value::String(text.to_owned());
        match self.value.as_str() {
            "COUNT" | "DAYS" | "SECONDS" | "MIB" | "KIB" | "PERCENT" => {
                text.parse().map_or_else(|_| string(text), toml::Value::Integer)
            }
            "NETWORKS" | "HOSTS" | "ROLES" | "NAMES" => toml::Value::Array(text.split(',').map(string).collect()),
            _ => string(text),
        }
    }
}

/// What stands behind `[word: ` in `help`.
fn bracketed<'a>(help: &'a str, word: &str) -> Option<&'a str> {
    let (_, rest) = help.split_once(&format!("[{word}: "))?;
    rest.split(']').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_says_since_when() {
        assert_eq!(bracketed("Days [default: 90] [since: 0.2]", "since"), Some("0.2"));
        assert_eq!(bracketed("Days [default: 90]", "since"), None);
    }

    #[test]
    fn what_is_reloaded_exists() {
        let all = keys();
        assert!(RELOADED.iter().all(|name| all.iter().any(|key| key.name == *name)));
    }

    #[test]
    fn every_key_says_what_it_is() {
        for key in keys() {
            assert!(!key.about.is_empty() && !key.value.is_empty() && key.variable.starts_with("TIDEMILL_"), "{key:?}");
        }
    }
}
