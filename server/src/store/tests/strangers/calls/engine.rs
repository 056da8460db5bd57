//! What executions leave behind, and what operators want of them.

use chrono::TimeDelta;
use serde_json::json;
use tidemill_common::ids::{ExecutionId, WorkspaceId};

use super::{Call, Does, MOST, now};
use crate::store::Error;
use crate::store::queries::dead_letter::DeadLetterFilter;
use crate::store::queries::dead_letter::ReplayOrder;
use crate::store::queries::dead_letter::Selection;
use crate::store::queries::execution::ExecutionFilter;
use crate::store::queries::step_wait::PlaceKey;
use crate::store::queries::{
    bulk_order, control, dead_letter, execution, feed, happening, journal, payload, plan, refused_delivery, rollup, step_wait,
    why,
};
use crate::store::rows::bulk_order::BulkOrder;
use crate::store::rows::refused_delivery::RefusedDelivery;
use crate::store::tests::strangers::scene::Ours;
use crate::store::tests::strangers::shown;

fn sha(ours: &Ours) -> Vec<u8> {
    use sha2::Digest as _;
    sha2::Sha256::digest(&ours.text).to_vec()
}

/// Nothing, where it is an error that there is nothing.
fn none_there<T>(error: Error) -> Result<Option<T>, Error> {
    if matches!(error, Error::NotFound) { Ok(None) } else { Err(error) }
}

fn order(ours: &Ours) -> ReplayOrder {
    ReplayOrder { id: ours.fresh, from: "start", canary: 0, rate: 1, by: "us".to_owned(), patch: None, at: now() }
}

fn place(workspace: WorkspaceId, ours: &Ours) -> PlaceKey {
    PlaceKey { workspace: workspace.0, execution: ours.id, step: ours.text.clone(), iteration: 1, kind: "approval" }
}

