//! The state machine against small plans: what it records, and what it asks others to do.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use tidemill_common::event::{Event, EventBody, Origin, SkipReason, StepError, TriggerOrigin};
use tidemill_common::ids::ExecutionId;
use tidemill_common::status::{ExecutionStatus, FailureClass, StepStatus};

#[path = "pause_tests.rs"]
mod pause;

use super::{Action, Execution, Input, Place, State};
use crate::domain::workflow::compile;
use crate::domain::workflow::plan::Plan;

mod awaiting;
mod catch;
mod iterations;
mod log;
mod simulation;
mod switch;

/// An execution that was admitted, and everything that it ever recorded.
struct Story {
    plan: Arc<Plan>,
    execution: Execution,
    events: Vec<Event>,
    now: DateTime<Utc>,
}

impl Story {
    fn begin(steps: &str, body: &Value) -> (Self, Vec<Action>) {
        let source = format!("id: story\nsteps:\n{steps}");
        let plan = Arc::new(compile(&source).unwrap_or_else(|errors| panic!("{errors:#?}")));
        let now = DateTime::from_timestamp_millis(1_790_000_000_000).unwrap();
        let trigger = TriggerOrigin { kind: "manual".into(), id: None };
        let input = Arc::new(json!({ "body": body }));
        let origin =
            Origin { workflow_id: "story".into(), version: 1, trigger, input, retry_of: None, parent: None, traceparent: None };
        let body = EventBody::ExecutionStarted { origin: Some(origin) };
        let first = Event { execution_id: ExecutionId::new(now), seq: 1, at: now, body };
        let state = State::fold(first.execution_id, Arc::clone(&plan), [&first]).unwrap();
        let mut story = Self { plan, execution: Execution::new(state), events: vec![first], now };
        let actions = story.decide(Input::Resume);
        (story, actions)
    }

    fn decide(&mut self, input: Input) -> Vec<Action> {
        let actions = self.execution.decide(input, self.now);
        self.events.extend(self.execution.take_events());
        actions
    }

    fn end_step(&mut self, step: &str, attempt: u32, result: Result<Value, StepError>) -> Vec<Action> {
        let place = Place::whole(self.plan.step_index(step).unwrap());
        self.decide(Input::StepEnded { place, attempt, result, log: String::new() })
    }

    fn end_iteration(&mut self, step: &str, number: u32, attempt: u32, result: Result<Value, StepError>) -> Vec<Action> {
        let place = Place { step: self.plan.step_index(step).unwrap(), iteration: Some(number) };
        self.decide(Input::StepEnded { place, attempt, result, log: String::new() })
    }

    /// The same execution on another node: only what was recorded is known.
    fn crash(&mut self) -> Vec<Action> {
        self.restore();
        self.decide(Input::Resume)
    }

    /// The fold of what was recorded, in other hands.
    fn restore(&mut self) {
        let state = State::fold(self.events[0].execution_id, Arc::clone(&self.plan), &self.events).unwrap();
        self.execution = Execution::new(state);
    }

    fn advance(&mut self, delta: TimeDelta) -> Vec<Action> {
        self.now += delta;
        self.decide(Input::Tick)
    }

    fn status(&self) -> ExecutionStatus {
        self.execution.state().status()
    }

    fn step(&self, id: &str) -> &super::StepState {
        &self.execution.state().steps[self.plan.step_index(id).unwrap()]
    }

    fn types(&self) -> Vec<&'static str> {
        self.events.iter().map(|event| event.body.type_name()).collect()
    }
}

const HTTP: &str = "uses: http.request, with: {url: \"https://example.com\"}";

fn runs(actions: &[Action]) -> Vec<(usize, u32)> {
    let run = |action: &Action| match action {
        Action::Run(run) => Some((run.place.step, run.attempt)),
        _ => None,
    };
    actions.iter().filter_map(run).collect()
}

fn broken(class: FailureClass) -> Result<Value, StepError> {
    Err(StepError::new(class, "broken"))
}

