//! The configuration file with every setting, commented out: `tidemill config default`.

use std::fmt::Write as _;

use super::{Key, keys};

const HEAD: &str = "\
# Tidemill's configuration, with every setting. Remove the # before one to change it.
# It is read from --config or $TIDEMILL_CONFIG, else from tidemill.toml in the data directory, else from
# /etc/tidemill/tidemill.toml. A flag wins over the environment, the environment over this file.
# `tidemill config check` looks for mistakes; SIGHUP makes a running server read it again.
";

/// A file with every setting, what it is, its unit, its default and since when it is there.
#[must_use]
pub fn sample() -> String {
    keys().iter().fold(HEAD.to_owned(), |mut text, key| {
        text.push('\n');
        for line in [&key.about, &facts(key)] {
            // Writing to a String can't fail.
            let _ = writeln!(text, "# {line}");
        }
        let _ = writeln!(text, "#{} = {}", key.name, key.example());
        text
    })
}

fn facts(key: &Key) -> String {
    let unit = if key.default_value().is_some() { key.unit() } else { "" };
    let choices = match key.choices.as_slice() {
        [] => String::new(),
        choices => format!(" One of: {}.", choices.join(", ")),
    };
    let reload = if key.is_reloaded() { " Taken over on SIGHUP." } else { "" };
    format!(
        "Default: {}{unit}.{choices} Flag {}, variable {}. Since {}.{reload}",
        key.default,
        key.flag(),
        key.variable,
        key.since
    )
}