/// All of them.
pub static CALLS: &[Call] = &[
    Call { name: "bulk_order::bulk_get", does: Does::Show, make: |c, w, a| shown(bulk_order::bulk_get(c, w, a.id)) },
    Call {
        name: "bulk_order::bulk_insert",
        does: Does::Change,
        make: |c, w, a| shown(bulk_order::bulk_insert(c, &BulkOrder { workspace_id: w.0, id: a.fresh, ..a.rows.bulk.clone() })),
    },
    Call { name: "bulk_order::bulk_list", does: Does::Show, make: |c, w, _| shown(bulk_order::bulk_list(c, w, MOST)) },
    Call {
        name: "bulk_order::bulk_next",
        does: Does::Show,
        make: |c, w, a| {
            shown(bulk_order::bulk_next(
                c,
                &BulkOrder { statuses: "succeeded".to_owned(), workspace_id: w.0, ..a.rows.bulk.clone() },
                MOST,
            ))
        },
    },
    Call { name: "bulk_order::bulk_running", does: Does::Count, make: |c, w, _| shown(bulk_order::bulk_running(c, w)) },
    Call { name: "bulk_order::bulk_stop", does: Does::Change, make: |c, w, a| shown(bulk_order::bulk_stop(c, w, a.id, now())) },
    Call {
        name: "control::request_cancel",
        does: Does::Change,
        make: |c, w, a| shown(control::request_cancel(c, w.0, a.id, &json!({}), now())),
    },
    Call {
        name: "control::request_pause",
        does: Does::Change,
        make: |c, w, a| shown(control::request_pause(c, w.0, a.id, &json!({}), now())),
    },
    Call { name: "control::seize", does: Does::Change, make: |c, w, a| shown(control::seize(c, a.fresh, w.0, a.id)) },
    Call { name: "control::tail", does: Does::Tell, make: |c, w, a| shown(control::tail(c, w.0, a.id)) },
    Call {
        name: "dead_letter::dead_letter_cause_list",
        does: Does::Show,
        make: |c, w, _| shown(dead_letter::dead_letter_cause_list(c, w, MOST)),
    },
    Call {
        name: "dead_letter::dead_letter_discard",
        does: Does::Change,
        make: |c, w, a| {
            shown(dead_letter::dead_letter_discard(c, w, &Selection::Fingerprint(a.text.clone()), ("us", "why"), now()))
        },
    },
    Call {
        name: "dead_letter::dead_letter_list",
        does: Does::Show,
        make: |c, w, _| shown(dead_letter::dead_letter_list(c, w, DeadLetterFilter::default(), MOST)),
    },
    Call {
        name: "dead_letter::dead_letter_replay",
        does: Does::Change,
        make: |c, w, a| shown(dead_letter::dead_letter_replay(c, w, &Selection::Ids(vec![ExecutionId(a.id)]), &order(a), MOST)),
    },
    Call {
        name: "dead_letter::dead_letter_retried",
        does: Does::Change,
        make: |c, w, a| shown(dead_letter::dead_letter_retried(c, w, (ExecutionId(a.id), ExecutionId(a.fresh)), "us", now())),
    },
    Call {
        name: "execution::event_list",
        does: Does::Show,
        make: |c, w, a| shown(execution::event_list(c, w, ExecutionId(a.id), 0, MOST)),
    },
    Call {
        name: "execution::execution_find",
        does: Does::Show,
        make: |c, w, a| shown(execution::execution_find(c, w, &[a.id])),
    },
    Call {
        name: "execution::execution_get",
        does: Does::Show,
        make: |c, w, a| shown(execution::execution_get(c, w, ExecutionId(a.id))),
    },
    Call {
        name: "execution::execution_list",
        does: Does::Show,
        make: |c, w, _| shown(execution::execution_list(c, w, &ExecutionFilter::default(), MOST)),
    },
    Call { name: "feed::events", does: Does::Show, make: |c, w, a| shown(feed::events(c, w.0, &[(a.id, 1, 9)])) },
    Call { name: "feed::events_of", does: Does::Show, make: |c, w, a| shown(feed::events_of(c, w.0, a.id, 0, MOST)) },
    Call {
        name: "happening::entries",
        does: Does::Show,
        make: |c, w, _| shown(happening::entries(c, w.0, 0, &["made"], MOST)),
    },
    Call { name: "journal::delivered", does: Does::Show, make: |c, w, a| shown(journal::delivered(c, w.0, &a.text, &a.text)) },
    Call {
        name: "payload::execution_payload_get",
        does: Does::Show,
        make: |c, w, a| {
            shown(payload::execution_payload_get(c, w, ExecutionId(a.id), &sha(a)).map(|row| String::from_utf8(row.1)))
        },
    },
    Call {
        name: "payload::find",
        does: Does::Show,
        make: |c, w, a| {
            shown(
                payload::find(c, w, &[(ExecutionId(a.id), sha(a))])
                    .map(|rows| rows.iter().map(|row| String::from_utf8_lossy(&row.content).into_owned()).collect::<Vec<_>>()),
            )
        },
    },
    Call {
        name: "plan::plan_of_workspace",
        does: Does::Count,
        make: |c, w, _| shown(plan::plan_of_workspace(c, w).map(Some).or_else(none_there)),
    },
    Call {
        name: "refused_delivery::refused_delivery_count",
        does: Does::Count,
        make: |c, w, _| shown(refused_delivery::refused_delivery_count(c, w)),
    },
    Call {
        name: "refused_delivery::refused_delivery_keep",
        does: Does::Change,
        make: |c, w, a| {
            shown(refused_delivery::refused_delivery_keep(
                c,
                &RefusedDelivery { workspace_id: w.0, id: a.fresh, key: None, ..a.rows.refused.clone() },
            ))
        },
    },
    Call {
        name: "refused_delivery::refused_delivery_list",
        does: Does::Show,
        make: |c, w, _| shown(refused_delivery::refused_delivery_list(c, w, None, MOST)),
    },
    Call {
        name: "refused_delivery::refused_delivery_replayed",
        does: Does::Change,
        make: |c, w, a| shown(refused_delivery::refused_delivery_replayed(c, (w, a.id), ExecutionId(a.fresh), now())),
    },
    Call {
        name: "refused_delivery::refused_delivery_waiting",
        does: Does::Show,
        make: |c, w, a| shown(refused_delivery::refused_delivery_waiting(c, w, Some(&[a.id]), MOST)),
    },
    Call {
        name: "rollup::read",
        does: Does::Show,
        make: |c, w, a| shown(rollup::read(c, w, Some(&a.text), now() - TimeDelta::days(1))),
    },
    Call {
        name: "step_wait::answer",
        does: Does::Change,
        make: |c, w, a| shown(step_wait::answer(c, &place(w, a), &json!({}))),
    },
    Call {
        name: "step_wait::answer_early",
        does: Does::Change,
        make: |c, w, a| {
            shown(step_wait::answer_early(c, &PlaceKey { step: "fresh".to_owned(), ..place(w, a) }, &json!({}), now()))
        },
    },
    Call { name: "step_wait::children", does: Does::Show, make: |c, w, a| shown(step_wait::children(c, w.0, &[a.id])) },
    Call { name: "step_wait::read", does: Does::Change, make: |c, w, a| shown(step_wait::read(c, a.id, w.0, (a.id, 1))) },
    Call {
        name: "step_wait::waiting",
        does: Does::Show,
        make: |c, w, _| shown(step_wait::waiting(c, w.0, "approval", None, MOST)),
    },
    Call { name: "step_wait::wake", does: Does::Change, make: |c, w, a| shown(step_wait::wake(c, w.0, a.id, now())) },
    Call { name: "why::line", does: Does::Show, make: |c, w, a| shown(why::line(c, w, ExecutionId(a.id))) },
    Call { name: "why::place", does: Does::Show, make: |c, w, a| shown(why::place(c, w, ExecutionId(a.id))) },
];
