//! Failures that are caught.

use super::*;

fn begin(steps: &str, catch: &str) -> (Story, Vec<Action>) {
    Story::begin(&format!("{steps}\ncatch:\n{catch}"), &json!({}))
}

const CLEAN: &str =
    "  - {id: clean, uses: transform, with: {why: \"{{ error.step }}: {{ error.message }}\", a: \"{{ steps.a.status }}\"}}
  - {id: tell, uses: http.request, with: {url: \"https://example.com\"}}";

#[test]
fn a_failure_is_caught_and_the_execution_has_still_failed() {
    let (mut story, actions) =
        begin("  - {id: a, uses: fail, with: {message: oh}}\n  - {id: b, uses: transform, with: {}}", CLEAN);
    assert_eq!(runs(&actions), [(3, 1)]);
    assert_eq!(story.status(), ExecutionStatus::Running);
    assert_eq!(**story.step("clean").output.as_ref().unwrap(), json!({"why": "a: oh", "a": "failed"}));
    assert_eq!(runs(&story.crash()), [(3, 1)], "what was caught stays caught");
    story.end_step("tell", 1, Ok(json!({})));
    assert_eq!(story.status(), ExecutionStatus::Failed);
    let end = story.execution.state().end.clone().unwrap();
    assert_eq!(end.error.unwrap().message, "oh");
    assert_eq!(story.types().iter().filter(|name| **name == "failure_caught").count(), 1);
}

#[test]
fn success_and_cancellation_leave_it_out() {
    let (story, _) = begin("  - {id: a, uses: transform, with: {}}", CLEAN);
    assert_eq!((story.status(), story.step("clean").status), (ExecutionStatus::Succeeded, StepStatus::Skipped));
    let (mut story, _) = begin("  - {id: a, uses: wait, with: {duration: 1h}}", CLEAN);
    story.decide(Input::Cancel { reason: None, by: "ana".into() });
    assert_eq!((story.status(), story.step("clean").status), (ExecutionStatus::Cancelled, StepStatus::Skipped));
}

#[test]
fn a_timeout_is_caught_and_stops_what_is_under_way() {
    let steps = format!("  - {{id: a, {HTTP}}}\n  - {{id: b, uses: transform, with: {{}}}}");
    let (mut story, _) = begin(&steps, &format!("{CLEAN}\ntimeout: 1m"));
    let actions = story.advance(TimeDelta::minutes(1));
    assert_eq!((&actions[0], runs(&actions)), (&Action::StopAll, vec![(3, 1)]));
    assert_eq!(story.step("a").status, StepStatus::Cancelled);
    assert_eq!(
        **story.step("clean").output.as_ref().unwrap(),
        json!({"why": "null: the execution took longer than the workflow's `timeout`", "a": "cancelled"})
    );
    assert!(story.end_step("a", 1, Ok(json!(1))).is_empty(), "too late");
    story.advance(TimeDelta::seconds(59));
    assert_eq!(story.status(), ExecutionStatus::Running, "the steps of catch have the same time again");
    story.advance(TimeDelta::seconds(1));
    assert_eq!(story.status(), ExecutionStatus::Failed);
}

#[test]
fn a_failure_of_its_own_does_not_hide_the_first() {
    let (story, _) = begin(
        "  - {id: a, uses: fail, with: {message: first}}",
        "  - {id: c, uses: fail, with: {message: second}}\n  - {id: d, uses: transform, if: failed(), with: {}}",
    );
    assert_eq!(story.step("c").error.as_ref().unwrap().message, "second");
    assert_eq!(story.step("d").status, StepStatus::Succeeded);
    assert_eq!(story.execution.state().end.clone().unwrap().error.unwrap().message, "first");
}

#[test]
fn an_output_that_can_not_be_evaluated_is_caught() {
    let (story, _) = begin(
        "  - {id: a, uses: transform, with: {}}\noutput: \"{{ inputs.gone.deep }}\"",
        "  - {id: c, uses: transform, with: {}}",
    );
    assert_eq!((story.status(), story.step("c").status), (ExecutionStatus::Failed, StepStatus::Succeeded));
}

const REPORTED: &str = "  - {id: a, uses: fail, with: {message: oh}}\non_failure: alarms";

fn report(actions: &[Action]) -> &crate::domain::execution::FailureReport {
    let [Action::Report(report)] = actions else { panic!("{actions:?}") };
    report
}

#[test]
fn on_failure_is_told_before_the_end() {
    let (mut story, actions) = Story::begin(REPORTED, &json!({}));
    let told = report(&actions);
    assert_eq!(&*told.workflow_id, "alarms");
    assert_eq!(told.input["body"]["error"], json!({"class": "user", "message": "oh", "step": "a"}));
    assert_eq!(told.input["body"]["workflow"], json!({"id": "story", "version": 1}));
    assert_eq!(story.status(), ExecutionStatus::Running);
    assert!(story.decide(Input::Tick).is_empty(), "once is enough");
    let again = story.crash();
    assert_eq!(report(&again), told, "another node tells the same");
    let id = ExecutionId::new(story.now);
    story.decide(Input::Reported(Ok(id)));
    assert_eq!(story.status(), ExecutionStatus::Failed);
    assert_eq!(story.types()[3..], ["failure_caught", "failure_reported", "execution_completed"]);
}

#[test]
fn on_failure_comes_after_catch_and_a_timeout_is_told_too() {
    let steps = format!("  - {{id: a, {HTTP}}}\ncatch:\n  - {{id: c, {HTTP}}}\ntimeout: 1m\non_failure: alarms");
    let (mut story, _) = Story::begin(&steps, &json!({}));
    assert_eq!(runs(&story.advance(TimeDelta::minutes(1))), [(1, 1)]);
    assert_eq!(report(&story.end_step("c", 1, Ok(json!(1)))).input["body"]["error"]["class"], "timeout");
    assert_eq!(story.execution.wake_at(), None);
    story.decide(Input::Reported(Err("there is no workflow `alarms`".into())));
    assert_eq!(story.status(), ExecutionStatus::Failed);
    assert_eq!(story.execution.state().end.clone().unwrap().error.unwrap().class, FailureClass::Timeout);
}

#[test]
fn a_failure_that_a_failure_started_is_told_to_nobody() {
    let plan = Arc::new(compile(&format!("id: story\nsteps:\n{REPORTED}")).unwrap());
    let id = ExecutionId::new(DateTime::from_timestamp(1_790_000_000, 0).unwrap());
    let trigger = TriggerOrigin { kind: "failure".into(), id: None };
    let origin = Origin {
        workflow_id: "story".into(),
        version: 1,
        trigger,
        input: Arc::new(json!({})),
        retry_of: None,
        parent: None,
        traceparent: None,
    };
    let body = EventBody::ExecutionStarted { origin: Some(origin) };
    let first = Event { execution_id: id, seq: 1, at: id.admitted_at(), body };
    let mut execution = Execution::new(State::fold(id, plan, [&first]).unwrap());
    assert!(execution.decide(Input::Resume, id.admitted_at()).is_empty());
    assert_eq!(execution.state().status(), ExecutionStatus::Failed);
}
