//! What came from outside for an execution of this node: answers, and the ends of executions that it called.

use std::collections::HashSet;

use tidemill_common::ids::ExecutionId;

use super::service::Parts;
use crate::domain::execution::{Answered, Awaits, State};
use crate::journal::Lease;
use crate::store;

/// What a look found.
#[derive(Debug, Default)]
pub(super) struct Mail {
    /// What came.
    pub answers: Vec<Answered>,
    /// The executions that were called and exist.
    pub called: HashSet<ExecutionId>,
}

impl Parts {
    /// Reads what came for an execution that this node holds.
    pub(super) async fn mail(&self, lease: Lease, state: &State) -> Result<Mail, store::Error> {
        let mut mail = Mail::default();
        for found in self.queue.answers(lease).await? {
            let Some(step) = state.plan().step_index(&found.step) else { continue };
            let place = crate::domain::execution::Place { step, iteration: found.iteration };
            mail.answers.push(Answered { place, answer: found.answer });
        }
        let waiting: Vec<_> = state
            .awaiting()
            .filter_map(|(place, awaits)| match awaits {
                Awaits::Execution(child) => Some((place, child)),
                _ => None,
            })
            .collect();
        let ids = waiting.iter().map(|(_, child)| *child).collect();
        for child in self.queue.children(lease.workspace_id, ids).await? {
            mail.called.insert(child.id);
            let Some(answer) = child.end else { continue };
            let places = waiting.iter().filter(|(_, id)| *id == child.id);
            mail.answers.extend(places.map(|(place, _)| Answered { place: *place, answer: answer.clone() }));
        }
        Ok(mail)
    }
}
