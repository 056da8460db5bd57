//! Dead letters: listed by cause, replayed, discarded.

use std::sync::Arc;

use tidemill_common::api::control::RetryFrom;
use tidemill_common::api::dead_letter::{
    DeadLetterCause, DeadLetterCauseList, DeadLetterDiscard, DeadLetterPage, DeadLetterReplay, DeadLetterReplayed,
};
use tidemill_common::clock::Clock;
use tidemill_common::ids::ExecutionId;
use tidemill_common::limits::PAGE_ITEMS;
use tidemill_common::status::FailureClass;
use tokio::sync::Notify;

use super::access::authorize;
use super::audit::Act;
use super::error::{Error, check_text};
use super::page::{self, PageRequest};
use crate::auth::{Caller, Operation};
use crate::store::queries::dead_letter::{self, CauseRow, DeadLetterFilter, ReplayOrder, Selection};
use crate::store::rows::dead_letter::DeadLetter;
use crate::store::{Connection, Database};

/// Most dead letters that one order replays.
const REPLAYED: i64 = 10_000;
/// Replays that begin per second when nobody asks for a number.
const RATE: u32 = 10;
/// Most ids of one order.
const IDS: usize = 1_000;

/// Dead letters of a workspace.
#[derive(Clone)]
pub struct DeadLetters {
    database: Database,
    clock: Arc<dyn Clock>,
    /// Woken when a replay was ordered.
    ordered: Arc<Notify>,
}

/// Which dead letters to list.
#[derive(Debug, Clone, Default)]
pub struct DeadLetterQuery {
    /// In which state, with which cause, of which workflow.
    pub filter: DeadLetterFilter,
    /// Which page.
    pub page: PageRequest,
}

impl DeadLetters {
    /// Dead letters in `database`; `ordered` is woken when there is something to replay.
    pub fn new(database: Database, clock: Arc<dyn Clock>, ordered: Arc<Notify>) -> Self {
        Self { database, clock, ordered }
    }

    /// A page of dead letters, newest first.
    pub async fn list(&self, caller: &Caller, query: DeadLetterQuery) -> Result<DeadLetterPage, Error> {
        authorize(caller, Operation::DeadLetterList)?;
        let (workspace, size) = (caller.workspace, query.page.size()?);
        let before = query.page.after()?.map(|key| key.parse::<ExecutionId>()).transpose().map_err(|_| {
            Error::Invalid("`cursor` is not one that this list gave: send the `next_cursor` of a page".to_owned())
        })?;
        let filter = DeadLetterFilter { before, ..query.filter };
        let mut rows = self
            .database
            .with_tenant(workspace, move |conn| dead_letter::dead_letter_list(conn, workspace, filter, page::rows(size)))
            .await?;
        let next_cursor = page::cut(&mut rows, size, |row| row.execution_id.to_string());
        Ok(DeadLetterPage { items: rows.into_iter().map(DeadLetter::view).collect::<Result<_, _>>()?, next_cursor })
    }

    /// The causes of the open ones, the most frequent first.
    pub async fn causes(&self, caller: &Caller) -> Result<DeadLetterCauseList, Error> {
        authorize(caller, Operation::DeadLetterCauseList)?;
        let (workspace, most) = (caller.workspace, i64::try_from(PAGE_ITEMS).unwrap_or(i64::MAX));
        let rows = self
            .database
            .with_tenant(workspace, move |conn| dead_letter::dead_letter_cause_list(conn, workspace, most))
            .await?;
        Ok(DeadLetterCauseList { items: rows.into_iter().map(cause).collect::<Result<_, _>>()? })
    }

