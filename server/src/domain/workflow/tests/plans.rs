//! What a good file becomes.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tidemill_common::event::StepError;
use tidemill_common::status::{FailureClass, StepStatus};

use super::super::compile;
use super::super::plan::{Effect, OnError, Plan, Respond, TriggerKind, WaitFor, Work};
use super::scope;
use crate::domain::signature::Scheme;

/// Everything that this version of the file can say.
pub(in super::super) const FULL: &str = r#"
id: order-intake
name: Order intake
description: Takes orders.
inputs: {type: object, required: [qty, price], properties: {qty: {type: integer}, price: {type: number}}}
timeout: 1h
triggers:
  - {id: hook, type: webhook, path: orders/new, auth: {type: hmac, scheme: standard-webhooks, secret: "{{ secrets.shop }}"}, respond: when_finished}
  - {id: nightly, type: schedule, cron: "30 2 * * *", timezone: Europe/Berlin}
steps:
  - id: total
    uses: transform
    with: {total: "{{ trigger.body.qty * trigger.body.price }}"}
  - id: stock
    uses: http.request
    if: "steps.total.output.total > 100"
    retry: {max_attempts: 5, initial_interval: 1s, factor: 2, max_interval: 5m, jitter: 0.2, retry_if: "error.status >= 500"}
    timeout: 10s
    effect: idempotent
    on_error: continue
    with:
      method: POST
      url: "https://shop.example/stock/{{ trigger.body.sku | urlencode }}"
      auth: {type: bearer, token: "{{ secrets.shop_api }}"}
      json: {qty: "{{ trigger.body.qty }}"}
  - id: pause
    uses: wait
    depends_on: []
    with: {duration: 90s}
  - id: give_up
    uses: fail
    depends_on: [stock, pause]
    if: "steps.stock.status == 'failed'"
    with: {message: "no stock: {{ steps.stock.error.message }}"}
output: {total: "{{ steps.total.output.total }}"}
"#;

fn plan() -> Plan {
    compile(FULL).unwrap()
}

#[test]
fn the_graph_of_the_file() {
    let plan = plan();
    assert_eq!(
        (&*plan.id, plan.name.as_str(), plan.timeout),
        ("order-intake", "Order intake", Some(Duration::from_secs(3600)))
    );
    let edges: Vec<_> = plan.steps.iter().map(|step| (step.depends_on.clone(), step.dependents.clone())).collect();
    assert_eq!(edges, [(vec![], vec![1]), (vec![0], vec![3]), (vec![], vec![3]), (vec![1, 2], vec![])]);
    let stock = &plan.steps[1];
    assert_eq!(
        (stock.uses, stock.timeout, stock.on_error, stock.effect),
        ("http.request", Duration::from_secs(10), OnError::Continue, Effect::Idempotent)
    );
    assert_eq!(stock.secrets, ["shop_api".into()]);
    assert_eq!(stock.retry.max_attempts, 5);
    assert_eq!(plan.steps[0].retry.max_attempts, 1);
}

#[test]
fn the_triggers_of_the_file() {
    let plan = plan();
    let TriggerKind::Webhook(hook) = &plan.triggers[0].kind else { unreachable!() };
    assert_eq!(
        (hook.path.as_str(), hook.respond, hook.methods.as_slice()),
        ("orders/new", Respond::WhenFinished, ["POST"].as_slice())
    );
    let proof = hook.auth.as_ref().unwrap();
    assert_eq!((&proof.scheme, &proof.secrets[..]), (&Scheme::StandardWebhooks, &["shop".into()][..]));
    let TriggerKind::Schedule(nightly) = &plan.triggers[1].kind else { unreachable!() };
    assert_eq!((nightly.written.cron.as_deref(), nightly.written.timezone.as_str()), (Some("30 2 * * *"), "Europe/Berlin"));
    assert_eq!(plan.trigger("nightly").unwrap().kind.as_str(), "schedule");
}

