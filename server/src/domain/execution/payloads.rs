//! What is kept apart from the events, and what has to be at hand before something is decided.
//!
//! Events and [`State`] hold references only. A payload is open while its value is here: it was made just now, or whoever
//! carries the execution out has read it. What expressions read must be open before they are evaluated: [`Execution::wanted`]
//! says what that is, and a decision that finds something closed stops there and asks for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use tidemill_common::event::{EventBody, Json, StepError};
use tidemill_common::ids::ExecutionId;
use tidemill_common::payload::PayloadRef;
use tidemill_common::status::{FailureClass, StepStatus};

use super::awaiting::Answer;
use super::machine::{Action, Execution};
use super::state::State;
use crate::domain::file;
use crate::domain::payload::{self, Packed, PayloadLimits};
use crate::domain::workflow::plan::{Reads, Repeat, StepIndex, Work};

/// The payloads that are open, by their hash, each with the memory that it takes, in bytes.
#[derive(Debug, Clone, Default)]
pub struct Open(BTreeMap<String, (Json, u64)>);

impl Open {
    /// Opens a payload.
    pub fn insert(&mut self, sha256: String, value: Json) {
        let weight = payload::weight(&value);
        self.0.insert(sha256, (value, weight));
    }

    /// What `json` stands for, as far as it is open; itself when it is no reference.
    #[must_use]
    pub fn shown(&self, json: &Json) -> Json {
        let opened = PayloadRef::of(json).and_then(|reference| self.0.get(&reference.sha256));
        opened.map_or(json, |(value, _)| value).clone()
    }

    /// About how many bytes of memory they take.
    #[must_use]
    pub fn weight(&self) -> u64 {
        self.0.values().map(|(_, weight)| weight).sum()
    }

    fn lacks(&self, json: &Json) -> Option<PayloadRef> {
        PayloadRef::of(json).filter(|reference| !self.0.contains_key(&reference.sha256))
    }
}

/// What a value becomes that stands in an event of `execution`, and what of it is kept apart: its files, and the rest if that is
/// large still.
///
/// # Errors
/// None that can be met; see [`payload::pack`].
pub fn keep(value: Json, execution: ExecutionId, open: &mut Open) -> std::io::Result<(Json, Vec<Packed>)> {
    if !payload::is_apart(&value) {
        return Ok((value, Vec::new()));
    }
    let (value, mut packed) = match file::set_apart(&value, execution)? {
        Some((rest, packed)) => (Arc::new(rest), packed),
        None => (value, Vec::new()),
    };
    if !payload::is_apart(&value) {
        return Ok((value, packed));
    }
    let rest = payload::pack(&value)?;
    open.insert(rest.reference.sha256.clone(), value);
    let reference = Arc::new(rest.reference.to_value());
    packed.push(rest);
    Ok((reference, packed))
}

impl State {
    /// Opens payloads: expressions see their values from now on.
    pub(super) fn open(&mut self, opened: Open) {
        self.open.0.extend(opened.0);
        self.show();
    }

    /// Gives expressions what is open, and references otherwise.
    fn show(&mut self) {
        let Some(origin) = &self.origin else { return };
        self.scope.trigger_is(self.open.shown(&origin.input));
        let plan = Arc::clone(self.plan());
        for (step, planned) in self.steps.iter().zip(&plan.steps) {
            if let Some(output) = &step.output {
                self.scope.output_is(&planned.id, &self.open.shown(output));
            }
        }
    }

    /// How many bytes of JSON the inputs and outputs of an event have.
    pub(super) fn count_payloads(&mut self, body: &EventBody) {
        let payload = match body {
            EventBody::ExecutionQueued(origin) | EventBody::ExecutionStarted { origin: Some(origin) } => Some(&origin.input),
            EventBody::StepStarted { input, .. } => input.as_ref(),
            EventBody::StepCompleted { output, .. } => Some(output),
            EventBody::ExecutionCompleted { output, .. } => output.as_ref(),
            _ => None,
        };
        let Some(payload) = payload else { return };
        let bytes = payload::length(payload).saturating_add(file::unseen_bytes(payload, &mut self.files));
        self.payload_bytes = self.payload_bytes.saturating_add(bytes);
    }

    /// What must be open before something is decided about `step`.
    fn needs(&self, step: StepIndex) -> Vec<PayloadRef> {
        let plan = self.plan();
        let (planned, state) = (&plan.steps[step], &self.steps[step]);
        let chosen = planned.depends_on.iter().filter(|parent| matches!(plan.steps[**parent].work, Work::Switch(_)));
        let mut found = self.read_by(&planned.reads);
        found.extend(chosen.filter_map(|switch| self.open.lacks(self.steps[*switch].output.as_ref()?)));
        match &planned.repeat {
            Some(Repeat::ForEach(_)) => found.extend(state.input.as_ref().and_then(|list| self.open.lacks(list))),
            Some(Repeat::While(_)) => {
                let last = state.iterations.as_ref().and_then(|iterations| iterations.results.values().next_back());
                found.extend(last.and_then(|last| self.open.lacks(last.as_ref().ok()?)));
            }
            None => {}
        }
        found
    }

    fn read_by(&self, reads: &Reads) -> Vec<PayloadRef> {
        let input = self.origin.as_ref().filter(|_| reads.trigger).map(|origin| &origin.input);
        let outputs = reads.outputs.iter().filter_map(|step| self.steps[*step].output.as_ref());
        input.into_iter().chain(outputs).filter_map(|json| self.open.lacks(json)).collect()
    }
}

