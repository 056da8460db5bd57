//! Dead letters, as people read, replay and discard them. The journal's queries keep them, `replay` replays them.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Json, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use tidemill_common::api::dead_letter::DeadLetterState;
use tidemill_common::ids::{ExecutionId, WorkspaceId};
use uuid::Uuid;

use crate::store::rows::dead_letter::DeadLetter;
use crate::store::schema::dead_letters;
use crate::store::{Error, Statement};

/// Which dead letters are meant.
#[derive(Debug, Clone)]
pub enum Selection {
    /// Those of these executions.
    Ids(Vec<ExecutionId>),
    /// Those with this fingerprint.
    Fingerprint(String),
}

/// Which dead letters to list.
#[derive(Debug, Clone, Default)]
pub struct DeadLetterFilter {
    /// Those in this state.
    pub state: DeadLetterState,
    /// Those with this fingerprint.
    pub fingerprint: Option<String>,
    /// Those of the workflow with this `id`.
    pub workflow_id: Option<String>,
    /// Those of executions older than this one: where the page before ended.
    pub before: Option<ExecutionId>,
}

/// Open dead letters with the same cause.
#[derive(Debug, QueryableByName)]
pub struct CauseRow {
    /// Stands for the cause.
    #[diesel(sql_type = Text)]
    pub fingerprint: String,
    /// The cause.
    #[diesel(sql_type = Text)]
    pub cause: String,
    /// The error's class.
    #[diesel(sql_type = Text)]
    pub class: String,
    /// How many there are.
    #[diesel(sql_type = BigInt)]
    pub count: i64,
    /// The workflows that they belong to.
    #[diesel(sql_type = Array<Text>)]
    pub workflows: Vec<String>,
    /// When the first one failed.
    #[diesel(sql_type = Timestamptz)]
    pub first_at: DateTime<Utc>,
    /// When the newest one failed.
    #[diesel(sql_type = Timestamptz)]
    pub last_at: DateTime<Utc>,
    /// The newest one.
    #[diesel(sql_type = SqlUuid)]
    pub newest: Uuid,
}

/// How a replay is to go.
#[derive(Debug, Clone)]
pub struct ReplayOrder {
    /// Names the replay.
    pub id: Uuid,
    /// `start` or `failed`.
    pub from: &'static str,
    /// How many go first.
    pub canary: u32,
    /// How many begin per second.
    pub rate: i32,
    /// Who ordered it.
    pub by: String,
    /// What changes about each one's input.
    pub patch: Option<serde_json::Value>,
    /// When.
    pub at: DateTime<Utc>,
}

/// A page of dead letters, newest first.
pub fn dead_letter_list(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    filter: DeadLetterFilter,
    limit: i64,
) -> Result<Vec<DeadLetter>, Error> {
    let mut query = dead_letters::table
        .filter(dead_letters::workspace_id.eq(workspace.0))
        .filter(dead_letters::state.eq(filter.state.as_str()))
        .order(dead_letters::execution_id.desc())
        .limit(limit)
        .select(DeadLetter::as_select())
        .into_boxed();
    if let Some(fingerprint) = filter.fingerprint {
        query = query.filter(dead_letters::fingerprint.eq(fingerprint));
    }
    if let Some(workflow) = filter.workflow_id {
        query = query.filter(dead_letters::workflow_id.eq(workflow));
    }
    if let Some(before) = filter.before {
        query = query.filter(dead_letters::execution_id.lt(before.0));
    }
    Ok(query.load(conn)?)
}

