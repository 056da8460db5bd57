//! The sample file says the truth, and so does the table of the documentation.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use super::serve::Surroundings;
use super::*;

const BEGIN: &str = "<!-- the table of all settings: made by a test, see server/src/config/document_tests.rs -->\n";

fn loaded(text: &str) -> ServeConfig {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("settings.toml");
    fs::write(&path, text).unwrap();
    let args = ServeArgs { config: Some(path), ..ServeArgs::default() };
    let surroundings = Surroundings { home: Some("/home/ada".into()), ..Surroundings::default() };
    Loaded::resolve(args, &surroundings).unwrap_or_else(|error| panic!("{error}: {text}")).config
}

#[test]
fn every_line_of_the_sample_is_a_setting_that_can_be_made() {
    for line in sample().lines().filter(|line| line.starts_with('#') && !line.starts_with("# ")) {
        let line = line.trim_start_matches('#');
        // These make sense only together.
        let alone = !["tls_", "acme_", "stripe_"].iter().any(|family| line.starts_with(family));
        if alone {
            loaded(line);
        }
    }
    assert_eq!(loaded(&sample()), loaded(""));
}

#[test]
fn the_defaults_that_are_said_are_the_defaults() {
    let said = keys().into_iter().filter(|key| !["stripe_url", "acme_directory"].contains(&key.name.as_str()));
    let said = said.filter_map(|key| key.default_value().map(|value| format!("{} = {value}\n", key.name)));
    let text: String = said.collect();
    assert!(text.lines().count() > 15, "{text}");
    assert_eq!(loaded(&text), loaded(""));
}

#[test]
fn the_documentation_has_every_setting() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/configuration.md");
    let page = fs::read_to_string(&path).unwrap();
    let (text, _) = page.split_once(BEGIN).expect("the page has a place for the table");
    let wanted = format!("{text}{BEGIN}{}", table());
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, wanted).unwrap();
    } else {
        assert!(page == wanted, "docs/configuration.md is out of date: run this test with UPDATE_DOCS=1");
    }
}

fn table() -> String {
    let head = "\n| setting | what | default | unit or values | since | on SIGHUP |\n|---|---|---|---|---|---|\n".to_owned();
    keys().iter().fold(head, |mut text, key| {
        let values = if key.choices.is_empty() { key.unit().trim().to_owned() } else { key.choices.join(", ") };
        let reload = if key.is_reloaded() { "taken over" } else { "needs a restart" };
        writeln!(text, "| `{}` | {} | {} | {values} | {} | {reload} |", key.name, key.about, key.default, key.since).unwrap();
        text
    })
}
