//! The metrics of this server as OTLP writes them: what `/metrics` says, so that both always say the same.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::traces::nanoseconds;

/// Since when is counted, and now.
type Span = (DateTime<Utc>, DateTime<Utc>);

/// What OTLP calls the sums of everything since the beginning.
const CUMULATIVE: u8 = 2;

/// The body of a request with everything that the OpenMetrics text says.
pub(super) fn request(resource: &Value, text: &str, span: Span) -> Value {
    let metrics: Vec<Value> = families(text).iter().filter_map(|family| family.metric(span)).collect();
    json!({"resourceMetrics": [{"resource": resource, "scopeMetrics": [{"scope": {"name": "tidemill"}, "metrics": metrics}]}]})
}

/// One metric with all its labels.
#[derive(Debug, Default)]
struct Family<'a> {
    name: &'a str,
    help: &'a str,
    kind: &'a str,
    unit: &'a str,
    samples: Vec<Sample<'a>>,
}

#[derive(Debug)]
struct Sample<'a> {
    /// What follows the family's name: `_total`, `_bucket` or nothing.
    suffix: &'a str,
    labels: Vec<(&'a str, &'a str)>,
    value: &'a str,
}

fn families(text: &str) -> Vec<Family<'_>> {
    let mut families: Vec<Family<'_>> = Vec::new();
    for line in text.lines() {
        if let Some(said) = line.strip_prefix("# ") {
            let mut words = said.splitn(3, ' ');
            let (Some(word), Some(name), Some(rest)) = (words.next(), words.next(), words.next()) else { continue };
            if families.last().is_none_or(|family| family.name != name) {
                families.push(Family { name, ..Family::default() });
            }
            let Some(family) = families.last_mut() else { continue };
            match word {
                "HELP" => family.help = rest,
                "TYPE" => family.kind = rest,
                "UNIT" => family.unit = rest,
                _ => {}
            }
        } else if let Some(family) = families.last_mut() {
            family.samples.extend(sample(family.name, line));
        }
    }
    families
}

/// Reads `name{label="value",…} number`. Our labels are fixed words and templates of paths: nothing in them is escaped.
fn sample<'a>(family: &str, line: &'a str) -> Option<Sample<'a>> {
    let (described, value) = line.rsplit_once(' ')?;
    let (name, labels) = described.split_once('{').unwrap_or((described, ""));
    let labels = labels.strip_suffix('}').unwrap_or_default();
    let pairs = labels.split("\",").filter(|pair| !pair.is_empty());
    let labels = pairs.filter_map(|pair| pair.split_once("=\"")).map(|(key, value)| (key, value.trim_end_matches('"')));
    Some(Sample { suffix: name.strip_prefix(family)?, labels: labels.collect(), value })
}

