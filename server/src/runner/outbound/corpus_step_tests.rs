//! The corpus of what must never be reached, through everything that reaches the outside.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tidemill_common::event::StepError;
use tidemill_common::ids::ExecutionId;
use tidemill_common::status::FailureClass;

use super::corpus_tests::{forbidden, outbound};
use crate::domain::credential::{Credential, Settings};
use crate::domain::workflow::compile;
use crate::domain::workflow::plan::Work;
use crate::runner::code::CodeLimits;
use crate::runner::{Parcel, SigningKey, StepContext, email, http, webhook};

fn context(credential: Option<Credential>) -> StepContext {
    StepContext {
        execution_id: ExecutionId("01890000-0000-7000-8000-000000000001".parse().unwrap()),
        step: "reach".into(),
        iteration: 0,
        attempt: 1,
        timeout: Duration::from_secs(5),
        credential: credential.map(Arc::new),
        printed: None,
        trace: None,
        code_most: CodeLimits::NONE,
    }
}

/// A credential for `host`, as far as one can be made.
fn credential(kind: &str, host: &str) -> Option<Credential> {
    let secret = (kind == "signing").then_some("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    let settings = Settings { hosts: vec![host.to_owned()], ..Settings::default() };
    settings.credential("w/c".to_owned(), "c", kind, secret).ok()
}

fn assert_refused(step: &str, text: &str, error: &StepError) {
    assert_eq!(error.class, FailureClass::User, "{step} {text}: {}", error.message);
    assert!(!error.message.contains("connection"), "{step} {text}: {}", error.message);
}

#[tokio::test]
async fn no_subscription_reaches_the_inside() {
    let outbound = outbound();
    for text in forbidden() {
        let Ok(url) = text.parse() else { continue };
        let keys = vec![SigningKey::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap()];
        let parcel = Parcel { url, id: "msg_1".to_owned(), keys, body: Vec::new(), timeout: Duration::from_secs(5) };
        let attempted = webhook::deliver(&outbound, parcel).await;
        let error = attempted.error.unwrap_or_else(|| panic!("{text} was reached"));
        assert!(attempted.status.is_none() && !error.contains("connection"), "{text}: {error}");
    }
}

#[tokio::test]
async fn no_step_reaches_the_inside() {
    let outbound = outbound();
    let plan = compile("{id: x, steps: [{id: a, uses: http.request, with: {url: \"https://a.example\"}}]}").unwrap();
    let Work::HttpRequest(work) = &plan.steps[0].work else { panic!("another step") };
    let (mut hooks, mut mails) = (0, 0);
    for text in forbidden() {
        let error = http::request(&outbound, work, &json!({"url": text}), context(None)).await.unwrap_err();
        assert_refused("http.request", text, &error);
        let (scheme, rest) = text.split_once("://").unwrap();
        let host = rest.split('/').next().unwrap();
        if let Some(credential) = credential("signing", &format!("{scheme}://{host}")) {
            let with = json!({"url": text, "type": "x"});
            let error = webhook::send(&outbound, &with, context(Some(credential))).await.unwrap_err();
            assert_refused("webhook.send", text, &error);
            hooks += 1;
        }
        if let Some(credential) = credential("smtp", &format!("smtp+plain://{host}")) {
            let with = json!({"from": "a@example.com", "to": "b@example.com", "text": "x"});
            let error = email::send(&outbound, &with, context(Some(credential))).await.unwrap_err();
            assert_refused("email.send", text, &error);
            mails += 1;
        }
    }
    assert!(hooks > 80 && mails > 80, "{hooks} {mails}");
}
