//! The step against real sockets.

use std::time::Duration;

use serde_json::{Value, json};
use tidemill_common::event::StepError;
use tidemill_common::ids::ExecutionId;
use tidemill_common::status::FailureClass;

use super::{StepContext, request};
use crate::runner::outbound::test_server::{Server, respond};
use crate::runner::outbound::{Outbound, OutboundPolicy};

fn context() -> StepContext {
    StepContext {
        execution_id: ExecutionId("01890000-0000-7000-8000-000000000001".parse().unwrap()),
        step: "notify".into(),
        iteration: 0,
        attempt: 1,
        timeout: Duration::from_secs(20),
    }
}

fn outbound(allow: &[&str]) -> Outbound {
    let allow = allow.iter().map(|network| network.parse().unwrap()).collect();
    Outbound::new(OutboundPolicy { allow, ..OutboundPolicy::default() }).unwrap()
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