#[test]
fn steps_without_effects_are_one_decision() {
    let (story, actions) = Story::begin(
        "  - {id: a, uses: transform, with: {n: \"{{ trigger.body.n + 1 }}\"}}
  - {id: b, uses: transform, with: {n: \"{{ steps.a.output.n * 2 }}\"}}
output: {n: \"{{ steps.b.output.n }}\"}",
        &json!({"n": 20}),
    );
    assert!(actions.is_empty());
    assert_eq!(
        story.types(),
        ["execution_started", "step_started", "step_completed", "step_started", "step_completed", "execution_completed"]
    );
    assert_eq!(story.status(), ExecutionStatus::Succeeded);
    assert_eq!(**story.execution.state().end.as_ref().unwrap().output.as_ref().unwrap(), json!({"n": 42}));
}

#[test]
fn a_false_condition_skips_what_hangs_on_it_alone() {
    let (story, _) = Story::begin(
        "  - {id: a, uses: transform, if: \"false\", with: {}}
  - {id: b, uses: transform, with: {}}
  - {id: c, uses: transform, depends_on: [], with: {}}
  - {id: join, uses: transform, depends_on: [b, c], with: {}}",
        &json!({}),
    );
    assert_eq!(story.step("a").status, StepStatus::Skipped);
    assert_eq!(story.step("b").status, StepStatus::Skipped);
    assert_eq!(story.step("join").status, StepStatus::Succeeded);
    assert_eq!(story.status(), ExecutionStatus::Succeeded);
}

#[test]
fn a_failure_skips_what_follows_and_fails_the_execution_when_the_rest_is_done() {
    let (mut story, actions) = Story::begin(
        &format!(
            "  - {{id: a, uses: fail, with: {{message: \"no {{{{ trigger.body.what }}}}\"}}}}
  - {{id: b, uses: transform, with: {{}}}}
  - {{id: c, depends_on: [], {HTTP}}}"
        ),
        &json!({"what": "good"}),
    );
    assert_eq!(runs(&actions), [(2, 1)]);
    assert_eq!(story.status(), ExecutionStatus::Running);
    assert_eq!(story.step("b").status, StepStatus::Skipped);
    story.end_step("c", 1, Ok(json!({"status": 200})));
    assert_eq!(story.status(), ExecutionStatus::Failed);
    let error = story.execution.state().end.clone().unwrap().error.unwrap();
    assert_eq!((error.step.as_deref(), error.message.as_str()), (Some("a"), "no good"));
}

#[test]
fn on_error_continue_lets_later_steps_see_the_failure() {
    let (story, _) = Story::begin(
        "  - {id: a, uses: fail, on_error: continue, with: {message: oh}}
  - {id: b, uses: transform, with: {seen: \"{{ steps.a.error.message }}\"}}",
        &json!({}),
    );
    assert_eq!(story.status(), ExecutionStatus::Succeeded);
    assert_eq!(**story.step("b").output.as_ref().unwrap(), json!({"seen": "oh"}));
}

#[test]
fn a_failed_attempt_is_tried_again_with_growing_delays() {
    let (mut story, actions) = Story::begin(
        &format!("  - {{id: a, {HTTP}, retry: {{max_attempts: 3, initial_interval: 10s, factor: 2, jitter: 0}}}}"),
        &json!({}),
    );
    assert_eq!(runs(&actions), [(0, 1)]);
    story.end_step("a", 1, broken(FailureClass::Infrastructure));
    assert_eq!(story.status(), ExecutionStatus::Waiting);
    assert_eq!(story.step("a").wake_at, Some(story.now + TimeDelta::seconds(10)));
    assert!(story.advance(TimeDelta::milliseconds(9_999)).is_empty(), "never early");
    assert_eq!(runs(&story.advance(TimeDelta::milliseconds(1))), [(0, 2)]);
    story.end_step("a", 2, broken(FailureClass::Timeout));
    assert_eq!(story.step("a").wake_at, Some(story.now + TimeDelta::seconds(20)));
    story.advance(TimeDelta::seconds(20));
    story.end_step("a", 3, broken(FailureClass::Infrastructure));
    assert_eq!(story.status(), ExecutionStatus::Failed);
    assert_eq!(story.step("a").attempt, 3);
}

#[test]
fn what_the_author_did_wrong_is_not_retried_unless_asked() {
    let retry = |extra: &str| format!("  - {{id: a, {HTTP}, retry: {{max_attempts: 3{extra}}}}}");
    let (mut story, _) = Story::begin(&retry(""), &json!({}));
    story.end_step("a", 1, broken(FailureClass::User));
    assert_eq!(story.status(), ExecutionStatus::Failed);
    let (mut story, _) = Story::begin(&retry(", retry_if: \"error.class == 'user'\""), &json!({}));
    story.end_step("a", 1, broken(FailureClass::User));
    assert_eq!(story.status(), ExecutionStatus::Waiting);
    story.advance(TimeDelta::hours(1));
    story.end_step("a", 2, broken(FailureClass::Infrastructure));
    assert_eq!(story.status(), ExecutionStatus::Failed, "retry_if decides alone");
}

#[test]
fn retry_after_is_honoured() {
    let (mut story, _) = Story::begin(&format!("  - {{id: a, {HTTP}, retry: {{max_attempts: 2}}}}"), &json!({}));
    let mut error = StepError::new(FailureClass::Infrastructure, "slow down");
    error.retry_after = Some(600);
    story.end_step("a", 1, Err(error));
    assert_eq!(story.step("a").wake_at, Some(story.now + TimeDelta::seconds(600)));
}

#[test]
fn a_wait_survives_a_crash_and_ends_once() {
    let (mut story, _) = Story::begin(
        "  - {id: a, uses: wait, with: {duration: 1h}}
  - {id: b, uses: transform, with: {}}",
        &json!({}),
    );
    assert_eq!(story.status(), ExecutionStatus::Waiting);
    story.now += TimeDelta::minutes(30);
    story.crash();
    assert_eq!(story.status(), ExecutionStatus::Waiting);
    story.now += TimeDelta::minutes(30);
    story.crash();
    assert_eq!(story.status(), ExecutionStatus::Succeeded);
    let completed =
        story.events.iter().filter(|event| matches!(&event.body, EventBody::StepCompleted { step, .. } if &**step == "a"));
    assert_eq!(completed.count(), 1);
}

#[test]
fn after_a_crash_an_attempt_is_repeated_under_its_number() {
    let (mut story, _) = Story::begin(&format!("  - {{id: a, {HTTP}}}"), &json!({}));
    assert_eq!(runs(&story.crash()), [(0, 1)]);
    let started = story.types().into_iter().filter(|name| *name == "step_started").count();
    assert_eq!(started, 1, "the repetition is the same attempt");
}

#[test]
fn cancelling_ends_it_and_late_results_change_nothing() {
    let (mut story, _) = Story::begin(&format!("  - {{id: a, {HTTP}}}"), &json!({}));
    let actions = story.decide(Input::Cancel { reason: Some("enough".into()), by: "ana".into() });
    assert_eq!(actions, [Action::StopAll]);
    assert_eq!(story.status(), ExecutionStatus::Cancelled);
    assert_eq!(story.step("a").status, StepStatus::Cancelled);
    let before = story.events.len();
    story.end_step("a", 1, Ok(json!(1)));
    story.decide(Input::Cancel { reason: None, by: "bo".into() });
    story.advance(TimeDelta::days(1));
    assert_eq!(story.events.len(), before, "a terminal state never changes");
}

#[test]
fn an_expression_that_fails_names_the_field() {
    let (story, _) = Story::begin("  - {id: a, uses: transform, with: {x: \"{{ trigger.body.missing.deep }}\"}}", &json!({}));
    let error = story.step("a").error.as_ref().unwrap();
    assert!(error.message.starts_with("`with` can't be evaluated"), "{}", error.message);
    assert_eq!(error.class, FailureClass::User);
}

#[test]
fn a_workflow_timeout_ends_what_waits() {
    let (mut story, _) = Story::begin("  - {id: a, uses: wait, with: {duration: 2h}}\ntimeout: 1h", &json!({}));
    assert_eq!(story.execution.state().wake_at(), Some(story.now + TimeDelta::hours(1)));
    story.advance(TimeDelta::hours(1));
    assert_eq!(story.status(), ExecutionStatus::Failed);
    assert_eq!(story.execution.state().end.clone().unwrap().error.unwrap().class, FailureClass::Timeout);
}

#[test]
fn events_are_gap_free_and_fold_to_the_same_state() {
    let (mut story, _) = Story::begin(
        &format!("  - {{id: a, {HTTP}, retry: {{max_attempts: 2}}}}\n  - {{id: b, uses: transform, with: {{}}}}"),
        &json!({}),
    );
    story.end_step("a", 1, broken(FailureClass::Timeout));
    story.advance(TimeDelta::hours(1));
    story.end_step("a", 2, Ok(json!({})));
    let seqs: Vec<_> = story.events.iter().map(|event| event.seq).collect();
    assert_eq!(seqs, (1..=i32::try_from(story.events.len()).unwrap()).collect::<Vec<_>>());
    let folded = State::fold(story.events[0].execution_id, Arc::clone(&story.plan), &story.events).unwrap();
    assert_eq!(folded.steps, story.execution.state().steps);
    assert_eq!(folded.end, story.execution.state().end);
}

#[test]
fn an_event_that_does_not_fit_is_refused() {
    let (story, _) = Story::begin("  - {id: a, uses: transform, with: {}}", &json!({}));
    let mut gap = story.events.clone();
    gap.remove(1);
    assert!(State::fold(gap[0].execution_id, Arc::clone(&story.plan), &gap).is_err());
    let other = Arc::new(compile("id: other\nsteps:\n  - {id: z, uses: transform, with: {}}").unwrap());
    assert!(State::fold(gap[0].execution_id, other, &story.events).is_err());
}

#[test]
fn always_and_failed_are_asked_after_a_failure() {
    let steps = "  - {id: a, uses: fail, with: {message: oh}}
  - {id: b, uses: transform, with: {}}
  - {id: clean, uses: transform, if: always(), with: {b: \"{{ steps.b.status }}\"}}
  - {id: alarm, uses: transform, depends_on: [b], if: \"failed() and trigger.body.loud\", with: {}}
  - {id: calm, uses: transform, depends_on: [b], if: not failed(), with: {}}
  - {id: after, uses: transform, depends_on: [clean], with: {}}
  - {id: late, uses: transform, depends_on: [after], if: failed(), with: {}}";
    let (story, _) = Story::begin(steps, &json!({"loud": true}));
    let status = |id: &str| story.step(id).status;
    assert_eq!(status("b"), StepStatus::Skipped);
    assert_eq!(**story.step("clean").output.as_ref().unwrap(), json!({"b": "skipped"}));
    assert_eq!(status("alarm"), StepStatus::Succeeded);
    assert_eq!(story.step("calm").skipped, Some(SkipReason::Condition));
    assert_eq!(status("after"), StepStatus::Succeeded, "its only parent succeeded");
    assert_eq!(status("late"), StepStatus::Succeeded, "an ancestor failed");
    assert_eq!(story.status(), ExecutionStatus::Failed);
}

#[test]
fn failed_is_false_when_nothing_failed_for_good() {
    let steps = "  - {id: a, uses: fail, on_error: continue, with: {message: oh}}
  - {id: b, uses: transform, if: \"false\", with: {}}
  - {id: alarm, uses: transform, if: failed(), with: {}}
  - {id: clean, uses: transform, depends_on: [b], if: always(), with: {}}";
    let (story, _) = Story::begin(steps, &json!({}));
    assert_eq!(story.step("alarm").skipped, Some(SkipReason::Condition));
    assert_eq!(story.step("clean").status, StepStatus::Succeeded, "its parent was skipped");
    assert_eq!(story.status(), ExecutionStatus::Succeeded);
}
