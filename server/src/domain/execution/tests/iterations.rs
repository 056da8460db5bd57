//! Steps with `for_each` and `while`.

use super::*;

fn each(extra: &str) -> String {
    format!("  - {{id: a, {HTTP}, for_each: {{items: \"{{{{ trigger.body }}}}\"{extra}}}}}")
}

const RETRIED: &str = "  - id: a
    uses: http.request
    for_each: {items: \"{{ trigger.body }}\", concurrency: 2}
    retry: {max_attempts: 2, initial_interval: 10s, jitter: 0}
    with: {url: \"https://example.com/{{ item }}\"}";

/// The iterations and attempts of step 0 that are to be run.
fn turns(actions: &[Action]) -> Vec<(u32, u32)> {
    let turn = |action: &Action| match action {
        Action::Run(run) => Some((run.place.iteration?, run.attempt)),
        _ => None,
    };
    actions.iter().filter_map(turn).collect()
}

fn output(story: &Story, id: &str) -> Value {
    Value::clone(story.step(id).output.as_ref().unwrap())
}

/// The fold of all events is the state.
fn assert_folds(story: &Story) {
    let folded = State::fold(story.events[0].execution_id, Arc::clone(&story.plan), &story.events).unwrap();
    assert_eq!(folded.steps, story.execution.state().steps);
}

#[test]
fn iterations_see_their_item_and_give_a_list() {
    let (story, _) = Story::begin(
        "  - {id: a, uses: transform, for_each: {items: \"{{ trigger.body }}\"}, with: \"{{ index * 10 + item.n }}\"}
  - {id: b, uses: transform, with: {sum: \"{{ steps.a.output | sum }}\"}}",
        &json!([{"n": 1}, {"n": 2}, {"n": 3}]),
    );
    assert_eq!(output(&story, "a"), json!([1, 12, 23]));
    assert_eq!(output(&story, "b"), json!({"sum": 36}));
    assert_eq!(story.status(), ExecutionStatus::Succeeded);
    assert_folds(&story);
}

#[test]
fn no_more_than_the_concurrency_are_under_way_and_results_keep_their_order() {
    let (mut story, actions) = Story::begin(&each(", concurrency: 2"), &json!([1, 2, 3]));
    assert_eq!(turns(&actions), [(0, 1), (1, 1)]);
    assert_eq!(turns(&story.end_iteration("a", 1, 1, Ok(json!("b")))), [(2, 1)]);
    assert!(turns(&story.end_iteration("a", 2, 1, Ok(json!("c")))).is_empty());
    assert!(turns(&story.end_iteration("a", 2, 1, Ok(json!("again")))).is_empty(), "a late result changes nothing");
    assert_eq!(story.status(), ExecutionStatus::Running);
    assert_folds(&story);
    story.end_iteration("a", 0, 1, Ok(json!("a")));
    assert_eq!(output(&story, "a"), json!(["a", "b", "c"]));
    assert_eq!(story.status(), ExecutionStatus::Succeeded);
}

#[test]
fn each_iteration_is_retried_by_itself() {
    let (mut story, _) = Story::begin(RETRIED, &json!([1, 2, 3]));
    story.end_iteration("a", 0, 1, broken(FailureClass::Timeout));
    assert_eq!(story.step("a").status, StepStatus::Running);
    story.end_iteration("a", 1, 1, Ok(json!(2)));
    story.end_iteration("a", 2, 1, Ok(json!(3)));
    assert_eq!((story.status(), story.step("a").wake_at), (ExecutionStatus::Waiting, Some(story.now + TimeDelta::seconds(10))));
    assert_folds(&story);
    assert_eq!(turns(&story.advance(TimeDelta::seconds(10))), [(0, 2)]);
    story.end_iteration("a", 0, 2, Ok(json!(1)));
    assert_eq!(output(&story, "a"), json!([1, 2, 3]));
}

#[test]
fn a_failed_iteration_fails_the_step_when_those_under_way_have_ended() {
    let (mut story, _) = Story::begin(&each(", concurrency: 2"), &json!([1, 2, 3, 4]));
    assert!(turns(&story.end_iteration("a", 0, 1, broken(FailureClass::User))).is_empty(), "nothing new begins");
    assert_eq!(story.step("a").status, StepStatus::Running);
    story.end_iteration("a", 1, 1, Ok(json!(2)));
    assert_eq!(story.step("a").error.as_ref().unwrap().message, "iteration 0: broken");
    assert_eq!(story.status(), ExecutionStatus::Failed);
    assert_folds(&story);
}

#[test]
fn what_only_waits_for_its_next_attempt_is_given_up_when_the_step_fails() {
    let (mut story, _) = Story::begin(RETRIED, &json!([1, 2]));
    story.end_iteration("a", 0, 1, broken(FailureClass::Timeout));
    story.end_iteration("a", 1, 1, broken(FailureClass::User));
    assert_eq!(story.status(), ExecutionStatus::Failed);
    assert_eq!(story.execution.state().wake_at(), None);
    assert_folds(&story);
}

#[test]
fn on_error_continue_lists_what_became_of_each() {
    let (mut story, _) = Story::begin(&each(", on_error: continue"), &json!([1, 2]));
    assert_eq!(turns(&story.end_iteration("a", 0, 1, broken(FailureClass::User))), [(1, 1)]);
    story.end_iteration("a", 1, 1, Ok(json!("fine")));
    let error = json!({"class": "user", "message": "broken"});
    assert_eq!(output(&story, "a"), json!([{"status": "failed", "error": error}, {"status": "succeeded", "output": "fine"}]));
    assert_eq!(story.status(), ExecutionStatus::Succeeded);
}

#[test]
fn after_a_crash_only_what_was_under_way_is_repeated() {
    let (mut story, _) = Story::begin(&each(", concurrency: 2"), &json!([1, 2, 3, 4]));
    story.end_iteration("a", 0, 1, Ok(json!(1)));
    assert_eq!(turns(&story.crash()), [(1, 1), (2, 1)]);
    story.end_iteration("a", 1, 1, Ok(json!(2)));
    story.end_iteration("a", 2, 1, Ok(json!(3)));
    assert!(turns(&story.crash()).contains(&(3, 1)));
    story.end_iteration("a", 3, 1, Ok(json!(4)));
    assert_eq!(output(&story, "a"), json!([1, 2, 3, 4]));
}

#[test]
fn an_empty_list_is_done_at_once_and_no_list_fails() {
    let (story, _) = Story::begin(&each(""), &json!([]));
    assert_eq!(output(&story, "a"), json!([]));
    let (story, _) = Story::begin(&each(""), &json!({"a": 1}));
    assert!(story.step("a").error.as_ref().unwrap().message.contains("gives no list"));
    let (story, _) = Story::begin(&each(""), &json!(vec![0; 10_001]));
    assert!(story.step("a").error.as_ref().unwrap().message.contains("10001 items"));
}

#[test]
fn a_long_list_takes_several_decisions() {
    let steps = "  - {id: a, uses: transform, for_each: {items: \"{{ trigger.body }}\", concurrency: 9}, with: \"{{ item }}\"}";
    let (mut story, mut actions) = Story::begin(steps, &json!(vec![7; 1_000]));
    let mut decisions = 1;
    while actions == [Action::GoOn] {
        actions = if decisions == 3 { story.crash() } else { story.decide(Input::Tick) };
        decisions += 1;
    }
    assert!(actions.is_empty(), "{actions:?}");
    assert_eq!(decisions, 6, "200 at a time");
    assert_eq!(output(&story, "a"), json!(vec![7; 1_000]));
    assert_folds(&story);
}

#[test]
fn waits_of_iterations_end_each_at_its_time() {
    let steps = "  - {id: a, uses: wait, for_each: {items: [3, 1, 2], concurrency: 3}, with: {duration: \"{{ item }}h\"}}";
    let (mut story, _) = Story::begin(steps, &json!({}));
    assert_eq!(story.execution.state().wake_at(), Some(story.now + TimeDelta::hours(1)));
    story.advance(TimeDelta::hours(1));
    story.crash();
    assert_eq!(story.execution.state().wake_at(), Some(story.now + TimeDelta::hours(1)));
    story.advance(TimeDelta::hours(1));
    assert_eq!(story.status(), ExecutionStatus::Waiting);
    story.advance(TimeDelta::hours(1));
    assert_eq!(story.status(), ExecutionStatus::Succeeded);
}

#[test]
fn while_goes_on_with_what_came_before() {
    let steps =
        format!("  - {{id: a, {HTTP}, while: {{condition: \"index == 0 or last.next\", max_iterations: 3, interval: 1m}}}}");
    let (mut story, actions) = Story::begin(&steps, &json!({}));
    assert_eq!(turns(&actions), [(0, 1)], "no pause before the first");
    story.end_iteration("a", 0, 1, Ok(json!({"next": true})));
    assert_eq!(story.status(), ExecutionStatus::Waiting);
    assert!(turns(&story.crash()).is_empty());
    assert_eq!(turns(&story.advance(TimeDelta::minutes(1))), [(1, 1)]);
    story.end_iteration("a", 1, 1, Ok(json!({"next": false})));
    assert_eq!(output(&story, "a"), json!([{"next": true}, {"next": false}]));
    assert_eq!(story.status(), ExecutionStatus::Succeeded);
    assert_folds(&story);
}

#[test]
fn while_ends_at_its_bound() {
    let steps = "  - {id: a, uses: transform, while: {condition: \"true\", max_iterations: 5}, with: \"{{ last | default(0, true) + 1 }}\"}";
    let (story, _) = Story::begin(steps, &json!({}));
    assert!(story.step("a").error.as_ref().unwrap().message.contains("after 5 iterations"));
    let (story, _) = Story::begin(&steps.replace("\"true\"", "index < 3"), &json!({}));
    assert_eq!(output(&story, "a"), json!([1, 2, 3]));
    let (story, _) = Story::begin(&steps.replace("\"true\"", "\"false\""), &json!({}));
    assert_eq!(output(&story, "a"), json!([]));
}

#[test]
fn cancelling_stops_iterations() {
    let (mut story, _) = Story::begin(&each(", concurrency: 2"), &json!([1, 2, 3]));
    let actions = story.decide(Input::Cancel { reason: None, by: "ana".into() });
    assert_eq!(actions, [Action::StopAll]);
    assert!(story.end_iteration("a", 0, 1, Ok(json!(1))).is_empty());
    assert_eq!(story.step("a").status, StepStatus::Cancelled);
}
