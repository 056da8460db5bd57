//! Steps that wait for something outside, and for people after a crash.

use chrono::TimeDelta;
use serde_json::{Value, json};
use tidemill_common::awaited::Verdict;
use tidemill_common::event::StepError;
use tidemill_common::status::{ExecutionStatus, FailureClass, StepStatus};

use super::super::{Action, Answer, Answered, Awaits, Calling, Decided, Input, Place};
use super::{HTTP, Story, runs};

const CALL: &str = "uses: workflow.call, with: {workflow: other, input: {n: \"{{ inputs.n }}\"}}";

impl Story {
    fn tell(&mut self, step: &str, iteration: Option<u32>, answer: Answer) -> Vec<Action> {
        let place = Place { step: self.plan.step_index(step).unwrap(), iteration };
        self.execution.give_answers(vec![Answered { place, answer }]);
        self.decide(Input::Tick)
    }

    fn decided(&mut self, step: &str, verdict: Verdict, answer: Option<Value>) -> Vec<Action> {
        let decided = Decided { verdict, by: "ana".to_owned(), comment: Some("because".to_owned()), answer };
        self.tell(step, None, Answer::Decided(decided))
    }

    fn message(&self, step: &str) -> &str {
        &self.step(step).error.as_ref().unwrap().message
    }
}

fn calls<'a>(actions: &'a [Action]) -> Vec<&'a Calling> {
    let call = |action: &'a Action| if let Action::Call(calling) = action { Some(calling) } else { None };
    actions.iter().filter_map(call).collect()
}

fn succeeded(calling: &Calling, output: Value) -> Answer {
    let (child, output) = (calling.child, Some(std::sync::Arc::new(output)));
    Answer::Ended { child, status: ExecutionStatus::Succeeded, output, error: None }
}

fn failed(calling: &Calling, class: FailureClass) -> Answer {
    let error = StepError { step: Some("pay".to_owned()), ..StepError::new(class, "no money") };
    Answer::Ended { child: calling.child, status: ExecutionStatus::Failed, output: None, error: Some(error) }
}

#[test]
fn a_call_waits_for_the_end_of_the_other_execution_and_gives_its_output() {
    let (mut story, actions) = Story::begin(&format!("  - {{id: a, {CALL}}}"), &json!({"n": 7}));
    let calling = calls(&actions)[0];
    assert_eq!((calling.workflow_id.as_str(), &calling.input), ("other", &json!({"n": 7})));
    assert_eq!((calling.parent.step.as_str(), calling.parent.depth), ("a", 1));
    assert_eq!(story.status(), ExecutionStatus::Waiting);
    assert_eq!(story.execution.state().awaiting().next().unwrap().1, Awaits::Execution(calling.child));
    story.tell("a", None, succeeded(calling, json!({"id": 1})));
    assert_eq!(story.status(), ExecutionStatus::Succeeded);
    assert_eq!(**story.step("a").output.as_ref().unwrap(), json!({"id": 1}));
}

#[test]
fn after_a_crash_the_same_execution_is_called_and_never_a_second_one() {
    let (mut story, actions) = Story::begin(&format!("  - {{id: a, {CALL}}}"), &json!({"n": 7}));
    let first = calls(&actions)[0].clone();
    story.now += TimeDelta::seconds(9);
    let again = story.crash();
    assert_eq!(calls(&again), [&first]);
    let other = failed(&Calling { child: story.events[0].execution_id, ..first.clone() }, FailureClass::User);
    story.tell("a", None, other);
    assert_eq!(story.status(), ExecutionStatus::Waiting, "the end of another execution means nothing");
}

