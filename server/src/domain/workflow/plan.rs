//! A compiled workflow version: everything checked, every expression compiled.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use tidemill_common::step_protocol::{Language, Runtime};

use super::concurrency::Concurrency;
use super::document::Text;
use super::expression::{Expression, Template};
pub use super::http::HttpWork;
use super::inputs::InputSchema;
pub use super::outside::{Approval, Call, EventWait, OnTimeout};
use super::rate_limit::RateLimit;
pub use super::repeat::{ForEach, Repeat, While};
pub use super::retry::Retry;
pub use super::trigger::{
    CallTrigger, Check, ConditionTrigger, Cors, DeliveryLimit, EventTrigger, FieldKind, FormField, FormTrigger, InternalEvent,
    Items, Listen, On, Proof, Respond, ScheduleTrigger, Seen, Trigger, TriggerKind, WebhookPath, WebhookTrigger, When,
    WrittenSchedule, choice_text, form_fields, key_fits, literal_first,
};

/// A workflow version, ready to be executed. Immutable and shared.
#[derive(Debug)]
pub struct Plan {
    /// The `id` of the file.
    pub id: Arc<str>,
    /// Its name for people; the id when the file gives none.
    pub name: String,
    /// What the workflow does, for people.
    pub description: Option<String>,
    /// The JSON Schema of the input, when the file has one.
    pub inputs: Option<InputSchema>,
    /// What starts executions, in the file's order.
    pub triggers: Vec<Trigger>,
    /// The steps, in the file's order, then those of `catch`; a [`StepIndex`] is a place in this list.
    pub steps: Vec<Step>,
    /// Where in `steps` those of `catch` begin; the length of the list when there are none.
    pub catch_from: StepIndex,
    /// The workflow that is told when an execution fails.
    pub on_failure: Option<Arc<str>>,
    /// What the execution gives when it succeeds.
    pub output: Option<Template>,
    /// What `output` reads.
    pub output_reads: Reads,
    /// How long one execution may take in all.
    pub timeout: Option<Duration>,
    /// How many executions may run at once per key.
    pub concurrency: Option<Concurrency>,
    /// How many executions may begin within a time.
    pub rate_limit: Option<RateLimit>,
    /// How many minutes of waiting for a node an execution is ahead of others.
    pub priority: u8,
    /// Whether a step may wait for something outside: another execution, an event, people.
    pub waits_outside: bool,
}

impl Plan {
    /// Whether `input` fits the workflow's `inputs`.
    ///
    /// # Errors
    /// One sentence per violation, each with the place in the input.
    pub fn check_input(&self, input: &Value) -> Result<(), Vec<String>> {
        self.inputs.as_ref().map_or(Ok(()), |schema| schema.check(input))
    }

    /// The same of an input that may leave out what has a default: gives it with the defaults, if any was missing.
    ///
    /// # Errors
    /// One sentence per violation, each with the place in the input.
    pub fn complete_input(&self, input: &Value) -> Result<Option<Value>, Vec<String>> {
        let whole = self.with_defaults(input);
        self.check_input(whole.as_ref().unwrap_or(input)).map(|()| whole)
    }

    /// `input` with the defaults that the workflow's `inputs` have for what is missing in it; `None` when nothing is.
    pub fn with_defaults(&self, input: &Value) -> Option<Value> {
        self.inputs.as_ref()?.with_defaults(input)
    }

    /// The steps that answer a webhook's sender.
    pub fn respond_steps(&self) -> Arc<[Arc<str>]> {
        self.steps.iter().filter(|step| step.uses == RESPOND).map(|step| Arc::clone(&step.id)).collect()
    }

    /// The secrets that any step reads, sorted.
    pub fn secret_names(&self) -> Vec<String> {
        let names: BTreeSet<_> = self.steps.iter().flat_map(|step| &step.secrets).collect();
        names.into_iter().map(ToString::to_string).collect()
    }

    /// The credentials that any step uses, sorted.
    pub fn credential_names(&self) -> Vec<String> {
        let names: BTreeSet<_> = self.steps.iter().filter_map(|step| step.credential.as_ref()).collect();
        names.into_iter().map(ToString::to_string).collect()
    }