    /// Orders a replay. It goes on by itself.
    pub async fn replay(&self, caller: &Caller, wanted: DeadLetterReplay) -> Result<DeadLetterReplayed, Error> {
        authorize(caller, Operation::DeadLetterReplay)?;
        let (workspace, selection) = (caller.workspace, selection(wanted.ids, wanted.fingerprint)?);
        let rate = i32::try_from(wanted.rate.unwrap_or(RATE)).ok().filter(|rate| (1..=1_000).contains(rate));
        let rate = rate.ok_or_else(|| Error::Invalid("`rate` must be 1 to 1000 a second".to_owned()))?;
        let at = self.clock.now();
        let order = ReplayOrder {
            id: ExecutionId::new(at).0,
            from: if wanted.from == RetryFrom::Start { "start" } else { "failed" },
            canary: wanted.canary,
            rate,
            by: caller.user_name.to_string(),
            patch: wanted.patch,
            at,
        };
        let act = Act::of(caller, Operation::DeadLetterReplay, at).on("replay", order.id);
        let replay = move |conn: &mut Connection| {
            let count = dead_letter::dead_letter_replay(conn, workspace, &selection, &order, REPLAYED)?;
            if count > 0 {
                act.saying(format!("{count} executions")).write(conn)?;
            }
            Ok(count)
        };
        let ordered = self.database.with_tenant(workspace, replay).await?;
        self.ordered.notify_one();
        let count = some(ordered)?;
        Ok(DeadLetterReplayed { count, canaries: wanted.canary.min(count) })
    }

    /// Discards: nothing will be done about them. Returns how many.
    pub async fn discard(&self, caller: &Caller, wanted: DeadLetterDiscard) -> Result<u32, Error> {
        authorize(caller, Operation::DeadLetterDiscard)?;
        check_text("reason", &wanted.reason, 1_000)?;
        let (workspace, selection) = (caller.workspace, selection(wanted.ids, wanted.fingerprint)?);
        let (by, now) = (caller.user_name.to_string(), self.clock.now());
        let act = Act::of(caller, Operation::DeadLetterDiscard, now).on("dead_letter", named(&selection));
        let discard = move |conn: &mut Connection| {
            let count = dead_letter::dead_letter_discard(conn, workspace, &selection, (&by, &wanted.reason), now)?;
            if count > 0 {
                act.saying(format!("{count} executions")).write(conn)?;
            }
            Ok(count)
        };
        let discarded = self.database.with_tenant(workspace, discard).await?;
        some(discarded)
    }
}

/// Refuses an order that meets nothing: it was mistyped, or somebody was faster.
fn some(count: usize) -> Result<u32, Error> {
    match u32::try_from(count).unwrap_or(u32::MAX) {
        0 => Err(Error::NotFound("open dead letter")),
        count => Ok(count),
    }
}

fn selection(ids: Vec<ExecutionId>, fingerprint: Option<String>) -> Result<Selection, Error> {
    match (ids.len(), fingerprint) {
        (1..=IDS, None) => Ok(Selection::Ids(ids)),
        (0, Some(fingerprint)) => Ok(Selection::Fingerprint(fingerprint.replace('\0', ""))),
        (0, None) | (_, Some(_)) => Err(Error::Invalid("name either `ids` or a `fingerprint`".to_owned())),
        _ => Err(Error::Invalid(format!("`ids` may name {IDS} executions at a time"))),
    }
}

/// What an order is about, in words.
fn named(selection: &Selection) -> String {
    match selection {
        Selection::Ids(ids) => ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        Selection::Fingerprint(fingerprint) => fingerprint.clone(),
    }
}

fn cause(row: CauseRow) -> Result<DeadLetterCause, Error> {
    let class = FailureClass::from_word(&row.class)
        .ok_or_else(|| Error::Internal(format!("no class of failures is called `{}`", row.class)))?;
    Ok(DeadLetterCause {
        fingerprint: row.fingerprint,
        cause: row.cause,
        class,
        count: row.count,
        workflows: row.workflows,
        first_at: row.first_at,
        last_at: row.last_at,
        newest: ExecutionId(row.newest),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_ids_or_a_fingerprint() {
        let id = ExecutionId(uuid::Uuid::nil());
        assert!(matches!(selection(vec![id], None), Ok(Selection::Ids(_))));
        assert!(matches!(selection(vec![], Some("x".into())), Ok(Selection::Fingerprint(_))));
        for (ids, fingerprint) in [(vec![], None), (vec![id], Some("x".to_owned())), (vec![id; IDS + 1], None)] {
            assert!(matches!(selection(ids, fingerprint), Err(Error::Invalid(_))));
        }
    }
}
