//! The audit log: who changed what. The filter line takes words, and terms that the server understands.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use tidemill_common::api::audit::{AuditActor, AuditPage, AuditRecord};

use super::entry::{Cell, Column, Entry, Line, Opens, moment};
use super::subject::{Spec, Subject};
use crate::app::action::Action;
use crate::app::keymap::Scope;
use crate::app::state::access::Need;
use crate::app::state::filter;
use crate::app::state::look::Token;

/// The listing.
pub const SPEC: Spec = Spec {
    noun: "audit log",
    columns: &[
        Column::number("WHEN", 5),
        Column::text("WHO", 12, 1),
        Column::text("WHAT", 20, 1),
        Column::fixed("KIND", 12),
        Column::text("WHICH", 12, 2),
        Column::text("DETAIL", 20, 3).from(120),
        Column::fixed("FROM", 15).from(110),
    ],
    empty: &[
        "No entry of the audit log passes.",
        "It has every change since the workspace was made. / asks for others: op:member_add kind:workflow which:name since:7d",
    ],
    hints: &[Action::Open, Action::Filter, Action::Whole, Action::Save, Action::Sort],
    scopes: &[Scope::Audit, Scope::List, Scope::Root, Scope::Global],
    reads: Need::Admin,
    changes: Need::Admin,
};

/// The part of the filter that the server understands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditFilter {
    /// What was done.
    pub operation: Option<String>,
    /// To what kind of thing.
    pub kind: Option<String>,
    /// To which one.
    pub which: Option<String>,
    /// Not longer ago than so many seconds.
    pub seconds: Option<i64>,
    /// In the whole organization, not only in this workspace.
    #[serde(default)]
    pub whole: bool,
}

impl AuditFilter {
    /// Reads `text`: the terms, and the words that are left.
    ///
    /// # Errors
    ///
    /// Says what would be right.
    pub fn read(text: &str) -> Result<(Self, Vec<String>), String> {
        let (mut found, mut words) = (Self::default(), Vec::new());
        for term in text.split_whitespace() {
            let place = match term.split_once(':') {
                None => {
                    words.push(term.to_lowercase());
                    continue;
                }
                Some(("since", period)) => {
                    found.seconds = Some(filter::period(period)?.num_seconds());
                    continue;
                }
                Some(("in", value)) => {
                    found.whole = whole(value)?;
                    continue;
                }
                Some(("op", value)) => (&mut found.operation, value),
                Some(("kind", value)) => (&mut found.kind, value),
                Some(("which", value)) => (&mut found.which, value),
                Some((field, _)) => return Err(format!("no field “{field}”: use words, op kind which since in")),
            };
            *place.0 = Some(place.1.to_owned()).filter(|value| !value.is_empty());
        }
        Ok((found, words))
    }

    /// From when on, at `now`.
    pub fn since(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        now.checked_sub_signed(TimeDelta::try_seconds(self.seconds?)?)
    }

    /// Whether the row of an entry passes: the rows that are loaded are narrowed while the filter is being typed.
    pub fn passes(&self, entry: &Entry) -> bool {
        let begins = |wanted: &Option<String>, field: &str| {
            let text = entry.json["entry"][field].as_str().unwrap_or_default();
            wanted.as_ref().is_none_or(|wanted| text.starts_with(wanted.as_str()))
        };
        begins(&self.operation, "operation") && begins(&self.kind, "object_kind") && begins(&self.which, "object_id")
    }
}

/// The term that asks for the whole organization.
pub const WHOLE: &str = "in:organization";

fn whole(value: &str) -> Result<bool, String> {
    match value {
        "organization" => Ok(true),
        "workspace" => Ok(false),
        _ => Err("in: takes organization or workspace".into()),
    }
}

/// The row of an entry.
pub fn entry(record: &AuditRecord) -> Entry {
    let AuditRecord { entry: written, seq, .. } = record;
    let kind = match written.actor_kind {
        AuditActor::User => "a person",
        AuditActor::ServiceAccount => "a service account",
        AuditActor::Node => "the server",
    };
    let who = record.actor_name.clone().unwrap_or_else(|| kind.to_owned());
    let detail = written.detail.clone().unwrap_or_default();
    let address = written.address.clone().unwrap_or_default();
    let row = Entry::new(seq.to_string(), format!("tidemill audit ls --operation {}", written.operation), record)
        .cells([
            Cell::past(Some(written.at)),
            Cell::text(&who),
            Cell::text(&written.operation).with(Token::Head),
            Cell::text(&written.object_kind).with(Token::Muted),
            Cell::text(&written.object_id),
            Cell::text(&detail).with(Token::Muted),
            Cell::text(&address).with(Token::Muted),
        ])
        .fact("when", moment(written.at))
        .fact("who", format!("{who} ({kind})"))
        .known("token", written.token_id.map(|token| token.to_string()))
        .known("from", written.address.as_ref())
        .fact("what", &written.operation)
        .fact("kind", &written.object_kind)
        .fact("which", &written.object_id)
        .known("detail", written.detail.as_ref())
        .known("before", written.before.as_ref())
        .known("after", written.after.as_ref())
        .fact("entry", seq.to_string())
        .fact("hash", &record.hash);
    match target(&written.object_kind, &written.object_id) {
        Some(opens) => row.opens(opens),
        None => row,
    }
}

/// The screen that shows the thing that was changed.
fn target(kind: &str, id: &str) -> Option<Opens> {
    Some(match kind {
        "workflow" => Opens::Workflow(id.to_owned()),
        "execution" => Opens::Execution(id.parse().ok()?),
        "secret" => Opens::Listing(Subject::Secrets),
        "credential" => Opens::Listing(Subject::Credentials),
        "token" => Opens::Listing(Subject::Tokens),
        "member" => Opens::Listing(Subject::Members),
        "invite" => Opens::Listing(Subject::Invites),
        "share" => Opens::Listing(Subject::Shares),
        "subscription" => Opens::Listing(Subject::Subscriptions),
        "billing_subscription" => Opens::Listing(Subject::Plans),
        "order" => Opens::Listing(Subject::Orders),
        _ => return None,
    })
}

/// What is said above them: that there are more.
pub fn banner(filter: &AuditFilter, page: &AuditPage) -> Vec<Line> {
    let whole = filter
        .whole
        .then(|| (Token::Accent, "the whole organization, every workspace of it: W goes back to this one".to_owned()));
    let more = page.next_cursor.as_ref().map(|_| {
        let line = format!("the newest {} that pass: narrow them with / op: kind: which: since:", page.items.len());
        (Token::Warn, line)
    });
    whole.into_iter().chain(more).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_go_to_the_server_and_words_stay() {
        let (filter, words) = AuditFilter::read("ann op:member_add kind:workflow since:2h Bob").unwrap();
        assert_eq!((filter.operation.as_deref(), filter.kind.as_deref()), (Some("member_add"), Some("workflow")));
        assert_eq!((filter.seconds, words), (Some(7200), vec!["ann".to_owned(), "bob".to_owned()]));
        assert!(AuditFilter::read("who:ann").unwrap_err().contains("which"));
        assert!(AuditFilter::read("since:soon").unwrap_err().contains("24h"));
    }
}
