//! Compiled workflow versions, remembered: a version never changes, so that its plan is compiled once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tidemill_common::ids::WorkflowUid;

use crate::domain::workflow::compile;
use crate::domain::workflow::plan::Plan;

/// Plans that are remembered at most. One of 500 steps takes about a megabyte, a usual one a few kilobytes.
const REMEMBERED: usize = 256;

type Memory = HashMap<(WorkflowUid, i32), Arc<Plan>>;

/// Compiled workflow versions. Cheap to clone; clones share their memory.
#[derive(Debug, Clone, Default)]
pub struct Plans {
    memory: Arc<Mutex<Memory>>,
}

impl Plans {
    /// The plan of a version, if it is remembered.
    pub fn recall(&self, workflow: WorkflowUid, version: i32) -> Option<Arc<Plan>> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner).get(&(workflow, version)).cloned()
    }

    /// The plan of a version whose file is `source`. `None` when this binary can't compile what another one accepted.
    /// Compiling takes milliseconds: call it on a blocking thread.
    pub fn compile(&self, workflow: WorkflowUid, version: i32, source: &str) -> Option<Arc<Plan>> {
        if let Some(plan) = self.recall(workflow, version) {
            return Some(plan);
        }
        match compile(source) {
            Ok(plan) => {
                let plan = Arc::new(plan);
                self.remember(workflow, version, &plan);
                Some(plan)
            }
            Err(errors) => {
                tracing::error!(%workflow, version, errors = errors.len(), "a stored workflow version doesn't compile any more");
                None
            }
        }
    }

    /// Remembers a plan.
    pub fn remember(&self, workflow: WorkflowUid, version: i32, plan: &Arc<Plan>) {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        if memory.len() >= REMEMBERED {
            memory.clear();
        }
        memory.insert((workflow, version), Arc::clone(plan));
    }
}
