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
