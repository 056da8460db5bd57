//! What expressions see: `trigger`, `inputs`, `steps`, `workflow`, `execution`, and where it makes sense `error` and `secrets`.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use chrono::DateTime;
use minijinja::value::{Enumerator, Object};
use minijinja::{Error, ErrorKind, Value};
use serde_json::Value as JsonValue;
use tidemill_common::event::{Json, StepError};
use tidemill_common::ids::ExecutionId;
use tidemill_common::payload::PayloadRef;
use tidemill_common::status::StepStatus;

pub use super::execution_meta::ExecutionMeta;
use super::execution_meta::{ExecutionView, WorkflowView};
use super::expression::json_value;

/// What expressions see. Cheap to clone; a clone does not see what the original learns later.
#[derive(Debug, Clone)]
pub struct Scope(Arc<Names>);

/// The names that stand at the top of the scope.
pub(super) const NAMES: [&str; 13] = [
    "trigger",
    "inputs",
    "steps",
    "workflow",
    "execution",
    "error",
    "secrets",
    "item",
    "index",
    "last",
    "result",
    "previous",
    "event",
];

/// What an expression sees that is asked of the answer to a request.
pub(super) const ANSWER_FIELDS: [&str; 3] = ["status", "headers", "body"];

#[derive(Clone)]
struct Names {
    trigger: Json,
    meta: Arc<ExecutionMeta>,
    steps: Arc<Steps>,
    error: Option<Arc<ErrorView>>,
    secrets: Option<Arc<Secrets>>,
    failed: Option<bool>,
    turn: Option<Arc<Turn>>,
    check: Option<Arc<Looked>>,
    answer: Option<Json>,
}

/// What the checks of a condition gave.
#[derive(Clone)]
struct Looked {
    previous: Json,
    result: Option<Json>,
    event: Option<Json>,
}

/// One iteration, as its expressions see it.
#[derive(Clone)]
pub struct Turn {
    /// Its number, from 0: `index`.
    pub index: u32,
    /// The item of `for_each`: `item`.
    pub item: Option<Json>,
    /// What the iteration before gave; null before the first: `last` of `while`.
    pub last: Option<Json>,
}

impl Scope {
    /// The scope at the start of an execution. `trigger` is what the execution's origin has as `input`.
    pub fn new(trigger: Json, meta: ExecutionMeta) -> Self {
        let steps = Arc::new(Steps::default());
        let meta = Arc::new(meta);
        Self(Arc::new(Names {
            trigger,
            meta,
            steps,
            error: None,
            secrets: None,
            failed: None,
            turn: None,
            check: None,
            answer: None,
        }))
    }

    /// A scope that sees only the answer to a request: an object with `status`, `headers` and `body`.
    #[must_use]
    pub fn of_answer(answer: Json) -> Self {
        let nothing = ExecutionMeta {
            execution_id: ExecutionId(uuid::Uuid::nil()),
            workflow_id: "".into(),
            version: 0,
            started_at: DateTime::UNIX_EPOCH,
        };
        let mut scope = Self::new(Json::default(), nothing);
        Arc::make_mut(&mut scope.0).answer = Some(answer);
        scope
    }

    /// Notes that the step `id` has ended; later expressions see it as `steps.<id>`.
    pub fn step_ended(&mut self, id: &Arc<str>, status: StepStatus, output: Option<Json>, error: Option<StepError>) {
        let ended = StepResult { status, output, error: error.map(|error| Arc::new(ErrorView(error))) };
        let names = Arc::make_mut(&mut self.0);
        Arc::make_mut(&mut names.steps).0.insert(id.clone(), Arc::new(ended));
    }

    /// Says anew what came with the execution: its value, or a reference to it.
    pub fn trigger_is(&mut self, trigger: Json) {
        if !Arc::ptr_eq(&self.0.trigger, &trigger) {
            Arc::make_mut(&mut self.0).trigger = trigger;
        }
    }

    /// Says anew what the step `id`, which has ended, gave: its value, or a reference to it.
    pub fn output_is(&mut self, id: &Arc<str>, output: &Json) {
        let Some(known) = self.0.steps.0.get(id) else { return };
        if known.output.as_ref().is_some_and(|known| Arc::ptr_eq(known, output)) {
            return;
        }
        let told = StepResult { status: known.status, output: Some(output.clone()), error: known.error.clone() };
        let names = Arc::make_mut(&mut self.0);
        Arc::make_mut(&mut names.steps).0.insert(id.clone(), Arc::new(told));
    }