impl Family<'_> {
    fn metric(&self, span: Span) -> Option<Value> {
        let data = match self.kind {
            "counter" => json!({
                "dataPoints": self.points(span), "aggregationTemporality": CUMULATIVE, "isMonotonic": true
            }),
            "histogram" => json!({"dataPoints": self.histograms(span), "aggregationTemporality": CUMULATIVE}),
            "gauge" | "info" => json!({ "dataPoints": self.points(span) }),
            _ => return None,
        };
        let kind = match self.kind {
            "counter" => "sum",
            "histogram" => "histogram",
            _ => "gauge",
        };
        let unit = match self.unit {
            "seconds" => "s",
            "bytes" => "By",
            _ => "1",
        };
        let mut metric = Map::new();
        metric.insert("name".to_owned(), self.name.into());
        metric.insert("description".to_owned(), self.help.into());
        metric.insert("unit".to_owned(), unit.into());
        metric.insert(kind.to_owned(), data);
        Some(metric.into())
    }

    fn points(&self, span: Span) -> Vec<Value> {
        let point = |sample: &Sample<'_>| {
            let (key, value) = match sample.value.parse::<i64>() {
                Ok(_) => ("asInt", Value::from(sample.value)),
                Err(_) => ("asDouble", sample.value.parse::<f64>().ok()?.into()),
            };
            let mut point = beginning(span, &sample.labels);
            point.insert(key.to_owned(), value);
            Some(point.into())
        };
        self.samples.iter().filter_map(point).collect()
    }

    /// One point for each set of labels besides `le`: its lines stand together.
    fn histograms(&self, span: Span) -> Vec<Value> {
        let mut points = Vec::new();
        let (mut bounds, mut counts, mut below, mut sum) = (Vec::<f64>::new(), Vec::<String>::new(), 0_u64, 0.0);
        for sample in &self.samples {
            match sample.suffix {
                "_sum" => sum = sample.value.parse::<f64>().unwrap_or_default(),
                "_bucket" => {
                    let upper = sample.labels.iter().find(|(key, _)| *key == "le").map_or("+Inf", |(_, value)| value);
                    let count: u64 = sample.value.parse().unwrap_or_default();
                    counts.push(count.saturating_sub(below).to_string());
                    below = count;
                    if upper != "+Inf" {
                        bounds.extend(upper.parse::<f64>().ok());
                        continue;
                    }
                    let labels: Vec<_> = sample.labels.iter().copied().filter(|(key, _)| *key != "le").collect();
                    let mut point = beginning(span, &labels);
                    point.insert("count".to_owned(), below.to_string().into());
                    point.insert("sum".to_owned(), sum.into());
                    point.insert("bucketCounts".to_owned(), std::mem::take(&mut counts).into());
                    point.insert("explicitBounds".to_owned(), std::mem::take(&mut bounds).into());
                    points.push(point.into());
                    below = 0;
                }
                _ => {}
            }
        }
        points
    }
}

fn beginning((since, now): Span, labels: &[(&str, &str)]) -> Map<String, Value> {
    let attributes: Vec<Value> =
        labels.iter().map(|(key, value)| json!({"key": key, "value": {"stringValue": value}})).collect();
    let mut point = Map::new();
    point.insert("startTimeUnixNano".to_owned(), nanoseconds(since).into());
    point.insert("timeUnixNano".to_owned(), nanoseconds(now).into());
    point.insert("attributes".to_owned(), attributes.into());
    point
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::telemetry::Metrics;

    use super::*;

    #[test]
    fn what_the_text_says_is_said() {
        let metrics = Metrics::new();
        metrics.execution_started();
        metrics.http_answered("GET", "/api/executions/{id}", 200, Duration::from_millis(3));
        let at = DateTime::from_timestamp(1_800_000_000, 5).unwrap();
        let sent = request(&json!({}), &metrics.render(), (at, at));
        let all = sent["resourceMetrics"][0]["scopeMetrics"][0]["metrics"].as_array().unwrap();
        let find =
            |name: &str| all.iter().find(|metric| metric["name"] == name).unwrap_or_else(|| panic!("{name} in {sent:#}"));
        let started = &find("tidemill_executions_started")["sum"];
        assert_eq!((&started["isMonotonic"], &started["dataPoints"][0]["asInt"]), (&json!(true), &json!("1")));
        assert_eq!(started["dataPoints"][0]["timeUnixNano"], "1800000000000000005");
        let requests = &find("tidemill_http_requests")["sum"]["dataPoints"][0];
        assert_eq!(requests["attributes"][1], json!({"key": "route", "value": {"stringValue": "/api/executions/{id}"}}));
        let time = find("tidemill_http_request_duration_seconds");
        assert_eq!(time["unit"], "s");
        let point = &time["histogram"]["dataPoints"][0];
        let (bounds, counts) = (point["explicitBounds"].as_array().unwrap(), point["bucketCounts"].as_array().unwrap());
        assert_eq!((point["count"].as_str(), counts.len()), (Some("1"), bounds.len() + 1));
        let hit = counts.iter().position(|count| count == "1").unwrap();
        assert!(bounds[hit - 1].as_f64().unwrap() < 0.003 && bounds[hit].as_f64().unwrap() >= 0.003, "{point}");
        assert_eq!(counts.iter().filter(|count| *count == "1").count(), 1, "counts are not cumulative");
        assert!(find("tidemill_build")["gauge"]["dataPoints"][0]["attributes"][0]["key"] == "version");
        assert_eq!(find("tidemill_executions_running")["gauge"]["dataPoints"][0]["asInt"], "0");
    }
}
