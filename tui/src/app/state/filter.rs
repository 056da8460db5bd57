//! The filter of a list: words and `field:value` terms, all of which must hold; `!` turns a term around.

use chrono::{DateTime, TimeDelta, Utc};
use tidemill_common::api::execution::ExecutionView;
use tidemill_common::ids::ExecutionId;
use tidemill_common::status::ExecutionStatus;
use uuid::Uuid;

use crate::app::effect::Wanted;

/// A filter that was understood.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    text: String,
    terms: Vec<Term>,
}

/// A filter of which the server understands everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Whole {
    /// Only executions of this workflow.
    pub workflow: Option<String>,
    /// Only executions in one of these states.
    pub status: Vec<ExecutionStatus>,
    /// Only executions that were admitted not longer ago than this.
    pub since: Option<TimeDelta>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Term {
    not: bool,
    what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    Word(String),
    Status(Vec<ExecutionStatus>),
    Workflow(String),
    Trigger(String),
    Id(String),
    Since(TimeDelta),
}

impl Filter {
    /// Reads `text`; the error says what is wrong and what would be right.
    pub fn parse(text: &str) -> Result<Self, String> {
        let terms = text.split_whitespace().map(term).collect::<Result<_, _>>()?;
        Ok(Self { text: text.trim().to_owned(), terms })
    }

    /// The filter that shows failures only.
    pub fn failures() -> Self {
        let failed = vec![ExecutionStatus::Failed, ExecutionStatus::DeadLetter];
        Self { text: "status:failed,dead_letter".into(), terms: vec![Term { not: false, what: What::Status(failed) }] }
    }

    /// What was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it lets everything through.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// The part that the server understands: a workflow by its whole name, states.
    pub fn wanted(&self) -> Option<Wanted> {
        let mut wanted = Wanted::default();
        for term in self.terms.iter().filter(|term| !term.not) {
            match &term.what {
                What::Status(statuses) => wanted.status.clone_from(statuses),
                What::Workflow(name) if !name.contains('*') => wanted.workflow = Some(name.clone()),
                _ => {}
            }
        }
        (wanted != Wanted::default()).then_some(wanted)
    }

    /// Workflow, states and span of time, when there is nothing else in it: then the server can tell what passes.
    pub fn whole(&self) -> Option<Whole> {
        let mut whole = Whole::default();
        for term in &self.terms {
            match &term.what {
                _ if term.not => return None,
                What::Status(statuses) => whole.status.clone_from(statuses),
                What::Workflow(name) if !name.contains('*') => whole.workflow = Some(name.clone()),
                What::Since(period) => whole.since = Some(*period),
                _ => return None,
            }
        }
        Some(whole)
    }

    /// Whether `row` passes.
    pub fn matches(&self, row: &ExecutionView, now: DateTime<Utc>) -> bool {
        self.terms.iter().all(|term| term.what.matches(row, now) != term.not)
    }
}

fn term(text: &str) -> Result<Term, String> {
    let (not, text) = text.strip_prefix('!').map_or((false, text), |rest| (true, rest));
    let what = match text.split_once(':') {
        Some(("status", value)) => What::Status(statuses(value)?),
        Some(("wf" | "workflow", value)) => What::Workflow(value.to_lowercase()),
        Some(("trigger", value)) => What::Trigger(value.to_lowercase()),
        Some(("id", value)) => What::Id(value.to_lowercase()),
        Some(("since", value)) => What::Since(period(value)?),
        Some((field, _)) => return Err(format!("no field “{field}”: use status wf trigger id since")),
        None => What::Word(text.to_lowercase()),
    };
    Ok(Term { not, what })
}

fn statuses(value: &str) -> Result<Vec<ExecutionStatus>, String> {
    value.split(',').filter(|word| !word.is_empty()).map(status).collect()
}

/// The state that begins with `word`.
pub fn status(word: &str) -> Result<ExecutionStatus, String> {
    let starts = |status: &ExecutionStatus| status.as_str().starts_with(word);
    ExecutionStatus::ALL
        .into_iter()
        .find(starts)
        .ok_or_else(|| format!("no state “{word}”: use {}", ExecutionStatus::ALL.map(ExecutionStatus::as_str).join(" ")))
}

/// A span of time: `90s`, `15m`, `24h`, `7d`.
pub fn period(value: &str) -> Result<TimeDelta, String> {
    let wrong = || format!("“{value}” is no period: use 90s 15m 24h 7d");
    let unit = value.chars().last().ok_or_else(wrong)?;
    let number: i64 = value[..value.len() - unit.len_utf8()].parse().map_err(|_| wrong())?;
    let delta = match unit {
        's' => TimeDelta::try_seconds(number),
        'm' => TimeDelta::try_minutes(number),
        'h' => TimeDelta::try_hours(number),
        'd' => TimeDelta::try_days(number),
        _ => None,
    };
    delta.ok_or_else(wrong)
}