/// The causes of open dead letters, the most frequent first.
pub fn dead_letter_cause_list(conn: &mut PgConnection, workspace: WorkspaceId, limit: i64) -> Result<Vec<CauseRow>, Error> {
    let rows = Statement::new(
        "SELECT fingerprint, min(cause) AS cause, min(class) AS class, count(*) AS count,
                array_agg(DISTINCT workflow_id ORDER BY workflow_id) AS workflows, min(at) AS first_at, max(at) AS last_at,
                (array_agg(execution_id ORDER BY execution_id DESC))[1] AS newest
         FROM dead_letters WHERE workspace_id = $1 AND state = 'open'
         GROUP BY fingerprint ORDER BY count(*) DESC, max(at) DESC LIMIT $2",
    )
    .bind::<SqlUuid, _>(workspace.0)
    .bind::<BigInt, _>(limit)
    .load(conn)?;
    Ok(rows)
}

/// Orders a replay of up to `limit` open dead letters, oldest first. Returns how many there are.
pub fn dead_letter_replay(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    selection: &Selection,
    order: &ReplayOrder,
    limit: i64,
) -> Result<usize, Error> {
    let (ids, fingerprint) = match selection {
        Selection::Ids(ids) => (ids.iter().map(|id| id.0).collect(), None),
        Selection::Fingerprint(fingerprint) => (Vec::new(), Some(fingerprint.as_str())),
    };
    let canary = i64::from(order.canary);
    let ordered = Statement::new(include_str!("dead_letter_replay.sql"))
        .bind::<SqlUuid, _>(workspace.0)
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<Nullable<Text>, _>(fingerprint)
        .bind::<BigInt, _>(limit)
        .bind::<SqlUuid, _>(order.id)
        .bind::<BigInt, _>(canary)
        .bind::<BigInt, _>(canary)
        .bind::<Timestamptz, _>(order.at)
        .bind::<Integer, _>(order.rate)
        .bind::<Text, _>(order.from)
        .bind::<Integer, _>(order.rate)
        .bind::<BigInt, _>(canary)
        .bind::<Text, _>(order.by.as_str())
        .bind::<Nullable<Json>, _>(order.patch.clone())
        .bind::<SqlUuid, _>(workspace.0)
        .execute(conn)?;
    Ok(ordered)
}

/// Discards the open dead letters that are meant. Returns how many.
pub fn dead_letter_discard(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    selection: &Selection,
    (by, reason): (&str, &str),
    now: DateTime<Utc>,
) -> Result<usize, Error> {
    let open = dead_letters::workspace_id.eq(workspace.0).and(dead_letters::state.eq(DeadLetterState::Open.as_str()));
    let change = (
        dead_letters::state.eq(DeadLetterState::Discarded.as_str()),
        dead_letters::settled_at.eq(Some(now)),
        dead_letters::settled_by.eq(Some(by)),
        dead_letters::reason.eq(Some(reason)),
    );
    Ok(match selection {
        Selection::Ids(ids) => {
            let meant = dead_letters::execution_id.eq_any(ids.iter().map(|id| id.0));
            diesel::update(dead_letters::table.filter(open).filter(meant)).set(change).execute(conn)?
        }
        Selection::Fingerprint(fingerprint) => {
            let meant = dead_letters::fingerprint.eq(fingerprint);
            diesel::update(dead_letters::table.filter(open).filter(meant)).set(change).execute(conn)?
        }
    })
}

/// Notes that somebody tried the execution again by hand. Nothing happens when it is no open dead letter.
pub fn dead_letter_retried(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    (failed, again): (ExecutionId, ExecutionId),
    by: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let open = dead_letters::state.eq(DeadLetterState::Open.as_str());
    diesel::update(dead_letters::table.find((workspace.0, failed.0)).filter(open))
        .set((
            dead_letters::state.eq(DeadLetterState::Replayed.as_str()),
            dead_letters::settled_at.eq(Some(now)),
            dead_letters::settled_by.eq(Some(by)),
            dead_letters::replayed_as.eq(Some(again.0)),
        ))
        .execute(conn)?;
    Ok(())
}

/// Forgets dead letters of before `before`.
pub fn dead_letter_sweep(conn: &mut PgConnection, before: DateTime<Utc>) -> Result<usize, Error> {
    Ok(diesel::delete(dead_letters::table.filter(dead_letters::at.lt(before))).execute(conn)?)
}