    /// The same scope, in which `error` is the failure that a `retry_if` decides about.
    #[must_use]
    pub fn with_error(&self, error: &StepError) -> Self {
        let mut names = Names::clone(&self.0);
        names.error = Some(Arc::new(ErrorView(error.clone())));
        Self(Arc::new(names))
    }

    /// The same scope, in which `always()` is true and `failed()` says whether something has `failed`.
    #[must_use]
    pub fn with_status(&self, failed: bool) -> Self {
        let mut names = Names::clone(&self.0);
        names.failed = Some(failed);
        Self(Arc::new(names))
    }

    /// The same scope, inside one iteration.
    #[must_use]
    pub fn with_turn(&self, turn: Turn) -> Self {
        let mut names = Names::clone(&self.0);
        names.turn = Some(Arc::new(turn));
        Self(Arc::new(names))
    }

    /// The same scope, in which `previous` is what the check of a condition gave last time, and `result` what it gave now.
    #[must_use]
    pub fn with_check(&self, previous: JsonValue, result: Option<JsonValue>) -> Self {
        let mut names = Names::clone(&self.0);
        let event = names.check.and_then(|looked| looked.event.clone());
        names.check = Some(Arc::new(Looked { previous: Arc::new(previous), result: result.map(Arc::new), event }));
        Self(Arc::new(names))
    }

    /// The same scope, in which `event` is what made a condition look.
    #[must_use]
    pub fn with_event(&self, event: Json) -> Self {
        let mut names = Names::clone(&self.0);
        names.check = Some(Arc::new(Looked { previous: Json::default(), result: None, event: Some(event) }));
        Self(Arc::new(names))
    }

    /// The same scope, in which `secrets` has these values by name.
    #[must_use]
    pub fn with_secrets(&self, secrets: Arc<BTreeMap<String, String>>) -> Self {
        let mut names = Names::clone(&self.0);
        names.secrets = Some(Arc::new(Secrets(secrets)));
        Self(Arc::new(names))
    }

    /// The JSON at a path of names, where that can be told without the evaluator.
    pub(super) fn json_at(&self, path: &[String]) -> Option<&JsonValue> {
        let (root, rest) = path.split_first()?;
        let (document, rest): (&JsonValue, &[String]) = match (root.as_str(), rest) {
            ("trigger", rest) => (&self.0.trigger, rest),
            ("item", rest) => (self.0.turn.as_ref()?.item.as_ref()?, rest),
            ("last", rest) => (self.0.turn.as_ref()?.last.as_ref()?, rest),
            ("previous", rest) => (&self.0.check.as_ref()?.previous, rest),
            ("event", rest) => (self.0.check.as_ref()?.event.as_ref()?, rest),
            ("result", rest) => (self.0.check.as_ref()?.result.as_ref()?, rest),
            ("inputs", rest) => (self.0.trigger.get("body")?, rest),
            ("steps", [id, field, rest @ ..]) if field == "output" => (self.0.steps.0.get(id.as_str())?.output.as_ref()?, rest),
            _ => return None,
        };
        if PayloadRef::of(document).is_some() {
            return None;
        }
        rest.iter().try_fold(document, |json, name| json.get(name.as_str()))
    }

    /// The scope as the root of an evaluation; costs one reference count.
    pub(super) fn root(&self) -> Value {
        Value::from_dyn_object(self.0.clone())
    }
}

impl Object for Names {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match key {
            "trigger" => Some(payload_value(&self.trigger)),
            "inputs" if PayloadRef::of(&self.trigger).is_some() => Some(payload_value(&self.trigger)),
            "inputs" => json_value(&self.trigger).get_attr("body").ok(),
            "steps" => Some(match &self.secrets {
                Some(secrets) => Value::from_object(StepsWithSecrets(self.steps.clone(), secrets.clone())),
                None => Value::from_dyn_object(self.steps.clone()),
            }),
            "workflow" => Some(Value::from_object(WorkflowView(self.meta.clone()))),
            "execution" => Some(Value::from_object(ExecutionView(self.meta.clone()))),
            "error" => self.error.clone().map(Value::from_dyn_object),
            "secrets" => self.secrets.clone().map(Value::from_dyn_object),
            field if self.answer.is_some() && ANSWER_FIELDS.contains(&field) => {
                json_value(self.answer.as_ref()?).get_attr(field).ok()
            }
            "item" => self.turn.as_ref()?.item.as_ref().map(json_value),
            "last" => self.turn.as_ref()?.last.as_ref().map(json_value),
            "index" => self.turn.as_ref().map(|turn| Value::from(turn.index)),
            "previous" => self.check.as_ref().map(|check| json_value(&check.previous)),
            "event" => self.check.as_ref()?.event.as_ref().map(json_value),
            "result" => self.check.as_ref()?.result.as_ref().map(json_value),
            "always" => self.failed.map(|_| Value::from_function(|| true)),
            "failed" => self.failed.map(|failed| Value::from_function(move || failed)),
            _ => None,
        }
    }
}

