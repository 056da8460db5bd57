//! `packaging/alerts.yaml` and `packaging/grafana-dashboard.json` name only what a server shows, and what it shows has good names.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tidemill_harness::eventually_async;

use super::scene::{install, run, server};

const ALERTS: &str = include_str!("../../packaging/alerts.yaml");
const DASHBOARD: &str = include_str!("../../packaging/grafana-dashboard.json");

/// What Prometheus or Grafana brings along.
const FOREIGN: [&str; 1] = ["up"];
/// The words of the query language that the files use; another one is added here when it is used.
const WORDS: [&str; 17] = [
    "sum",
    "rate",
    "by",
    "min",
    "max",
    "time",
    "histogram_quantile",
    "increase",
    "and",
    "le",
    "instance",
    "status",
    "job",
    "label_values",
    "outcome",
    "uses",
    "engine",
];

/// A metric as a server shows it: the labels of its lines, with every value that was there.
type Shown = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

fn shown(text: &str) -> Shown {
    let mut all = Shown::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (described, _) = line.rsplit_once(' ').unwrap();
        let (name, labels) = described.split_once('{').unwrap_or((described, "}"));
        let metric = all.entry(name.to_owned()).or_default();
        for pair in labels.trim_end_matches('}').split("\",").filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once("=\"").unwrap();
            metric.entry(key.to_owned()).or_default().insert(value.trim_end_matches('"').to_owned());
        }
    }
    all
}

/// The metrics that an expression names, each with its matchers.
fn named(expression: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut found = Vec::new();
    let mut rest = expression;
    while let Some(at) = rest.find(|letter: char| letter.is_ascii_alphabetic()) {
        let from = &rest[at..];
        let end = from.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        let before = rest[..at].chars().next_back();
        // Not the unit of a time, a variable or a label.
        let is_part = before.is_some_and(|letter| letter.is_ascii_digit() || letter == '$' || letter == '_');
        rest = after;
        if is_part || WORDS.contains(&word) {
            continue;
        }
        let mut matchers = Vec::new();
        if let Some(inside) = after.strip_prefix('{') {
            let (inside, behind) = inside.split_once('}').expect("a list of matchers ends");
            for matcher in inside.split(", ") {
                let (key, value) = matcher.split_once('=').unwrap();
                matchers.push((key.to_owned(), value.trim_start_matches('~').trim_matches('"').to_owned()));
            }
            rest = behind;
        }
        found.push((word.to_owned(), matchers));
    }
    found
}

/// What is wrong with an expression, in the eyes of a server that shows `shown`.
fn mistakes(expression: &str, shown: &Shown) -> Vec<String> {
    let mut wrong = Vec::new();
    for (metric, matchers) in named(expression).into_iter().filter(|(metric, _)| !FOREIGN.contains(&metric.as_str())) {
        let Some(labels) = shown.get(&metric) else {
            wrong.push(format!("no server shows {metric}: {expression}"));
            continue;
        };
        for (key, value) in matchers.into_iter().filter(|(key, _)| key != "instance") {
            let Some(values) = labels.get(&key) else {
                wrong.push(format!("{metric} has no label {key}: {expression}"));
                continue;
            };
            // A class of status codes need not have happened.
            let is_there = |value: &str| values.contains(value) || value.contains('.');
            if !value.split('|').all(is_there) {
                wrong.push(format!("{metric}{{{key}}} is never {value}: {expression}"));
            }
        }
    }
    wrong
}

fn alerts() -> Vec<String> {
    let lines = ALERTS.lines().filter_map(|line| line.trim().strip_prefix("expr: "));
    lines.map(str::to_owned).collect()
}

fn panels() -> Vec<String> {
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let targets = dashboard["panels"].as_array().unwrap().iter().flat_map(|panel| panel["targets"].as_array().unwrap());
    let mut all: Vec<String> = targets.map(|target| target["expr"].as_str().unwrap().to_owned()).collect();
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    all.extend(variables.iter().filter_map(|variable| variable["query"]["query"].as_str()).map(str::to_owned));
    all
}

#[tokio::test]
async fn alerts_and_dashboard_name_only_what_a_server_shows() {
    let server = server().await;
    let client = server.client();
    install(&client, "id: code\nsteps: [{id: a, uses: javascript, with: {code: \"export default () => 1\"}}]\n").await;
    let _ = run(&client, "code", json!({})).await;
    let text = eventually_async("the step is counted", || async {
        let text = client.get("/metrics").await.expect(200).text;
        text.contains("tidemill_steps_finished_total").then_some(text)
    })
    .await;
    let shown = shown(&text);
    let (alerts, panels) = (alerts(), panels());
    assert!(alerts.len() > 10 && panels.len() > 20, "the expressions are found: {alerts:?} {panels:?}");
    assert_eq!(ALERTS.matches("- alert: ").count(), alerts.len(), "every rule has its expression on one line");
    assert_eq!(ALERTS.matches("          summary: \"").count(), alerts.len());
    assert_eq!(ALERTS.matches("          description: \"").count(), alerts.len());
    let wrong: Vec<String> = alerts.iter().chain(&panels).flat_map(|expression| mistakes(expression, &shown)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for broken in
        ["sum(tidemill_nothing) > 0", "tidemill_executions_finished_total{status=\"lost\"}", "tidemill_sandbox_level{of=\"x\"}"]
    {
        assert_eq!(mistakes(broken, &shown).len(), 1, "{broken}");
    }
}

/// Base units, and what counts says so. Source: Prometheus, "Metric and label naming".
#[tokio::test]
async fn what_a_server_shows_is_named_as_prometheus_wants_it() {
    let text = server().await.client().get("/metrics").await.expect(200).text;
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    let mut seen = 0;
    for (name, kind) in types {
        seen += 1;
        assert!(name.starts_with("tidemill_") && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
        for wrong in ["_ms", "_millis", "_minutes", "_hours", "_kb", "_mib", "_total", "_count", "_sum"] {
            assert!(!name.ends_with(wrong), "{name}");
        }
        let help = format!("# HELP {name} ");
        assert!(text.contains(&help), "{name} says what it is");
        if kind == "counter" {
            assert!(text.contains(&format!("\n{name}_total")) || !text.contains(&format!("\n{name}")), "{name}");
        }
        if name.ends_with("_seconds") || name.ends_with("_bytes") {
            let unit = name.rsplit('_').next().unwrap();
            assert!(text.contains(&format!("# UNIT {name} {unit}\n")), "{name} says its unit");
        }
        let measures = ["duration", "commit", "run", "spawn", "transaction", "memory", "disk", "timestamp"];
        if kind != "counter" && measures.iter().any(|word| name.split('_').any(|part| part == *word)) {
            assert!(name.ends_with("_seconds") || name.ends_with("_bytes"), "{name} has a unit");
        }
    }
    assert!(seen > 15, "{text}");
}
