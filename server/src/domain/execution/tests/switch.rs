//! Switches.

use super::*;

const STEPS: &str = "  - {id: route, uses: switch, with: {value: \"{{ trigger.body.tier }}\", cases: {gold: [call, gift], \"2\": [mail]}, default: [note]}}
  - {id: call, uses: transform, with: {}}
  - {id: gift, uses: transform, if: always(), with: {}}
  - {id: mail, uses: transform, with: {}}
  - {id: thanks, uses: transform, with: {}}
  - {id: note, uses: transform, with: {}}
  - {id: join, uses: transform, depends_on: [call, thanks, note], with: {case: \"{{ steps.route.output.case }}\"}}";

fn chosen(tier: &Value) -> Vec<String> {
    let (story, _) = Story::begin(STEPS, &json!({ "tier": tier }));
    assert_eq!(story.status(), ExecutionStatus::Succeeded);
    assert_eq!(story.step("join").status, StepStatus::Succeeded, "one branch is enough");
    let succeeded = story.plan.steps.iter().filter(|step| story.step(&step.id).status == StepStatus::Succeeded);
    succeeded.map(|step| step.id.to_string()).filter(|id| id != "route" && id != "join").collect()
}

#[test]
fn the_chosen_steps_run_and_the_others_are_skipped() {
    assert_eq!(chosen(&json!("gold")), ["call", "gift"]);
    assert_eq!(chosen(&json!(2)), ["mail", "thanks"], "a number is compared as its text");
    assert_eq!(chosen(&json!("2")), ["mail", "thanks"]);
    assert_eq!(chosen(&json!("bronze")), ["note"]);
    assert_eq!(chosen(&json!(null)), ["note"]);
}

#[test]
fn what_was_not_chosen_says_so() {
    let (story, _) = Story::begin(STEPS, &json!({"tier": "x"}));
    assert_eq!(story.step("gift").skipped, Some(SkipReason::NotChosen), "even with always()");
    assert_eq!(story.step("thanks").skipped, Some(SkipReason::Dependency));
    assert_eq!(**story.step("route").output.as_ref().unwrap(), json!({"value": "x", "case": null}));
}