/// An input or output. Evaluating a reference to one that is not at hand is an error: it must not pass for the value.
fn payload_value(json: &Json) -> Value {
    if PayloadRef::of(json).is_some() {
        return Value::from(Error::new(ErrorKind::InvalidOperation, "the value is kept apart and was not read"));
    }
    json_value(json)
}

/// Neither inputs nor secrets belong into logs.
impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Names").field("meta", &self.meta).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Default)]
struct Steps(BTreeMap<Arc<str>, Arc<StepResult>>);

impl Object for Steps {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        self.0.get(key).cloned().map(Value::from_dyn_object)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.0.keys().map(|id| Value::from(id.clone())).collect())
    }
}

/// The steps where secrets may be read: there they have their resume addresses too, whether they have begun or not.
#[derive(Debug)]
struct StepsWithSecrets(Arc<Steps>, Arc<Secrets>);

/// The resume address of a step: `steps.<id>.resume_url`.
pub(super) const RESUME_URL: &str = "resume_url";

/// The name under which the resume address of the step `id` stands among the secrets. No secret is called so.
pub(in crate::domain) fn resume_url_name(id: &str) -> String {
    format!("steps.{id}.{RESUME_URL}")
}

/// The step whose resume address stands under `name` among the secrets, if it is one.
#[must_use]
pub fn resume_url_step(name: &str) -> Option<&str> {
    name.strip_prefix("steps.")?.strip_suffix(".resume_url")
}

impl Object for StepsWithSecrets {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match self.1.0.get(&resume_url_name(key)) {
            Some(url) => Some(Value::from_object(ResumableStep(self.0.0.get(key).cloned(), url.clone()))),
            None => self.0.get_value_by_str(key),
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        self.0.enumerate()
    }
}

/// A step that may not have ended, and its resume address.
struct ResumableStep(Option<Arc<StepResult>>, String);

impl Object for ResumableStep {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match key.as_str()? {
            RESUME_URL => Some(Value::from(self.1.as_str())),
            other => self.0.as_ref()?.get_value_by_str(other),
        }
    }
}

impl fmt::Debug for ResumableStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResumableStep")
    }
}

struct StepResult {
    status: StepStatus,
    output: Option<Json>,
    error: Option<Arc<ErrorView>>,
}

impl fmt::Debug for StepResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StepResult").field("status", &self.status).finish_non_exhaustive()
    }
}

/// What stands below `steps.<id>`.
pub(super) const STEP_FIELDS: [&str; 3] = ["output", "status", "error"];

impl Object for StepResult {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match key {
            "output" => Some(self.output.as_ref().map_or_else(|| Value::from(()), payload_value)),
            "status" => Some(Value::from(self.status.as_str())),
            "error" => Some(self.error.clone().map_or_else(|| Value::from(()), Value::from_dyn_object)),
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Str(&STEP_FIELDS)
    }
}

#[derive(Debug)]
struct ErrorView(StepError);

/// What stands below `error` and `steps.<id>.error`.
pub(super) const ERROR_FIELDS: [&str; 5] = ["class", "message", "status", "retry_after", "step"];

impl Object for ErrorView {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match key {
            "class" => Some(Value::from(self.0.class.as_str())),
            "message" => Some(Value::from(self.0.message.as_str())),
            "status" => Some(Value::from(self.0.status)),
            "retry_after" => Some(Value::from(self.0.retry_after)),
            "step" => Some(Value::from(self.0.step.as_deref())),
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Str(&ERROR_FIELDS)
    }
}

/// What stands below `trigger`: a webhook has all but `scheduled_at`, a manual start only `body`, a schedule only `scheduled_at`.
pub(super) const TRIGGER_FIELDS: [&str; 8] = ["body", "headers", "query", "method", "path", "params", "test", "scheduled_at"];

/// Secrets by name. They can be read one by one, not listed.
struct Secrets(Arc<BTreeMap<String, String>>);

impl Object for Secrets {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.0.get(key.as_str()?).map(|secret| Value::from(secret.as_str()))
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets")
    }
}