#[test]
fn the_failure_of_the_other_execution_is_the_steps_and_may_be_retried_with_a_new_one() {
    let steps = format!("  - {{id: a, {CALL}, retry: {{max_attempts: 2, initial_interval: 1s}}}}");
    let (mut story, actions) = Story::begin(&steps, &json!({"n": 7}));
    let first = calls(&actions)[0].clone();
    story.tell("a", None, failed(&first, FailureClass::Infrastructure));
    assert_eq!(story.step("a").status, StepStatus::Retrying);
    let actions = story.advance(TimeDelta::seconds(5));
    let second = calls(&actions)[0].clone();
    assert_ne!(first.child, second.child);
    story.tell("a", None, failed(&second, FailureClass::User));
    assert_eq!(story.status(), ExecutionStatus::Failed);
    let expected = format!("execution {} is failed: step `pay`: no money", second.child);
    assert_eq!(story.message("a"), expected);
}

#[test]
fn a_call_that_takes_too_long_or_is_refused_fails() {
    let (mut story, actions) = Story::begin(&format!("  - {{id: a, {CALL}, timeout: 1m}}"), &json!({"n": 7}));
    let child = calls(&actions)[0].child;
    story.advance(TimeDelta::seconds(61));
    assert_eq!(story.step("a").error.as_ref().unwrap().class, FailureClass::Timeout);
    assert!(story.message("a").contains(&child.to_string()));
    let (mut story, _) = Story::begin(&format!("  - {{id: a, {CALL}}}"), &json!({"n": 7}));
    story.end_step("a", 1, Err(StepError::new(FailureClass::User, "there is no workflow `other`")));
    assert_eq!((story.status(), story.message("a")), (ExecutionStatus::Failed, "there is no workflow `other`"));
}

#[test]
fn calls_of_a_list_go_on_beside_each_other_and_end_before_the_step_fails() {
    let steps = format!("  - {{id: a, {CALL}, for_each: {{items: [1, 2], concurrency: 2}}}}");
    let (mut story, actions) = Story::begin(&steps, &json!({"n": 7}));
    let (one, two) = (calls(&actions)[0].clone(), calls(&actions)[1].clone());
    assert_ne!(one.child, two.child);
    story.tell("a", Some(0), failed(&one, FailureClass::User));
    assert_eq!(story.status(), ExecutionStatus::Waiting, "the other one is under way");
    story.crash();
    story.tell("a", Some(1), succeeded(&two, json!(2)));
    assert_eq!(story.status(), ExecutionStatus::Failed);
    assert!(story.message("a").starts_with("iteration 0: "));
}

#[test]
fn an_event_may_come_before_its_step_begins() {
    let steps = format!("  - {{id: ask, {HTTP}}}\n  - {{id: paid, uses: wait, with: {{event: payment}}}}");
    let (mut story, _) = Story::begin(&steps, &json!({}));
    story.tell("paid", None, Answer::Event(json!({"eur": 7})));
    assert_eq!(story.step("paid").status, StepStatus::Pending);
    story.end_step("ask", 1, Ok(json!({})));
    assert_eq!(story.status(), ExecutionStatus::Succeeded);
    assert_eq!(**story.step("paid").output.as_ref().unwrap(), json!({"eur": 7}));
}

#[test]
fn an_event_that_does_not_come_fails_the_step_or_not() {
    for (on_timeout, status) in [("fail", ExecutionStatus::Failed), ("continue", ExecutionStatus::Succeeded)] {
        let steps = format!("  - {{id: a, uses: wait, timeout: 2d, with: {{event: x, on_timeout: {on_timeout}}}}}");
        let (mut story, _) = Story::begin(&steps, &json!({}));
        story.advance(TimeDelta::hours(47));
        assert_eq!(story.status(), ExecutionStatus::Waiting);
        story.crash();
        story.advance(TimeDelta::hours(2));
        assert_eq!(story.status(), status);
    }
}

#[test]
fn an_answer_counts_even_when_it_is_read_after_the_time_is_over() {
    let (mut story, _) = Story::begin("  - {id: a, uses: wait, timeout: 1h, with: {event: x}}", &json!({}));
    story.restore();
    let place = Place::whole(0);
    story.execution.give_answers(vec![Answered { place, answer: Answer::Event(json!(1)) }]);
    story.now += TimeDelta::hours(3);
    story.decide(Input::Resume);
    assert_eq!(story.status(), ExecutionStatus::Succeeded);
}

