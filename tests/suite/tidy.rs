//! The rules of the house, read from the sources: who may name what, and how a file looks.
//!
//! Each rule is a row of [`RULES`]: where it holds, who is excepted, what must not appear, and why. Comments and the `tests`
//! modules of a file are not looked at.

use std::fs;
use std::path::{Path, PathBuf};

/// What must not appear in some part of the sources.
struct Rule {
    /// Where the rule holds: path prefixes.
    within: &'static [&'static str],
    /// Who may: path prefixes.
    except: &'static [&'static str],
    /// What must not appear.
    words: &'static [&'static str],
    /// Why, and what to do instead.
    reason: &'static str,
}

const SOURCES: [&str; 4] = ["common/src", "server/src", "tui/src", "tests"];

/// No file is longer, in lines: a longer one is a list that wants to be split by noun.
const LONGEST: usize = 450;

const RULES: [Rule; 16] = [
    Rule {
        within: &["server/src/domain"],
        except: &[],
        words: &["diesel", "poem", "tokio", "reqwest", "std::fs", "std::net", "std::thread", "getrandom", "rand::"],
        reason: "domain is pure (I5): no I/O, no runtime, no randomness; take what you need as an argument",
    },
    Rule {
        within: &["server/src/domain"],
        except: &[],
        words: &[
            "crate::store",
            "crate::api",
            "crate::app",
            "crate::journal",
            "crate::executor",
            "crate::runner",
            "crate::hub",
        ],
        reason: "domain decides and others carry out: it depends on no other room",
    },
    Rule {
        within: &["common/src", "server/src", "tui/src", "tests/suite"],
        except: &["server/src/store"],
        words: &["diesel::", "diesel_migrations", "use diesel"],
        reason: "only store knows diesel; ask it for a query",
    },
    Rule {
        within: &["server/src"],
        except: &["server/src/api"],
        words: &["poem::", "poem_openapi", "use poem"],
        reason: "only api knows poem; other rooms return their own types and errors",
    },
    Rule {
        within: &["server/src/runner"],
        except: &[],
        words: &["crate::store", "crate::journal", "crate::queue"],
        reason: "runner does the work of a step and never sees the database (I6)",
    },
    Rule {
        within: &["server/src/api"],
        except: &[],
        words: &["crate::store", "crate::executor", "crate::journal", "crate::queue"],
        reason: "api speaks HTTP with app; rows never reach the wire",
    },
    Rule {
        within: &["server/src/app"],
        except: &[],
        words: &["hyper::", "reqwest"],
        reason: "app holds use cases: no HTTP here",
    },
    Rule {
        within: &["server/src"],
        except: &["server/src/main"],
        words: &["tidemill_tui"],
        reason: "the server does not know its terminal front end; they meet in common",
    },
    Rule {
        within: &["tui/src"],
        except: &[],
        words: &["tidemill_server", "poem"],
        reason: "the front end is a client like any other: it knows common and the API",
    },
    Rule {
        within: &["common/src"],
        except: &[],
        words: &["tokio", "diesel", "ratatui", "reqwest", "crossterm"],
        reason: "common is words, not deeds: both sides compile it",
    },
    Rule {
        within: &["common/src", "server/src", "tui/src"],
        except: &["server/src/config", "tui/src/client", "tui/src/cli"],
        words: &["env::var", "env::vars"],
        reason: "the environment is read in one place per side (server: config; front end: cli and client), so that it can be documented and tested",
    },
    Rule {
        within: &["common/src", "server/src"],
        except: &["common/src/clock.rs", "server/src/bench"],
        words: &["Utc::now", "Local::now", "SystemTime::now"],
        reason: "time that decides anything comes from a Clock, so that tests can move it",
    },
    Rule {
        within: &["common/src", "server/src", "tui/src"],
        except: &[
            "server/src/postgres",
            "server/src/step_host",
            "server/src/runner/code",
            "server/src/bench",
            "server/src/selftest",
            "tui/src/cli",
        ],
        words: &["process::Command", " Command::new", "(Command::new"],
        reason: "processes are started by postgres, the step host, bench, selftest and the command line only (I6)",
    },
    Rule {
        within: &["common/src", "server/src", "tui/src", "tests"],
        except: &[],
        words: &["unbounded_channel", "mpsc::channel()"],
        reason: "a queue without a bound is memory without a bound; decide what happens when it is full",
    },
    Rule {
        within: &["tui/src"],
        except: &["tui/src/cli/session.rs"],
        words: &["prompt::confirm"],
        reason: "`session.confirm` asks for the name of a protected context; asking past it would not",
    },
    Rule {
        within: &["server/src", "tui/src"],
        except: &["server/src/runner"],
        words: &["danger_accept_invalid"],
        reason: "certificates are always checked",
    },
];

/// A source file, seen from the root of the repository.
struct Source {
    path: String,
    text: String,
}

impl Source {
    /// Whether this file holds tests only.
    fn is_test(&self) -> bool {
        let path = Path::new(&self.path);
        path.starts_with("tests")
            || path.file_stem().is_some_and(|stem| stem == "tests")
            || path.components().any(|part| part.as_os_str() == "tests")
    }

