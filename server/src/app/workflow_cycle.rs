//! Workflows that call each other in a ring are refused when they are saved, as far as that can be seen.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use tidemill_common::api::workflow::Diagnostic;
use tidemill_common::ids::{WorkflowUid, WorkspaceId};

use super::Error;
use super::workflow_view::plan;
use crate::domain::workflow::plan::Plan;
use crate::executor::Plans;
use crate::store::queries::workflow;
use crate::store::{self, Connection};

/// Most workflows that are looked at. What lies beyond is found by the depth limit when it runs.
const MOST: usize = 200;

/// The refusal of a workflow that calls itself through others, whose active versions count, else their newest.
pub(super) fn check(
    conn: &mut Connection,
    workspace: WorkspaceId,
    plans: &Plans,
    saved: &Plan,
) -> Result<Result<(), Error>, store::Error> {
    let mut callers: BTreeMap<Arc<str>, Arc<str>> = BTreeMap::new();
    let mut open: VecDeque<Arc<str>> = VecDeque::new();
    note(&mut callers, &mut open, saved);
    while let Some(id) = open.pop_front() {
        if id == saved.id {
            return Ok(Err(Error::WorkflowInvalid(vec![ring(&callers, saved)])));
        }
        if callers.len() > MOST {
            break;
        }
        let row = match workflow::workflow_get(conn, workspace, &id) {
            Ok(row) => row,
            Err(store::Error::NotFound) => continue,
            Err(error) => return Err(error),
        };
        let version = row.active_version.unwrap_or(row.version);
        if let Some(callee) = plan(conn, workspace, plans, WorkflowUid(row.uid), version)? {
            note(&mut callers, &mut open, &callee);
        }
    }
    Ok(Ok(()))
}

fn note(callers: &mut BTreeMap<Arc<str>, Arc<str>>, open: &mut VecDeque<Arc<str>>, caller: &Plan) {
    for callee in caller.callees() {
        if !callers.contains_key(&callee) {
            callers.insert(Arc::clone(&callee), Arc::clone(&caller.id));
            open.push_back(callee);
        }
    }
}

/// The way from the workflow back to itself.
fn ring(callers: &BTreeMap<Arc<str>, Arc<str>>, saved: &Plan) -> Diagnostic {
    let mut way = vec![saved.id.to_string()];
    let mut at = &saved.id;
    while let Some(caller) = callers.get(at).filter(|_| way.len() <= callers.len()) {
        way.push(caller.to_string());
        at = caller;
        if *at == saved.id {
            break;
        }
    }
    way.reverse();
    Diagnostic {
        line: 1,
        column: 1,
        path: "steps".to_owned(),
        code: "cycle".to_owned(),
        message: format!("these workflows call each other: {}", way.join(" → ")),
        suggestion: Some("remove one of these calls".to_owned()),
    }
}