#[test]
fn an_approval_is_given_or_not_and_says_by_whom() {
    const ASK: &str = "uses: approval, with: {message: \"Pay {{ inputs.n }}?\", members: [ana]";
    let (mut story, _) = Story::begin(&format!("  - {{id: a, {ASK}}}}}"), &json!({"n": 7}));
    assert_eq!(story.status(), ExecutionStatus::Waiting);
    story.decided("a", Verdict::Approve, Some(json!({"x": 1})));
    let expected = json!({"approved": true, "by": "ana", "comment": "because", "answer": {"x": 1}});
    assert_eq!(**story.step("a").output.as_ref().unwrap(), expected);
    assert_eq!(story.types()[3..], ["step_decided", "step_completed", "execution_completed"]);
    let (mut story, _) = Story::begin(&format!("  - {{id: a, {ASK}}}}}"), &json!({"n": 7}));
    story.decided("a", Verdict::Reject, None);
    assert_eq!((story.status(), story.message("a")), (ExecutionStatus::Failed, "rejected by ana: because"));
    let (mut story, _) = Story::begin(&format!("  - {{id: a, {ASK}, on_reject: continue}}}}"), &json!({"n": 7}));
    story.decided("a", Verdict::Reject, None);
    assert_eq!(story.step("a").output.as_ref().unwrap()["approved"], json!(false));
}

#[test]
fn when_nobody_decides_the_file_says_what_happens() {
    for (on_timeout, status) in
        [("approve", ExecutionStatus::Succeeded), ("reject", ExecutionStatus::Failed), ("fail", ExecutionStatus::Failed)]
    {
        let steps = format!("  - {{id: a, uses: approval, timeout: 1d, with: {{message: ok, on_timeout: {on_timeout}}}}}");
        let (mut story, _) = Story::begin(&steps, &json!({}));
        story.advance(TimeDelta::hours(25));
        assert_eq!(story.status(), status, "{on_timeout}");
    }
}

#[test]
fn after_a_crash_an_operator_decides_about_what_must_not_be_repeated() {
    let lost = || {
        let (mut story, _) = Story::begin(&format!("  - {{id: a, {HTTP}, effect: at_most_once}}"), &json!({}));
        assert!(runs(&story.crash()).is_empty());
        assert_eq!((story.status(), story.execution.wake_at()), (ExecutionStatus::Waiting, None));
        assert!(runs(&story.crash()).is_empty(), "another crash changes nothing");
        story
    };
    let mut story = lost();
    assert_eq!(runs(&story.decided("a", Verdict::Retry, None)), [(0, 2)]);
    story.end_step("a", 2, Ok(json!(2)));
    assert_eq!(story.status(), ExecutionStatus::Succeeded);
    let mut story = lost();
    story.decided("a", Verdict::Succeed, Some(json!({"id": 9})));
    assert_eq!(**story.step("a").output.as_ref().unwrap(), json!({"id": 9}));
    let mut story = lost();
    story.decided("a", Verdict::Fail, None);
    assert_eq!(story.step("a").error.as_ref().unwrap().class, FailureClass::HostLost);
    assert!(story.message("a").ends_with("ana decided that the step has failed: because"));
}

#[test]
fn while_it_is_paused_answers_wait() {
    let (mut story, _) = Story::begin("  - {id: a, uses: wait, with: {event: x}}", &json!({}));
    story.decide(Input::Pause { reason: None, by: "ana".into() });
    story.tell("a", None, Answer::Event(json!(1)));
    assert_eq!(story.status(), ExecutionStatus::Paused);
    story.decide(Input::Unpause { reason: None, by: "ana".into() });
    assert_eq!(story.status(), ExecutionStatus::Succeeded);
}