impl What {
    fn matches(&self, row: &ExecutionView, now: DateTime<Utc>) -> bool {
        match self {
            Self::Status(statuses) => statuses.is_empty() || statuses.contains(&row.status),
            Self::Workflow(pattern) => glob(pattern, &row.workflow_id.to_lowercase()),
            Self::Trigger(pattern) => {
                glob(pattern, &row.trigger_type)
                    || row.trigger_id.as_deref().is_some_and(|id| glob(pattern, &id.to_lowercase()))
            }
            Self::Id(part) => in_id(part, row.id),
            Self::Since(period) => now - row.created_at <= *period,
            Self::Word(word) => word_in(word, row),
        }
    }
}

fn word_in(word: &str, row: &ExecutionView) -> bool {
    contains(&row.workflow_id, word)
        || row.status.as_str().contains(word)
        || in_id(word, row.id)
        || row.error.as_deref().is_some_and(|error| contains(error, word))
}

/// Whether `word`, which is in lower case, is in `text`, whatever the case there. Between two keys every row is looked at: nothing
/// is copied for it.
fn contains(text: &str, word: &str) -> bool {
    if !text.is_ascii() {
        return text.to_lowercase().contains(word);
    }
    let (text, word) = (text.as_bytes(), word.as_bytes());
    word.is_empty() || text.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word))
}

fn in_id(part: &str, id: ExecutionId) -> bool {
    let digits = part.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit());
    digits && id.0.hyphenated().encode_lower(&mut Uuid::encode_buffer()).contains(part)
}

/// Whether `text` is `pattern`, where each `*` stands for anything.
fn glob(pattern: &str, text: &str) -> bool {
    let Some((head, mut rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(head) else { return false };
    while let Some((middle, after)) = rest.split_once('*') {
        let Some(at) = text.find(middle) else { return false };
        text = &text[at + middle.len()..];
        rest = after;
    }
    text.ends_with(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::state::testing;

    fn passes(filter: &str, row: &ExecutionView) -> bool {
        Filter::parse(filter).unwrap().matches(row, testing::now())
    }

    #[test]
    fn all_terms_must_hold() {
        let row = testing::row(1, "invoice-sync", ExecutionStatus::Failed);
        for filter in
            ["", "invoice", "status:failed,running", "wf:invoice*", "wf:*sync !status:running", "since:24h", "status:f"]
        {
            assert!(passes(filter, &row), "{filter}");
        }
        for filter in ["crm", "status:running", "wf:invoice", "!invoice", "wf:invoice* since:1s", "trigger:schedule"] {
            assert!(!passes(filter, &row), "{filter}");
        }
    }

    #[test]
    fn a_filter_that_is_wrong_says_what_would_be_right() {
        for (filter, word) in [("status:done", "succeeded"), ("color:red", "trigger"), ("since:soon", "24h"), ("since:", "24h")]
        {
            let error = Filter::parse(filter).unwrap_err();
            assert!(error.contains(word), "{error}");
        }
    }

    #[test]
    fn the_server_is_only_told_what_it_understands_whole() {
        let whole = Filter::parse("wf:sync status:failed since:2h").unwrap().whole().unwrap();
        assert_eq!((whole.workflow.as_deref(), whole.since), (Some("sync"), Some(TimeDelta::hours(2))));
        for filter in ["word", "wf:s*", "!status:failed", "trigger:webhook"] {
            assert_eq!(Filter::parse(filter).unwrap().whole(), None, "{filter}");
        }
    }

    #[test]
    fn words_are_found_in_any_case_and_ids_by_their_digits() {
        for (text, word) in [("Invoice-SYNC", "sync"), ("Größe ÜBER", "über"), ("a", ""), ("", "")] {
            assert!(contains(text, word), "{word:?} in {text:?}");
        }
        assert!(!contains("sync", "synchronous") && !contains("sync", "ü"));
        let row = testing::row(1, "w", ExecutionStatus::Failed);
        let id = row.id.to_string();
        assert!(passes(&id, &row) && passes(&format!("id:{}", &id[4..20]), &row) && !passes("id:xyz", &row));
    }

    #[test]
    fn a_star_stands_for_anything() {
        assert!(glob("*", "") && glob("a*c", "abc") && glob("*b*", "abc") && glob("a*b*c", "aXbYc"));
        assert!(!glob("a*c", "ab") && !glob("abc", "ab") && !glob("a*b*c", "acb"));
    }
}
