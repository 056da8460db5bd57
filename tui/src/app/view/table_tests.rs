//! Every screen at three sizes in six states, and in every tier of colours: a screen without pictures is no screen.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::*;
use crate::app::data::{Data, Query};
use crate::app::state::{ROOTS, samples};

/// What a screen can be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Situation {
    /// Connected, and everything has been read.
    Live,
    /// Connected, but silent.
    Late,
    /// Not connected any more.
    Offline,
    /// There is nothing.
    Empty,
    /// Nothing can be read.
    Error,
    /// Nothing has been read yet.
    Loading,
}

use Situation::{Empty, Error, Late, Live, Loading, Offline};

const SITUATIONS: [Situation; 6] = [Live, Late, Offline, Empty, Error, Loading];
const SIZES: [(u16, u16); 3] = [SMALL, (120, 40), LARGE];

/// The name of each screen, and the keys that lead there once everything has been read. A test holds that none is missing.
fn screens() -> Vec<(String, String)> {
    let roots = ROOTS.iter().map(|(_, key, name)| (name.replace(' ', "_"), format!("g{key}")));
    let above = [
        ("letters", "g4<enter>"),
        ("steps", "g6<enter>"),
        ("told", "ge<enter>"),
        ("workflow", "g3j<enter>"),
        ("execution", "g2<enter>"),
    ];
    roots.chain(above.map(|(name, keys)| (name.to_owned(), keys.to_owned()))).collect()
}

/// Everything that any screen reads.
fn answers() -> Vec<Answer> {
    let id = || "invoice-sync".to_owned();
    let mut data: Vec<(Query, Data)> = samples::answers().into_iter().map(|(_, query, data)| (query, data)).collect();
    data.extend([
        (Query::Account, Data::Account(Box::new(samples::account()))),
        (Query::Workflow(id()), Data::Workflow(Box::new(samples::detail()))),
        (Query::Versions(id()), Data::Versions(samples::versions())),
        (Query::Version(id(), 14), Data::Version(Box::new(samples::version(14)))),
        (Query::Metrics(Some(id())), Data::Metrics(samples::metrics())),
        (Query::DeadLetters("3f9c2b7a11d0e845".into()), Data::DeadLetters(samples::letters())),
        (Query::Deliveries(samples::around::subscription()), Data::Deliveries(samples::around::deliveries())),
    ]);
    let page = ExecutionPage { items: testing::store(60).newest_first().cloned().collect(), next_cursor: Some("older".into()) };
    let workflows = Answer::Workflows { generation: 0, result: Ok(samples::workflows()) };
    let executions = Answer::Executions { generation: 0, older: false, result: Ok(page) };
    let execution = Answer::Execution(testing::id(99), Ok(Box::new(testing::detail(99))));
    let rest = data.into_iter().map(|(query, data)| Answer::Data(query, Ok(data)));
    [executions, workflows, execution].into_iter().chain(rest).collect()
}

/// The same without anything in any list.
fn emptied(answer: Answer) -> Answer {
    match answer {
        Answer::Executions { generation, older, .. } => {
            Answer::Executions { generation, older, result: Ok(ExecutionPage { items: vec![], next_cursor: None }) }
        }
        Answer::Workflows { generation, .. } => {
            Answer::Workflows { generation, result: Ok(WorkflowPage { items: vec![], next_cursor: None }) }
        }
        Answer::Data(query, Ok(data)) => {
            let mut value = serde_json::to_value(data).unwrap();
            clear(&mut value);
            Answer::Data(query, Ok(serde_json::from_value(value).unwrap()))
        }
        other => other,
    }
}

fn clear(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(fields) => {
            for (name, field) in fields {
                if name == "items" {
                    *field = serde_json::Value::Array(Vec::new());
                }
                clear(field);
            }
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(clear),
        _ => {}
    }
}

/// The same refused.
fn refused(answer: Answer) -> Answer {
    let failure = || Failure {
        code: "database_unavailable".into(),
        message: "The database can't be reached. Try again in 5 s.".into(),
        request_id: Some("req-81f2".into()),
    };
    match answer {
        Answer::Executions { generation, older, .. } => Answer::Executions { generation, older, result: Err(failure()) },
        Answer::Workflows { generation, .. } => Answer::Workflows { generation, result: Err(failure()) },
        Answer::Execution(id, _) => Answer::Execution(id, Err(failure())),
        Answer::Data(query, _) => Answer::Data(query, Err(failure())),
        other => other,
    }
}

/// The screen behind `keys` in a situation.
fn shown(size: (u16, u16), keys: &str, situation: Situation) -> Screen {
    let mut screen = Screen::new(size);
    // What is opened by a row is reached through rows; then that one begins anew.
    let way = keys.strip_suffix("<enter>");
    for answer in answers().into_iter().filter(|_| way.is_some() || !matches!(situation, Empty | Error | Loading)) {
        screen.answer(answer);
    }
    if let Some(way) = way {
        screen.keys(way);
        for answer in answers() {
            screen.answer(answer);
        }
    }
    screen.keys(keys.strip_prefix(way.unwrap_or_default()).unwrap_or(keys));
    match situation {
        Loading => screen.wait(2),
        Empty => answers().into_iter().for_each(|answer| screen.answer(emptied(answer))),
        Error => answers().into_iter().for_each(|answer| screen.answer(refused(answer))),
        Live | Late | Offline => answers().into_iter().for_each(|answer| screen.answer(answer)),
    }
    match situation {
        Late => screen.wait(13),
        Offline => screen.offline(),
        _ => {}
    }
    screen
}

