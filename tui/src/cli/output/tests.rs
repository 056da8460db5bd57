//! Golden tests: every format, byte for byte.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use tidemill_common::api::execution::ExecutionView;

use super::printer::wants_color;
use super::*;
use crate::cli::environment::Environment;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn executions() -> Vec<ExecutionView> {
    let at = now() - TimeDelta::seconds(180);
    let base = json!({
        "id": "01990000-0000-7000-8000-000000000001", "workflow_id": "order-intake", "version": 3, "status": "succeeded",
        "trigger_type": "webhook", "trigger_id": "hook", "created_at": at, "finished_at": at, "duration_ms": 1234, "last_seq": 9
    });
    let mut failed = base.clone();
    failed["id"] = "01990000-0000-7000-8000-000000000002".into();
    failed["status"] = "failed".into();
    failed["error"] = "charge: the answer\nwas \u{1b}[31m500".into();
    failed["duration_ms"] = Value::Null;
    [base, failed].into_iter().map(|value| serde_json::from_value(value).unwrap()).collect()
}

fn shown(format: Format) -> String {
    Printer::plain(format, false).list_text(&executions(), now())
}

#[test]
fn table() {
    insta::assert_snapshot!(shown(Format::Table), @"");
}

#[test]
fn wide() {
    insta::assert_snapshot!(shown(Format::Wide), @"");
}

#[test]
fn tsv() {
    insta::assert_snapshot!(shown(Format::Tsv).replace('\t', "|"), @"");
}

#[test]
fn name() {
    insta::assert_snapshot!(shown(Format::Name), @"");
}

#[test]
fn yaml() {
    insta::assert_snapshot!(shown(Format::Yaml), @"");
}

#[test]
fn json_is_one_array_and_jsonl_one_object_per_line() {
    let whole: Vec<ExecutionView> = serde_json::from_str(&shown(Format::Json)).unwrap();
    assert_eq!(whole, executions());
    let lines = shown(Format::Jsonl);
    let each: Vec<ExecutionView> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(each, executions());
}

#[test]
fn an_empty_list_is_an_empty_array() {
    let text = |format| Printer::plain(format, false).list_text::<ExecutionView>(&[], now());
    assert_eq!((text(Format::Json).as_str(), text(Format::Jsonl).as_str(), text(Format::Yaml).as_str()), ("[]\n", "", "[]\n"));
    assert_eq!(text(Format::Table), "");
}

#[test]
fn quiet_prints_ids() {
    let text = Printer::plain(Format::Table, true).list_text(&executions(), now());
    assert_eq!(text, "01990000-0000-7000-8000-000000000001\n01990000-0000-7000-8000-000000000002\n");
}

#[test]
fn default_tables_fit_80_columns() {
    assert!(shown(Format::Table).lines().all(|line| line.chars().count() <= 80));
}

#[test]
fn colour_repeats_the_word() {
    let layout = Layout { paint: Paint(true), ..Printer::plain(Format::Table, false).layout(now()) };
    assert!(render(&executions(), layout).contains("\u{1b}[31mfailed\u{1b}[0m"));
}

#[test]
fn when_colour_is_used() {
    let environment = |no_color, force_color, dumb| Environment { no_color, force_color, dumb, ..Environment::default() };
    let auto = |environment: Environment, terminal| wants_color(ColorChoice::Auto, &environment, terminal);
    assert!(auto(environment(false, false, false), true));
    assert!(!auto(environment(false, false, false), false));
    assert!(!auto(environment(true, false, false), true));
    assert!(!auto(environment(false, false, true), true));
    assert!(auto(environment(false, true, false), false));
    assert!(wants_color(ColorChoice::Always, &environment(true, false, true), false));
    assert!(!wants_color(ColorChoice::Never, &environment(false, true, false), true));
}

#[test]
fn yaml_quotes_what_would_be_read_otherwise() {
    let value = json!({
        "plain": "order intake", "truth": "true", "number": "12", "empty": "", "colon": "a: b", "list": [1, [2, {"a": null}], {}],
        "text": "id: x\nsteps: []\n", "maps": [{"a": 1, "b": {"c": 2.5}}]
    });
    insta::assert_snapshot!(to_yaml(&value), @"");
}