    /// The same, those of its triggers' checks as well.
    pub fn all_credential_names(&self) -> BTreeSet<&str> {
        let checks = self.triggers.iter().filter_map(|trigger| match &trigger.kind {
            TriggerKind::Condition(condition) => condition.check.as_ref()?.credential.as_deref(),
            _ => None,
        });
        self.steps.iter().filter_map(|step| step.credential.as_deref()).chain(checks).collect()
    }

    /// The workflows that its steps call by name, sorted.
    pub fn callees(&self) -> BTreeSet<Arc<str>> {
        let named = |step: &Step| match &step.work {
            Work::Call(call) => call.named.clone(),
            _ => None,
        };
        self.steps.iter().filter_map(named).collect()
    }

    /// The `call` trigger that lets the workflow `caller` in. Where there is none at all, everybody may call.
    ///
    /// # Errors
    /// Those who may call, when `caller` may not.
    pub fn called_by(&self, caller: &str) -> Result<Option<&Arc<str>>, Vec<&str>> {
        let calls = || {
            self.triggers.iter().filter_map(|trigger| match &trigger.kind {
                TriggerKind::Call(call) => Some((&trigger.id, call)),
                _ => None,
            })
        };
        match calls().find(|(_, call)| call.permits(caller)) {
            Some((id, _)) => Ok(Some(id)),
            None if calls().next().is_none() => Ok(None),
            None => Err(calls().flat_map(|(_, call)| call.callers.iter().flatten()).map(AsRef::as_ref).collect()),
        }
    }

    /// The place of the step called `id`.
    pub fn step_index(&self, id: &str) -> Option<StepIndex> {
        self.steps.iter().position(|step| &*step.id == id)
    }

    /// Where `step` stands in the file: `steps[0]`, `catch[0]`.
    pub fn path(&self, step: StepIndex) -> String {
        match step.checked_sub(self.catch_from) {
            Some(step) => format!("catch[{step}]"),
            None => format!("steps[{step}]"),
        }
    }

    /// Every piece of code in the file: where it stands, what it is, how long it may take.
    pub fn code(&self) -> impl Iterator<Item = (String, &CodeWork, Duration)> {
        let steps = self.steps.iter().enumerate().filter_map(|(index, step)| match &step.work {
            Work::Code(work) => Some((self.path(index), work, step.timeout)),
            _ => None,
        });
        let checks = self.triggers.iter().enumerate().filter_map(|(index, trigger)| {
            let TriggerKind::Condition(condition) = &trigger.kind else { return None };
            let check = condition.check.as_ref()?;
            let Work::Code(work) = &check.work else { return None };
            Some((format!("triggers[{index}].check"), work, check.timeout))
        });
        steps.chain(checks)
    }

    /// The trigger called `id`.
    pub fn trigger(&self, id: &str) -> Option<&Trigger> {
        self.triggers.iter().find(|trigger| &*trigger.id == id)
    }
}

/// The word behind `uses` of a step whose output is the answer to a webhook's sender. Otherwise it is a `transform`.
pub const RESPOND: &str = "respond";

/// A step's place in [`Plan::steps`].
pub type StepIndex = usize;

/// One node of the graph.
#[derive(Debug)]
pub struct Step {
    /// Unique in the workflow.
    pub id: Arc<str>,
    /// Its name for people, when the file gives one.
    pub name: Option<String>,
    /// The word behind `uses`: `transform`, `http.request`, `python`, `switch` …
    pub uses: &'static str,
    /// The steps that must end before this one starts.
    pub depends_on: Vec<StepIndex>,
    /// The steps that wait for this one: the inverse of `depends_on`.
    pub dependents: Vec<StepIndex>,
    /// Its `if`: the step is skipped when it gives false.
    pub condition: Option<Expression>,
    /// Whether its `if` calls `always()` or `failed()`, so that it is asked even after a failure or when all that the step
    /// depends on was skipped.
    pub asks_status: bool,
    /// Its `for_each` or `while`.
    pub repeat: Option<Repeat>,
    /// What it does.
    pub work: Work,
    /// What happens when an attempt fails.
    pub retry: Retry,
    /// How long one attempt may take.
    pub timeout: Duration,
    /// What happens to the execution when the step failed for good.
    pub on_error: OnError,
    /// What a second attempt would do to the world.
    pub effect: Effect,
    /// The secrets that its `with` reads, sorted; give them to the scope before `work` is rendered.
    pub secrets: Vec<Arc<str>>,
    /// The credential that it uses, by name.
    pub credential: Option<Arc<str>>,
    /// What its expressions read.
    pub reads: Reads,
}