#[test]
fn an_execution_through_the_plan() {
    let plan = plan();
    let mut scope = scope(json!({"body": {"qty": 3, "price": 19.5, "sku": "a b/ü"}}));
    let Work::Transform(total) = &plan.steps[0].work else { unreachable!() };
    let output = total.render(&scope).unwrap();
    assert_eq!(output, json!({"total": 58.5}));
    scope.step_ended(&plan.steps[0].id, StepStatus::Succeeded, Some(Arc::new(output)), None);
    assert!(!plan.steps[1].condition.as_ref().unwrap().evaluate_bool(&scope).unwrap());

    let Work::HttpRequest(request) = &plan.steps[1].work else { unreachable!() };
    assert!(request.request.render(&scope).is_err(), "the secret is not in the scope");
    let secrets = Arc::new([("shop_api".to_owned(), "s3cret".to_owned())].into());
    let rendered = request.request.render(&scope.with_secrets(secrets)).unwrap();
    assert_eq!(
        rendered,
        json!({"method": "POST", "url": "https://shop.example/stock/a%20b%2F%C3%BC", "auth": {"type": "bearer", "token": "s3cret"}, "json": {"qty": 3}})
    );

    let retry_if = plan.steps[1].retry.retry_if.as_ref().unwrap();
    let mut error = StepError::new(FailureClass::Infrastructure, "answered 503");
    error.status = Some(503);
    assert!(retry_if.evaluate_bool(&scope.with_error(&error)).unwrap());
    error.status = Some(404);
    assert!(!retry_if.evaluate_bool(&scope.with_error(&error)).unwrap());

    scope.step_ended(&plan.steps[1].id, StepStatus::Failed, None, Some(error));
    let Work::Fail(message) = &plan.steps[3].work else { unreachable!() };
    assert!(plan.steps[3].condition.as_ref().unwrap().evaluate_bool(&scope).unwrap());
    assert_eq!(message.render(&scope).unwrap(), json!("no stock: answered 503"));
    assert_eq!(plan.output.as_ref().unwrap().render(&scope).unwrap(), json!({"total": 58.5}));
}

#[test]
fn a_clone_of_the_scope_does_not_see_what_happens_later() {
    let mut scope = scope(json!({}));
    let before = scope.clone();
    scope.step_ended(&"a".into(), StepStatus::Succeeded, Some(Arc::new(json!(1))), None);
    let plan = compile("id: x\nsteps: [{id: a, uses: transform, with: {}}]\noutput: \"{{ steps.a.output }}\"\n").unwrap();
    let output = plan.output.unwrap();
    assert_eq!(output.render(&scope).unwrap(), json!(1));
    assert!(output.render(&before).is_err());
}

#[test]
fn a_wait_of_the_file_is_literal() {
    let plan = plan();
    let Work::Wait(WaitFor::Duration(duration)) = &plan.steps[2].work else { unreachable!() };
    assert_eq!(**duration.as_literal().unwrap(), json!("90s"));
}

#[test]
fn json_is_the_same_document() {
    let source = r#"{"id": "smile", "steps": [{"id": "a", "uses": "transform", "with": {"text": "\ud83d\ude00 {{ trigger.body.n }}\/"}}]}"#;
    let plan = compile(source).unwrap();
    let Work::Transform(text) = &plan.steps[0].work else { unreachable!() };
    assert_eq!(text.render(&scope(json!({"body": {"n": 1}}))).unwrap(), json!({"text": "😀 1/"}));
}

#[test]
fn the_input_is_checked_against_the_schema() {
    let plan = plan();
    assert_eq!(plan.check_input(&json!({"qty": 1, "price": 2.5})), Ok(()));
    let violations = plan.check_input(&json!({"qty": "1"})).unwrap_err();
    assert_eq!(violations.len(), 2, "{violations:?}");
    assert!(violations.iter().any(|violation| violation.contains("/qty")), "{violations:?}");
}

#[test]
fn plans_are_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Plan>();
    shared::<super::super::scope::Scope>();
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_are_fine() {
    let windows = FULL.trim_start().replace('\n', "\r\n");
    assert_eq!(compile(&windows).unwrap().steps.len(), 4);
    assert_eq!(compile(&format!("\u{feff}{}", FULL.trim_start())).unwrap().steps.len(), 4);
    assert!(compile("\u{feff}{\"id\": \"x\", \"steps\": [{\"id\": \"a\", \"uses\": \"transform\", \"with\": {}}]}").is_ok());
}

#[test]
fn loops_bring_names_of_their_own() {
    let source = "id: x
steps:
  - id: a
    uses: transform
    with:
      text: \"{% for item in inputs.items if item.ok %}{{ loop.index }}{{ item.n }}{% else %}none{% endfor %}\"
      pairs: \"{% for key, value in inputs.map | items %}{{ key }}={{ value }};{% endfor %}\"
";
    let plan = compile(source).unwrap();
    let Work::Transform(with) = &plan.steps[0].work else { unreachable!() };
    let scope = scope(json!({"body": {"items": [{"n": 5, "ok": true}, {"n": 6, "ok": false}], "map": {"a": 1, "b": 2}}}));
    assert_eq!(with.render(&scope).unwrap(), json!({"text": "15", "pairs": "a=1;b=2;"}));
    assert!(compile(&source.replace("{% else %}none", "{% else %}{{ item.n }}")).is_err());
}
