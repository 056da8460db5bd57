//! The step against real sockets.

use std::time::Duration;

use serde_json::{Value, json};
use tidemill_common::event::StepError;
use tidemill_common::ids::ExecutionId;
use tidemill_common::status::FailureClass;

use super::StepContext;
use crate::domain::workflow::compile;
use crate::domain::workflow::plan::Work;
use crate::runner::code::CodeLimits;
use crate::runner::outbound::test_server::{Server, respond};
use crate::runner::outbound::{Outbound, OutboundPolicy};

fn context() -> StepContext {
    StepContext {
        execution_id: ExecutionId("01890000-0000-7000-8000-000000000001".parse().unwrap()),
        step: "notify".into(),
        iteration: 0,
        attempt: 1,
        timeout: Duration::from_secs(20),
        credential: None,
        printed: None,
        trace: None,
        code_most: CodeLimits::NONE,
    }
}

fn outbound(allow: &[&str]) -> Outbound {
    let allow = allow.iter().map(|network| network.parse().unwrap()).collect();
    Outbound::new(OutboundPolicy { allow, ..OutboundPolicy::default() }).unwrap()
}

/// Compiles `more` (fields of `with` that are not rendered) as a workflow file does, and makes the request that `with` says.
async fn request_as(outbound: &Outbound, more: &str, with: Value, context: StepContext) -> Result<Value, StepError> {
    let source = format!("{{id: x, steps: [{{id: a, uses: http.request, with: {{url: \"https://a.example\"{more}}}}}]}}");
    let plan = compile(&source).unwrap();
    let Work::HttpRequest(work) = &plan.steps[0].work else { panic!("another step") };
    super::request(outbound, work, &with, context).await.map(|(output, _)| output)
}

async fn request(outbound: &Outbound, with: Value, context: StepContext) -> Result<Value, StepError> {
    request_as(outbound, "", with, context).await
}

async fn run(with: Value) -> Result<Value, StepError> {
    request(&outbound(&["127.0.0.1/32"]), with, context()).await
}