/// Which values of an execution some expressions read, so that nothing else need be at hand when they are evaluated.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reads {
    /// Whether they read what came with the execution: `trigger`, `inputs`.
    pub trigger: bool,
    /// The steps whose output they read.
    pub outputs: BTreeSet<StepIndex>,
}

impl Step {
    /// Whether it uses anything that must not be seen.
    pub fn is_confidential(&self) -> bool {
        !self.secrets.is_empty() || self.credential.is_some()
    }
}

/// What a step does.
#[derive(Debug)]
pub enum Work {
    /// Gives its rendered `with` as output.
    Transform(Template),
    /// Sends an HTTP request.
    HttpRequest(HttpWork),
    /// Sends mail. Renders to the message: an object.
    Email(Template),
    /// Sends a signed delivery. Renders to an object with `url`, `type` and `data`.
    Webhook(Template),
    /// Runs code in the step host.
    Code(CodeWork),
    /// Waits durably.
    Wait(WaitFor),
    /// Fails the step; the template renders to the message.
    Fail(Template),
    /// Chooses which of the steps that it names run.
    Switch(Switch),
    /// Starts an execution of another workflow and waits for its end.
    Call(Call),
    /// Waits for somebody's approval.
    Approval(Approval),
}

/// A `switch` step.
#[derive(Debug)]
pub struct Switch {
    /// Renders to what the cases are compared with.
    pub value: Template,
    /// The steps of each case.
    pub cases: HashMap<Arc<str>, Vec<StepIndex>>,
    /// The steps that run when no case fits.
    pub default: Vec<StepIndex>,
}

impl Switch {
    /// Whether `step` is one of those that it chooses from.
    #[must_use]
    pub fn names(&self, step: StepIndex) -> bool {
        self.default.contains(&step) || self.cases.values().any(|steps| steps.contains(&step))
    }

    /// The steps that `case` chooses; the default when there is none.
    #[must_use]
    pub fn chosen(&self, case: Option<&str>) -> &[StepIndex] {
        case.and_then(|case| self.cases.get(case)).unwrap_or(&self.default)
    }
}

impl Work {
    /// What is rendered for an attempt that the runner carries out; none for steps that the engine carries out itself.
    pub fn attempt(&self) -> Option<&Template> {
        match self {
            Self::HttpRequest(HttpWork { request: template, .. })
            | Self::Email(template)
            | Self::Webhook(template)
            | Self::Code(CodeWork { input: template, .. }) => Some(template),
            Self::Transform(_) | Self::Switch(_) | Self::Wait(_) | Self::Fail(_) | Self::Call(_) | Self::Approval(_) => None,
        }
    }
}

/// The code of a step.
#[derive(Debug)]
pub struct CodeWork {
    /// What it is written in.
    pub language: Language,
    /// What runs it, when it is JavaScript.
    pub runtime: Runtime,
    /// Renders to what the code gets as its input.
    pub input: Template,
    /// What it asks for.
    pub asks: CodeAsks,
    /// The code, and where it stands in the file.
    pub(in crate::domain::workflow) text: Text,
}

/// What the file gives a code step; absent means the default. Its time is the step's `timeout`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CodeAsks {
    /// Most memory, in bytes.
    pub memory_bytes: Option<u64>,
    /// Largest output, in bytes of JSON.
    pub output_bytes: Option<u64>,
    /// Longest log, in bytes.
    pub log_bytes: Option<u64>,
}

impl CodeWork {
    /// The code, as it stands in the file: expressions in it are not evaluated.
    pub fn code(&self) -> &str {
        &self.text.value
    }
}

/// What a `wait` step waits for.
#[derive(Debug)]
pub enum WaitFor {
    /// A duration: renders to a string such as `90s`, read by [`super::duration::parse`].
    Duration(Template),
    /// Until an instant: renders to an RFC 3339 string.
    Until(Template),
    /// A request to the step's resume address.
    Event(EventWait),
}

/// What happens to the execution when a step failed for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnError {
    /// The execution fails.
    Fail,
    /// The execution goes on; later steps see the failure as `steps.<id>.error`.
    Continue,
}

/// What a second attempt would do to the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing: it only computes.
    Pure,
    /// The same as the first; the other side recognises the repetition.
    Idempotent,
    /// Harm: it is never repeated by itself, not even after a crash.
    AtMostOnce,
}