impl Execution {
    /// The same execution, within other limits than the usual ones.
    #[must_use]
    pub fn within(mut self, limits: PayloadLimits) -> Self {
        self.limits = limits;
        self
    }

    /// The payloads that must be open before the next decision, each with the execution that it belongs to: this one, or one that
    /// it called.
    #[must_use]
    pub fn wanted(&self) -> Vec<(ExecutionId, PayloadRef)> {
        let state = &self.state;
        if state.end.is_some() {
            return Vec::new();
        }
        let begun = state.active_steps().filter(|step| {
            matches!(state.steps[*step].status, StepStatus::Running | StepStatus::Waiting | StepStatus::Retrying)
        });
        let own = self.lacking.iter().cloned().chain(begun.flat_map(|step| state.needs(step)));
        let mut wanted: Vec<_> = own.map(|reference| (state.id, reference)).collect();
        wanted.extend(self.answers.iter().filter_map(|answered| match &answered.answer {
            Answer::Ended { child, output: Some(output), .. } => Some((*child, state.open.lacks(output)?)),
            _ => None,
        }));
        wanted.sort_by(|a, b| a.1.sha256.cmp(&b.1.sha256));
        wanted.dedup_by(|a, b| a.1.sha256 == b.1.sha256);
        wanted
    }

    /// Opens payloads that were wanted.
    pub fn open(&mut self, opened: Open) {
        self.lacking.clear();
        self.state.open(opened);
    }

    /// Closes every payload.
    pub fn close(&mut self) {
        self.state.open = Open::default();
        self.state.show();
    }

    /// Closes the payloads that no step reads any more.
    pub fn close_unread(&mut self) {
        if self.state.open.0.is_empty() {
            return;
        }
        let all = std::mem::take(&mut self.state.open);
        let active = self.state.active_steps().filter(|step| !self.state.steps[*step].status.is_terminal());
        let mut read: Vec<_> = active.flat_map(|step| self.state.needs(step)).collect();
        read.extend(self.state.read_by(&self.state.plan().output_reads));
        let is_read = |sha256: &String| read.iter().any(|reference| reference.sha256 == *sha256);
        self.state.open = Open(all.0.into_iter().filter(|(sha256, _)| is_read(sha256)).collect());
        self.state.show();
    }

    /// About how many bytes of memory the open payloads take.
    #[must_use]
    pub fn open_weight(&self) -> u64 {
        self.state.open.weight()
    }

    /// Takes the payloads that belong to the events that were not taken yet.
    pub fn take_payloads(&mut self) -> Vec<Arc<Packed>> {
        std::mem::take(&mut self.unappended_payloads)
    }

    /// What an event is to hold of `value`: itself, or a reference. `what` says in an error whose it is.
    pub(super) fn keep(&mut self, what: &str, value: Value) -> Result<Json, StepError> {
        let too_large = |found: u64, most: u64, whose: &str, setting: &str| {
            let message =
                format!("{what} {whose} {found} bytes of JSON; {most} are allowed (setting `{setting}` of the server)");
            StepError::new(FailureClass::ResultTooLarge, message)
        };
        let (json, packed) = keep(Arc::new(value), self.state.id, &mut self.state.open)
            .map_err(|error| StepError::new(FailureClass::Infrastructure, format!("{what} can't be kept: {error}")))?;
        let inside = if PayloadRef::of(&json).is_some() { 0 } else { payload::length(&json) };
        let apart = packed.iter().map(|packed| packed.reference.bytes);
        let largest = apart.clone().fold(inside, u64::max);
        let all = self.state.payload_bytes + inside + apart.sum::<u64>();
        if largest > self.limits.one {
            return Err(too_large(largest, self.limits.one, "has", "payload_mib"));
        }
        if all > self.limits.all {
            return Err(too_large(
                all,
                self.limits.all,
                "and everything before it in this execution have",
                "execution_payload_mib",
            ));
        }
        self.unappended_payloads.extend(packed.into_iter().map(Arc::new));
        Ok(json)
    }

    /// Whether something must be opened before something is decided about `step`; then the decision stops here.
    pub(super) fn must_open(&mut self, step: StepIndex) -> bool {
        let needs = self.state.needs(step);
        self.ask_for(needs)
    }

    /// The same before the workflow's `output` is evaluated.
    pub(super) fn must_open_for_output(&mut self) -> bool {
        let needs = self.state.read_by(&self.state.plan().output_reads);
        self.state.caught.is_none() && self.ask_for(needs)
    }

    /// The values of `results`, or nothing when some must be opened before; an error when they are too much together.
    pub(super) fn collected(&mut self, results: &[Json]) -> Option<Result<Vec<Json>, StepError>> {
        let bytes: u64 = results.iter().map(|json| payload::length(json)).sum();
        if bytes > self.limits.one {
            let most = self.limits.one;
            let message = format!(
                "the iterations together give {bytes} bytes of JSON; {most} are allowed (setting `payload_mib` of the server)"
            );
            return Some(Err(StepError::new(FailureClass::ResultTooLarge, message)));
        }
        let lacking = results.iter().filter_map(|json| self.state.open.lacks(json)).collect();
        if self.ask_for(lacking) {
            return None;
        }
        Some(Ok(results.iter().map(|json| self.state.open.shown(json)).collect()))
    }

    fn ask_for(&mut self, lacking: Vec<PayloadRef>) -> bool {
        if lacking.is_empty() {
            return false;
        }
        self.lacking = lacking;
        self.actions.push(Action::GoOn);
        true
    }
}