#[tokio::test]
async fn a_request_goes_out_as_written_and_its_answer_comes_back() {
    let server =
        Server::start("127.0.0.1", |_| respond("201 Created", "content-type: application/json\r\n", br#"{"id":7}"#)).await;
    let with =
        json!({"method": "POST", "url": server.url("/a"), "query": {"q": "x y"}, "headers": {"X-A": "b"}, "json": {"n": 1}});
    let output = run(with).await.unwrap();
    assert_eq!((&output["status"], &output["body"]), (&json!(201), &json!({"id": 7})));
    let sent = &server.requests()[0];
    assert!(sent.starts_with("POST /a?q=x+y HTTP/1.1\r\n") && sent.ends_with("\r\n\r\n{\"n\":1}"), "{sent}");
    for header in ["x-a: b", "content-type: application/json", concat!("user-agent: tidemill/", env!("CARGO_PKG_VERSION"))] {
        assert!(sent.contains(header), "{header} in {sent}");
    }
}

#[tokio::test]
async fn every_attempt_has_the_same_idempotency_key() {
    let server = Server::start("127.0.0.1", |_| respond("200 OK", "", b"")).await;
    let outbound = outbound(&["127.0.0.1/32"]);
    let with = json!({"url": server.url("/")});
    let key =
        |request: &String| request.lines().find_map(|line| line.strip_prefix("idempotency-key: ").map(str::to_owned)).unwrap();
    let second = StepContext { attempt: 2, ..context() };
    let other = StepContext { iteration: 1, ..context() };
    for context in [context(), second, other] {
        request(&outbound, with.clone(), context).await.unwrap();
    }
    let keys: Vec<_> = server.requests().iter().map(key).collect();
    assert_eq!(keys[0].len(), 64);
    assert!(keys[0] == keys[1] && keys[0] != keys[2]);
    let own = json!({"url": server.url("/"), "headers": {"Idempotency-Key": "mine"}});
    request(&outbound, own, context()).await.unwrap();
    assert_eq!(key(server.requests().last().unwrap()), "mine");
}

#[tokio::test]
async fn statuses_become_failures_of_the_right_class() {
    for (status, class) in [
        ("400 Bad", FailureClass::User),
        ("404 Not Found", FailureClass::User),
        ("408 Slow", FailureClass::Infrastructure),
        ("425 Early", FailureClass::Infrastructure),
        ("429 Too Many", FailureClass::Infrastructure),
        ("500 Broken", FailureClass::Infrastructure),
        ("503 Busy", FailureClass::Infrastructure),
    ] {
        let server = Server::start("127.0.0.1", move |_| respond(status, "retry-after: 7\r\n", b"no\nluck")).await;
        let error = run(json!({"url": server.url("/?token=canary")})).await.unwrap_err();
        assert_eq!((error.class, error.status, error.retry_after), (class, status[..3].parse().ok(), Some(7)), "{status}");
        assert!(error.message.ends_with(": no luck") && !error.message.contains("canary"), "{}", error.message);
        let output = run(json!({"url": server.url("/"), "fail_on_status": false})).await.unwrap();
        assert_eq!(output["body"], "no\nluck");
    }
}

#[tokio::test]
async fn what_can_not_be_sent_says_why() {
    let invalid = run(json!({})).await.unwrap_err();
    assert_eq!((invalid.class, invalid.message.as_str()), (FailureClass::User, "`with.url` is missing"));
    let forbidden = run(json!({"url": "http://127.0.0.2/"})).await.unwrap_err();
    assert_eq!(forbidden.class, FailureClass::User);
    assert!(forbidden.message.contains("not reachable from workflows"), "{}", forbidden.message);
}

#[tokio::test]
async fn the_outside_failing_is_infrastructure_and_slowness_a_timeout() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let hurried = StepContext { timeout: Duration::from_millis(50), ..context() };
    let slow = request(&outbound(&["127.0.0.1/32"]), json!({"url": url}), hurried).await.unwrap_err();
    assert_eq!(slow.class, FailureClass::Timeout);
    drop(listener);
    let refused = run(json!({"url": url})).await.unwrap_err();
    assert_eq!((refused.class, refused.status), (FailureClass::Infrastructure, None));
    let broken = Server::start("127.0.0.1", |_| b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf".to_vec()).await;
    assert_eq!(run(json!({"url": broken.url("/")})).await.unwrap_err().class, FailureClass::Infrastructure);
}

async fn run_as(more: &str, with: Value) -> Result<Value, StepError> {
    request_as(&outbound(&["127.0.0.1/32"]), more, with, context()).await
}

const JSON: &str = "content-type: application/json\r\n";

#[tokio::test]
async fn an_expression_can_decide_what_a_success_is() {
    let server = Server::start("127.0.0.1", |request| match request {
        request if request.contains("/ok") => respond("200 OK", JSON, br#"{"ok":true}"#),
        request if request.contains("/no") => respond("200 OK", JSON, br#"{"ok":false,"error":"full"}"#),
        _ => respond("404 Not Found", "", b"nothing"),
    })
    .await;
    let ask = async |path: &str, condition: &str| {
        run_as(&format!(", success_if: '{condition}'"), json!({"url": server.url(path)})).await
    };
    assert_eq!(ask("/ok", "body.ok").await.unwrap()["body"]["ok"], true);
    let refused = ask("/no", "body.ok").await.unwrap_err();
    assert_eq!((refused.class, refused.status), (FailureClass::User, Some(200)));
    assert!(
        refused.message.contains("`success_if` is false: body.ok") && refused.message.contains("full"),
        "{}",
        refused.message
    );
    assert_eq!(ask("/missing", "status == 404").await.unwrap()["status"], 404);
    assert!(ask("/missing", "body.ok").await.is_err(), "what is not there is no success");
}

#[tokio::test]
async fn pages_are_read_to_the_last_one() {
    let server = Server::start("127.0.0.1", |request| {
        let target = request.split(' ').nth(1).unwrap_or_default().to_owned();
        let query = target.split_once('?').map_or("", |(_, query)| query);
        let number = |name: &str| -> usize {
            query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}="))?.parse().ok()).unwrap_or(0)
        };
        let (from, size) = match &target {
            target if target.starts_with("/page") => (number("page").saturating_sub(1) * 2, number("per_page")),
            target if target.starts_with("/offset") => (number("offset"), 2),
            _ => (number("after"), 2),
        };
        let items: Vec<_> = (from..5).take(size).collect();
        let next = (from + 2 < 5).then_some(from + 2);
        let path = target.split('?').next().unwrap_or_default();
        let link = next.map(|next| format!("link: <{path}?after={next}>; rel=\"next\"\r\n")).unwrap_or_default();
        let url = next.map(|next| format!("{path}?after={next}"));
        let body =
            if path == "/link" || path == "/page" { json!(items) } else { json!({"items": items, "next": next, "url": url}) };
        respond("200 OK", &format!("{JSON}{link}"), body.to_string().as_bytes())
    })
    .await;
    for (path, pagination) in [
        ("/link?per=x", "{type: link}"),
        ("/url", "{type: next_url, next: body.url, items: body.items}"),
        ("/cursor?a=b", "{type: cursor, next: body.next, parameter: after, items: body.items}"),
        ("/page", "{type: page, size: 2, size_parameter: per_page}"),
        ("/offset", "{type: offset, items: body.items}"),
    ] {
        let output = run_as(&format!(", pagination: {pagination}"), json!({"url": server.url(path)})).await.unwrap();
        assert_eq!(output["body"], json!([0, 1, 2, 3, 4]), "{path}");
        assert_eq!((&output["complete"], &output["body_encoding"]), (&json!(true), &json!("json")), "{path}");
        let two = pagination.replace('}', ", max_pages: 2}");
        let part = run_as(&format!(", pagination: {two}"), json!({"url": server.url(path)})).await.unwrap();
        assert_eq!(
            (&part["body"], &part["pages"], &part["complete"]),
            (&json!([0, 1, 2, 3]), &json!(2), &json!(false)),
            "{path}"
        );
    }
    let keys: Vec<_> = server
        .requests()
        .iter()
        .filter(|request| request.contains(" /cursor"))
        .map(|request| request.lines().find_map(|line| line.strip_prefix("idempotency-key: ").map(str::to_owned)).unwrap())
        .collect();
    assert!(keys[0] != keys[1] && keys[0] == keys[3], "each page has its own key, the same in each attempt");
}

#[tokio::test]
async fn pages_never_lead_elsewhere_nor_in_circles() {
    let other = Server::start("127.0.0.1", |_| respond("200 OK", JSON, b"[]")).await;
    let there = other.url("/steal").to_string();
    let server = Server::start("127.0.0.1", move |request| {
        let next = if request.contains("/circle") { "/circle".to_owned() } else { there.clone() };
        respond("200 OK", JSON, json!({"items": [1], "next": next}).to_string().as_bytes())
    })
    .await;
    for (path, expected) in [("/away", "another origin"), ("/circle", "this page again")] {
        let with = json!({"url": server.url(path), "headers": {"X-Api-Key": "canary"}});
        let error = run_as(", pagination: {type: next_url, next: body.next, items: body.items}", with).await.unwrap_err();
        assert!(error.class == FailureClass::User && error.message.contains(expected), "{path}: {}", error.message);
    }
    assert!(other.requests().is_empty());
    let none = run_as(", pagination: {type: link}", json!({"url": server.url("/x")})).await.unwrap_err();
    assert_eq!(none.message, "`body` must be the list of a page's items, not an object");
}