    fn is_within(&self, prefixes: &[&str]) -> bool {
        prefixes.iter().any(|prefix| {
            self.path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || rest == ".rs")
        })
    }

    /// Numbered lines of code: without comments, and without the tests at the end of the file.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate().map(|(at, line)| (at + 1, line));
        lines.take_while(|(_, line)| *line != "mod tests {").filter_map(|(at, line)| {
            let code = line.split_once("//").map_or(line, |(before, _)| if before.ends_with(':') { line } else { before });
            (!code.trim().is_empty()).then_some((at, code))
        })
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Vec<Source> {
    let mut paths = Vec::new();
    for dir in SOURCES {
        collect(&root().join(dir), &mut paths);
    }
    assert!(paths.len() > 40, "the sources were not found");
    let read = |path: PathBuf| Source {
        text: fs::read_to_string(&path).unwrap(),
        path: path.strip_prefix(root()).unwrap().to_string_lossy().into_owned(),
    };
    paths.into_iter().map(read).collect()
}

fn collect(dir: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            // Packages that npm or a generator put there are not ours.
            if !path.ends_with("node_modules") {
                collect(&path, paths);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
}

/// Whether `code` has `word`, not as the end of a longer one.
fn has_word(code: &str, word: &str) -> bool {
    code.match_indices(word).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        !before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_')
    })
}

fn violations(rule: &Rule, source: &Source) -> Vec<String> {
    if !source.is_within(rule.within) || source.is_within(rule.except) || (source.is_test() && !rule.within.contains(&"tests"))
    {
        return Vec::new();
    }
    let found = source.code().filter_map(|(line, code)| {
        let word = rule.words.iter().find(|word| has_word(code, word))?;
        Some(format!("{}:{line}: `{word}`: {}", source.path, rule.reason))
    });
    found.collect()
}

fn report(found: &[String]) {
    assert!(found.is_empty(), "the house has rules:\n{}\n", found.join("\n"));
}

#[test]
fn rooms_name_only_what_they_may() {
    let found: Vec<String> = sources()
        .iter()
        .filter(|source| source.path != "tests/suite/tidy.rs")
        .flat_map(|source| RULES.iter().flat_map(|rule| violations(rule, source)))
        .collect();
    report(&found);
}

#[test]
fn every_file_says_what_lives_in_it() {
    // The tests of a room are described by the room.
    let silent = |source: &&Source| !source.text.starts_with("//!") && !source.path.ends_with("/tests.rs");
    let found: Vec<String> = sources()
        .iter()
        .filter(silent)
        .map(|source| format!("{}: begins without `//!`: say what lives here and where to start reading", source.path))
        .collect();
    report(&found);
}

#[test]
fn no_file_is_a_heap() {
    let long = |source: &&Source| source.text.lines().count() > LONGEST;
    let found: Vec<String> = sources()
        .iter()
        .filter(long)
        .map(|source| format!("{}: more than {LONGEST} lines: split it by noun", source.path))
        .collect();
    report(&found);
}

#[test]
fn no_file_has_a_name_that_says_nothing() {
    let empty = ["util", "utils", "helper", "helpers", "manager", "misc"];
    let found: Vec<String> = sources()
        .iter()
        .filter(|source| {
            Path::new(&source.path)
                .components()
                .any(|part| empty.iter().any(|name| Path::new(part.as_os_str()).file_stem().is_some_and(|stem| stem == *name)))
        })
        .map(|source| format!("{}: name it after what it holds", source.path))
        .collect();
    report(&found);
}

#[test]
fn packages_depend_as_drawn() {
    let forbidden = [
        ("common/Cargo.toml", vec!["tokio", "diesel", "ratatui", "reqwest", "tidemill-server", "tidemill-tui"]),
        ("tui/Cargo.toml", vec!["diesel", "poem", "tidemill-server"]),
        ("server/Cargo.toml", vec!["ratatui", "crossterm", "tidemill-tui"]),
    ];
    for (manifest, names) in forbidden {
        let text = fs::read_to_string(root().join(manifest)).unwrap();
        let dependencies = text.split("[dependencies]").nth(1).unwrap().split("\n[").next().unwrap();
        for name in names {
            let named = dependencies.lines().any(|line| line.split(['.', ' ', '=']).next() == Some(name));
            assert!(!named, "{manifest} depends on {name}: ARCHITECTURE.md draws which package may know which");
        }
    }
}

#[test]
fn the_rules_can_be_broken() {
    let source = |path: &str, text: &str| Source { path: path.to_owned(), text: text.to_owned() };
    let broken = |source: &Source| RULES.iter().map(|rule| violations(rule, source).len()).sum::<usize>();
    assert_eq!(broken(&source("server/src/domain/a.rs", "use tokio::time;\n")), 1);
    assert_eq!(broken(&source("server/src/app/a.rs", "let now = Utc::now(); // why\n")), 1);
    assert_eq!(broken(&source("server/src/app/a.rs", "// no Utc::now here\n")), 0);
    assert_eq!(broken(&source("server/src/app/tests.rs", "let now = Utc::now();\n")), 0);
    assert_eq!(broken(&source("server/src/app/a.rs", "fn f() {}\n#[cfg(test)]\nmod tests {\nUtc::now();\n}\n")), 0);
    assert_eq!(broken(&source("server/src/application.rs", "use diesel::prelude::*;\n")), 1);
    assert_eq!(broken(&source("server/src/store/rows/a.rs", "use diesel::prelude::*;\n")), 0);
    assert_eq!(broken(&source("common/src/a.rs", "let hypertokio = 1;\n")), 0);
}
