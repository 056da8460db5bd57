//! The figures, for people and for programs.

use std::fmt;

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::load::Seen;

/// What a bench found.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct Report {
    /// One per scenario, in the order in which they were carried out.
    pub scenarios: Vec<Section>,
}

/// What one scenario found.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Section {
    /// Its name.
    pub scenario: String,
    /// What it does.
    pub about: String,
    /// Executions a second that Postgres took in the same run when it only inserted their rows; absent where there is no
    /// Postgres to measure, or nothing to compare.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bulk_per_second: Option<f64>,
    /// One row each.
    pub cases: Vec<Case>,
}

/// A row of figures.
#[derive(Debug, Clone)]
pub struct Case {
    name: String,
    figures: Vec<Figure>,
}

/// One figure. The name says its unit.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Figure {
    name: &'static str,
    value: Value,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Value {
    Count(u64),
    Number(f64),
    /// A part of something, 1 for all of it; nothing when there is nothing to compare with.
    Share(Option<f64>),
}

impl Case {
    /// A row without figures yet.
    pub(super) fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), figures: Vec::new() }
    }

    /// The same with a count.
    pub(super) fn count(self, name: &'static str, value: u64) -> Self {
        self.with(name, Value::Count(value))
    }

    /// The same with a rate, a time or a ratio.
    pub(super) fn number(self, name: &'static str, value: f64) -> Self {
        self.with(name, Value::Number(value))
    }

    /// The same with `part` of `whole`.
    pub(super) fn share(self, name: &'static str, part: f64, whole: Option<f64>) -> Self {
        self.with(name, Value::Share(whole.map(|whole| part / whole)))
    }

    /// The same with the latencies of answers that were 2xx.
    pub(super) fn latencies(self, seen: &Seen) -> Self {
        let latencies = &seen.latencies;
        self.number("p50_ms", latencies.percentile(50))
            .number("p95_ms", latencies.percentile(95))
            .number("p99_ms", latencies.percentile(99))
            .number("max_ms", latencies.max())
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.figures.iter().map(|figure| figure.name)
    }

    fn with(mut self, name: &'static str, value: Value) -> Self {
        self.figures.push(Figure { name, value });
        self
    }
}

impl Serialize for Case {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.figures.len() + 1))?;
        map.serialize_entry("case", &self.name)?;
        for Figure { name, value } in &self.figures {
            match value {
                Value::Count(count) => map.serialize_entry(name, count)?,
                Value::Number(number) => map.serialize_entry(name, number)?,
                Value::Share(share) => map.serialize_entry(name, share)?,
            }
        }
        map.end()
    }
}

impl Figure {
    /// The name as the head of a column: `steps_per_second` is `STEPS/S`.
    fn head(&self) -> String {
        self.name.replace("_per_second", "/s").replace("_per_minute", "/min").replace('_', " ").to_uppercase()
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match *self {
            Self::Count(count) => count.to_string(),
            Self::Number(number) if number.abs() >= 1000.0 => format!("{number:.0}"),
            Self::Number(number) => format!("{number:.2}"),
            Self::Share(Some(share)) => format!("{:.0} %", share * 100.0),
            Self::Share(None) => "-".to_owned(),
        };
        f.pad(&text)
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.scenario, self.about)?;
        let name = self.cases.iter().map(|case| case.name.chars().count()).max().unwrap_or_default();
        // Rows with other figures have heads of their own.
        for rows in self.cases.chunk_by(|one, next| one.names().eq(next.names())) {
            let heads: Vec<String> = rows[0].figures.iter().map(Figure::head).collect();
            write!(f, "  {:name$}", "")?;
            heads.iter().try_for_each(|head| write!(f, "  {head:>8}"))?;
            writeln!(f)?;
            for case in rows {
                write!(f, "  {:name$}", case.name)?;
                for (head, figure) in heads.iter().zip(&case.figures) {
                    write!(f, "  {:>width$}", figure.value, width = head.len().max(8))?;
                }
                writeln!(f)?;
            }
        }
        match self.bulk_per_second {
            Some(bulk) => writeln!(f, "  Postgres alone takes {bulk:.0} executions/s of these rows, 500 a commit"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn section() -> Section {
        let mut seen = Seen { elapsed: Duration::from_secs(1), ..Seen::default() };
        (0..2000).for_each(|_| seen.record(200, false, Duration::from_millis(2)));
        seen.record(429, true, Duration::from_millis(1));
        let case = Case::new("64 clients").number("executions_per_second", seen.per_second()).latencies(&seen);
        let case = case.count("refused", seen.refused.count()).share("of_bulk", seen.per_second(), Some(8000.0));
        let cases = vec![case];
        Section { scenario: "webhook-sync".to_owned(), about: "a load".to_owned(), bulk_per_second: Some(8000.0), cases }
    }

    #[test]
    fn a_section_reads_well() {
        insta::assert_snapshot!(section(), @r"
        webhook-sync: a load
                      EXECUTIONS/S    P50 MS    P95 MS    P99 MS    MAX MS   REFUSED   OF BULK
          64 clients          2000      2.00      2.00      2.00      2.00         1      25 %
          Postgres alone takes 8000 executions/s of these rows, 500 a commit
        ");
    }

    #[test]
    fn figures_stand_below_their_own_heads() {
        let cases = vec![
            Case::new("first frame").number("p50_ms", 10.0).number("max_ms", 27.0),
            Case::new("80x24").number("p50_ms", 0.2).number("p99_ms", 0.3).number("filter_ms", 9.0),
            Case::new("200x60").number("p50_ms", 0.6).number("p99_ms", 0.9).number("filter_ms", 9.0),
        ];
        let section = Section { scenario: "screen".to_owned(), about: "frames".to_owned(), bulk_per_second: None, cases };
        insta::assert_snapshot!(section, @r"
        screen: frames
                         P50 MS    MAX MS
          first frame     10.00     27.00
                         P50 MS    P99 MS  FILTER MS
          80x24            0.20      0.30       9.00
          200x60           0.60      0.90       9.00
        ");
    }

    #[test]
    fn a_section_is_json() {
        let json = serde_json::to_value(section()).unwrap();
        assert_eq!(json["cases"][0]["case"], "64 clients");
        assert_eq!(json["cases"][0]["executions_per_second"], 2000.0);
        assert_eq!(json["cases"][0]["of_bulk"], 0.25);
    }
}
