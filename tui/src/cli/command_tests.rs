//! The whole command line: well-formed, with examples, and readable at 80 columns.

use clap::{CommandFactory as _, Parser};

use super::*;

#[derive(Parser)]
// As the binary does it.
#[command(name = "tidemill", version, arg_required_else_help = true, max_term_width = 80)]
struct Cli {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: ClientCommand,
}

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(line.split(' '))
}

/// Calls `check` with every command below `command`, and its whole name.
fn each(command: &mut Command, name: &str, check: &mut impl FnMut(&str, &mut Command)) {
    check(name, command);
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    for sub in names.iter().filter(|sub| *sub != "help") {
        let child = command.find_subcommand_mut(sub).unwrap();
        each(child, &format!("{name} {sub}"), check);
    }
}

#[test]
fn the_command_line_is_well_formed() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_has_an_example_and_fits_80_columns() {
    let mut cli = Cli::command().term_width(80);
    cli.build();
    let mut count = 0;
    each(&mut cli, "tidemill", &mut |name, command| {
        if name == "tidemill" {
            return;
        }
        count += 1;
        let help = command.clone().term_width(80).render_long_help().to_string();
        assert!(help.contains("Example"), "{name} has no example:\n{help}");
        for line in help.lines() {
            assert!(line.chars().count() <= 80, "{name}: `{line}` is longer than 80 columns");
        }
    });
    assert!(count > 50, "only {count} commands were looked at");
}

#[test]
fn every_example_is_a_command_line_that_parses() {
    let mut cli = Cli::command();
    cli.build();
    let mut examples = Vec::new();
    each(&mut cli, "tidemill", &mut |_, command| {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        examples.extend(help.lines().filter_map(|line| line.strip_prefix("  tidemill ")).map(str::to_owned));
    });
    for example in examples {
        let words = ["tidemill".to_owned()].into_iter().chain(words(&example));
        if let Err(error) = Cli::try_parse_from(words) {
            assert_eq!(error.kind(), clap::error::ErrorKind::DisplayHelp, "`{example}`: {error}");
        }
    }
}

/// The words of the first command of a line, as a shell takes it apart: single quotes hold together.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), None::<String>, false);
    for c in line.chars() {
        match c {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            ';' | '|' | '<' | '>' | '#' if !quoted => break,
            ' ' if !quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[test]
fn both_spellings_are_the_same_command() {
    for (verb, noun) in [
        ("watch @latest", "exec watch @latest"),
        ("logs -f 3f2a", "executions logs -f 3f2a"),
        ("cancel 3f2a --reason x", "ex cancel 3f2a --reason x"),
        ("cancel 3f2a --force", "exec cancel 3f2a --force"),
        ("pause 3f2a --reason x", "exec pause 3f2a --reason x"),
        ("why @latest", "exec why @latest"),
        ("resume 3f2a", "executions resume 3f2a"),
        ("retry @failed --from start --input {}", "exec retry @failed --from start --input {}"),
        ("get executions --status failed", "exec list --status failed"),
        ("get workflows", "workflow ls"),
        ("describe workflow a", "wf show a"),
        ("apply -f a.yaml --activate", "flow apply -f a.yaml --activate"),
        ("run a --input {} --wait 5m", "workflows run a --input {} --wait 5m"),
        ("activate a", "workflow activate a"),
    ] {
        assert!(parse(&format!("tidemill {verb}")).is_ok(), "{verb}");
        assert!(parse(&format!("tidemill {noun}")).is_ok(), "{noun}");
    }
}

#[test]
fn wrong_command_lines_are_refused() {
    for line in [
        "apply",
        "run",
        "get executions --status ok",
        "watch @latest --timeout 5",
        "demo --commits 0",
        "token create x --role boss",
        "retry @failed --from middle",
    ] {
        let error = parse(&format!("tidemill {line}")).err().unwrap();
        assert_eq!(error.exit_code(), 2, "{line}");
    }
}

#[test]
fn global_options_stand_anywhere() {
    let cli = parse("tidemill get executions -o json -C prod --quiet").unwrap();
    assert_eq!((cli.globals.context.as_deref(), cli.globals.quiet), (Some("prod"), true));
    assert!(cli.globals.output.unwrap().is_json());
    assert!(matches!(cli.command, ClientCommand::Get(_)));
}