/// The lines that are not as they were, with their numbers.
fn changed(before: &str, after: &str) -> String {
    let lines = before.lines().zip(after.lines()).enumerate().filter(|(_, (before, after))| before != after);
    lines.fold(String::new(), |shown, (at, (_, after))| shown + &at.to_string() + "|" + after + "\n")
}

/// The lines; blank ones are counted.
fn described(text: &str) -> String {
    let (mut shown, mut blank) = (String::new(), 0);
    for line in text.lines() {
        if line.is_empty() {
            blank += 1;
            continue;
        }
        blanks(&mut shown, &mut blank);
        shown += line;
        shown.push('\n');
    }
    blanks(&mut shown, &mut blank);
    shown
}

fn blanks(shown: &mut String, blank: &mut usize) {
    match std::mem::take(blank) {
        0 => {}
        1 => shown.push('\n'),
        more => writeln!(shown, "    [{more} blank lines]").unwrap(),
    }
}

/// Where which style begins, a line per row.
fn styles(buffer: &Buffer) -> String {
    let mut styles = String::new();
    for y in 0..buffer.area.height {
        let (mut line, mut last) = (String::new(), Style::reset());
        for x in 0..buffer.area.width {
            let style = buffer[(x, y)].style();
            if style != last {
                let color = if buffer[(x, y)].fg == Color::Reset { String::new() } else { format!("{}", buffer[(x, y)].fg) };
                write!(line, " {x}:{color}{:?}", buffer[(x, y)].modifier).unwrap();
                last = style;
            }
        }
        let line = line.replace("NONE", "");
        if line != " 0:" {
            writeln!(styles, "{y}{line}").unwrap();
        }
    }
    styles
}

#[test]
fn every_screen_has_its_pictures() {
    for (name, keys) in screens() {
        for size in SIZES {
            let mut pictures = String::new();
            let live = shown(size, &keys, Live).text();
            for situation in SITUATIONS {
                let text = shown(size, &keys, situation).text();
                let described = if matches!(situation, Late | Offline) { changed(&live, &text) } else { described(&text) };
                writeln!(pictures, "=== {situation:?}\n{described}").unwrap();
            }
            if size == SMALL {
                writeln!(pictures, "=== styles\n{}", styles(&shown(size, &keys, Live).buffer())).unwrap();
            }
            insta::assert_snapshot!(format!("{name}_{}", size.0), pictures);
        }
    }
}

#[test]
fn no_screen_is_left_out() {
    let crumb = |screen: &crate::app::state::Screen| screen.crumb();
    let seen: Vec<String> = screens().iter().map(|(_, keys)| crumb(shown(SMALL, keys, Live).state.screen())).collect();
    for screen in samples::screens() {
        let (kind, wanted) = (std::mem::discriminant(&screen), screen.crumb());
        let is_there = screens().iter().zip(&seen).any(|((_, keys), crumb)| {
            // The sample execution has no workflow yet.
            let same = *crumb == wanted || wanted.starts_with("execution");
            same && std::mem::discriminant(shown(SMALL, keys, Live).state.screen()) == kind
        });
        assert!(is_there, "{wanted} has no pictures");
    }
}

/// In another tier the same is drawn, and each colour of one is one colour of the other.
#[test]
fn every_tier_says_the_same() {
    for (name, keys) in screens() {
        for (size, situation) in SIZES.into_iter().flat_map(|size| SITUATIONS.map(|situation| (size, situation))) {
            let mut screen = shown(size, &keys, situation);
            let named = screen.buffer();
            for colors in [Colors::True, Colors::Ansi256, Colors::Mono] {
                screen.theme.colors = colors;
                let other = screen.buffer();
                let mut known: HashMap<Color, Color> = HashMap::new();
                for (cell, same) in named.content.iter().zip(&other.content) {
                    assert_eq!(cell.symbol(), same.symbol(), "{name} {size:?} {situation:?} {colors:?}");
                    if colors == Colors::Mono {
                        assert_eq!((same.fg, same.bg), (Color::Reset, Color::Reset), "{name} {situation:?}");
                    } else {
                        assert_eq!(*known.entry(cell.fg).or_insert(same.fg), same.fg, "{name} {situation:?} {colors:?}");
                    }
                }
            }
        }
    }
}

/// A pane without rows says why, and what to do: more than one line between headings and hints.
#[test]
fn nothing_is_ever_shown_without_a_word() {
    for (name, keys) in screens() {
        for situation in [Empty, Error, Loading] {
            let screen = shown(SMALL, &keys, situation);
            let text = screen.text();
            let body: Vec<&str> = text.lines().skip(3).filter(|line| line.trim().len() > 10).collect();
            assert!(body.len() > 1, "{name} {situation:?}:\n{text}");
        }
    }
}
