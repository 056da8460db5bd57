//! Signed deliveries, as Standard Webhooks 1.0.0 has them: the `webhook.send` step, and what subscriptions are told.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use serde_json::{Value, json};
use tidemill_common::clock::{Clock as _, SystemClock};
use tidemill_common::event::StepError;
use tidemill_common::status::FailureClass;
use url::Url;

use super::StepContext;
use super::http::{failed, refused, user_error};
use super::outbound::{Answer, Error, Outbound, Request};
use crate::domain::credential::{Credential, Kind};
use crate::domain::signature::{sign, signing_key};
use crate::domain::subscription::Attempted;

/// One delivery.
#[derive(Debug)]
pub struct Parcel {
    /// Where it goes.
    pub url: Url,
    /// Its id, the same in every attempt.
    pub id: String,
    /// What signs it: one key, or two while they are exchanged.
    pub keys: Vec<SigningKey>,
    /// What is delivered.
    pub body: Vec<u8>,
    /// How long the attempt may take.
    pub timeout: Duration,
}

/// A key that signs. Its `Debug` doesn't show it.
pub struct SigningKey(Vec<u8>);

impl SigningKey {
    /// The key that `secret` stands for: `whsec_` and base64.
    ///
    /// # Errors
    /// One sentence that says how a key is written.
    pub fn new(secret: &str) -> Result<Self, String> {
        signing_key(secret).map(Self)
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

/// Sends what `with` (rendered) says: `url`, `type`, `data`. The output is `{status, webhook_id}`.
///
/// The id is the same in every attempt, so that the other side knows a repeated delivery again. Anything but a 2xx is a failure,
/// redirects included; 410 says that no delivery is wanted any more and is not tried again.
pub(super) async fn send(outbound: &Outbound, with: &Value, context: StepContext) -> Result<Value, StepError> {
    let text = |field: &str| match &with[field] {
        Value::String(text) => Ok(text.as_str()),
        Value::Null => Err(user_error(format!("`with.{field}` is missing"))),
        _ => Err(user_error(format!("`with.{field}` must be text"))),
    };
    let url = Url::parse(text("url")?.trim()).map_err(|error| user_error(format!("`with.url` is not a URL: {error}")))?;
    let Some(credential) = context.credential.clone() else { return Err(user_error("`with.credential` is missing")) };
    let Kind::Signing { secret } = &credential.kind else {
        let kind = credential.kind.as_str();
        return Err(user_error(format!("the credential `{}` is of the type {kind}, which signs nothing", credential.name)));
    };
    let id = format!("msg_{}", &context.idempotency_key(0)[..32]);
    let parcel = Parcel {
        url,
        keys: vec![SigningKey::new(secret).map_err(user_error)?],
        body: payload(text("type")?, context.execution_id.admitted_at(), &with["data"]).to_string().into_bytes(),
        timeout: context.timeout,
        id,
    };
    let now = SystemClock.now();
    let id = parcel.id.clone();
    let asker = Asker { credential: Some(credential), context: Some(&context) };
    let answer = post(outbound, parcel, asker, now).await.map_err(|error| failed(&error, &context))?;
    if answer.status.is_success() {
        return Ok(json!({"status": answer.status.as_u16(), "webhook_id": id}));
    }
    Err(not_taken(&answer, now))
}

/// Makes one attempt to deliver to a subscription.
pub(super) async fn deliver(outbound: &Outbound, parcel: Parcel) -> Attempted {
    let now = SystemClock.now();
    match post(outbound, parcel, Asker { credential: None, context: None }, now).await {
        Ok(answer) if answer.status.is_success() => {
            Attempted { status: Some(answer.status.as_u16()), error: None, retry_after: None }
        }
        Ok(answer) => {
            // What else it says is kept nowhere: it may tell what others have sent it.
            let error = not_taken(&Answer { body: Vec::new(), ..answer }, now);
            let retry_after = error.retry_after.map(Duration::from_secs);
            Attempted { status: error.status, error: Some(error.message), retry_after }
        }
        Err(error) => {
            tracing::debug!(cause = ?error, "a delivery to a subscription failed");
            Attempted { status: None, error: Some(error.to_string()), retry_after: None }
        }
    }
}

/// What is delivered. The time is that of what happened, the same in every attempt.
pub fn payload(kind: &str, at: DateTime<Utc>, data: &Value) -> Value {
    json!({"type": kind, "timestamp": at.to_rfc3339_opts(SecondsFormat::Millis, true), "data": data})
}

/// Who sends a parcel.
struct Asker<'a> {
    credential: Option<Arc<Credential>>,
    /// The step, if it is one.
    context: Option<&'a StepContext>,
}

async fn post(outbound: &Outbound, parcel: Parcel, asker: Asker<'_>, now: DateTime<Utc>) -> Result<Answer, Error> {
    let Parcel { url, id, keys, body, timeout } = parcel;
    let signatures: Vec<String> = keys.iter().map(|key| sign(&key.0, &id, now, &body)).collect();
    let mut headers = headers(&id, now, &signatures.join(" "))?;
    if let Some(context) = asker.context {
        context.name_trace(&mut headers);
    }
    let credential = asker.credential;
    outbound.send(Request { method: Method::POST, url, headers, body, follow_redirects: false, timeout, credential }).await
}

/// The other side answered, and not with a 2xx.
fn not_taken(answer: &Answer, now: DateTime<Utc>) -> StepError {
    let why = match answer.status.as_u16() {
        410 => ", so it wants no deliveries any more",
        300..=399 => ", and redirects of deliveries are not followed",
        _ => "",
    };
    let error = refused(answer, why, now);
    if answer.status.is_redirection() { StepError { class: FailureClass::User, ..error } } else { error }
}

fn headers(id: &str, at: DateTime<Utc>, signatures: &str) -> Result<HeaderMap, Error> {
    let unsendable = |_| Error::Url("the delivery has no headers that can be sent".to_owned());
    let value = |text: &str| HeaderValue::try_from(text).map_err(unsendable);
    Ok(HeaderMap::from_iter([
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (USER_AGENT, HeaderValue::from_static(concat!("tidemill/", env!("CARGO_PKG_VERSION")))),
        (HeaderName::from_static("webhook-id"), value(id)?),
        (HeaderName::from_static("webhook-timestamp"), value(&at.timestamp().to_string())?),
        (HeaderName::from_static("webhook-signature"), value(signatures)?),
    ]))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use tidemill_common::ids::ExecutionId;

    use super::*;
    use crate::domain::credential::Settings;
    use crate::domain::signature::{Headers, Presented, Scheme, verify};
    use crate::runner::code::CodeLimits;
    use crate::runner::outbound::OutboundPolicy;
    use crate::runner::outbound::test_server::{Server, respond};

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn context(host: &str, kind: &str, attempt: u32) -> StepContext {
        let settings = Settings { hosts: vec![host.to_owned()], ..Settings::default() };
        StepContext {
            execution_id: ExecutionId("01890000-0000-7000-8000-000000000001".parse().unwrap()),
            step: "tell".into(),
            iteration: 0,
            attempt,
            timeout: Duration::from_secs(20),
            credential: Some(Arc::new(settings.credential("k".to_owned(), "shop", kind, Some(SECRET)).unwrap())),
            printed: None,
            trace: None,
            code_most: CodeLimits::NONE,
        }
    }

    async fn deliver(server: &Server, attempt: u32) -> Result<Value, StepError> {
        let policy = OutboundPolicy { allow: vec!["127.0.0.1/32".parse().unwrap()], ..OutboundPolicy::default() };
        let with = json!({"url": server.url("/in"), "type": "order.paid", "data": {"id": 7}});
        let host = format!("http://{}", server.address);
        send(&Outbound::new(policy).unwrap(), &with, context(&host, "signing", attempt)).await
    }

    #[tokio::test]
    async fn a_delivery_is_signed_and_repeated_under_its_id() {
        let server = Server::start("127.0.0.1", |_| respond("204 No Content", "", b"")).await;
        let output = deliver(&server, 1).await.unwrap();
        assert_eq!(output["status"], 204);
        deliver(&server, 2).await.unwrap();
        let ids: Vec<String> = server
            .requests()
            .iter()
            .map(|request| {
                let (head, body) = request.split_once("\r\n\r\n").unwrap();
                let headers: Vec<(&str, &[u8])> = head
                    .lines()
                    .skip(1)
                    .filter_map(|line| line.split_once(": "))
                    .map(|(name, value)| (name, value.as_bytes()))
                    .collect();
                let (headers, body_bytes, now) = (Headers(&headers), body.as_bytes(), SystemClock.now());
                let presented = Presented { headers, body: body_bytes, origins: &[], target: "/", now };
                let secrets = [SECRET.as_bytes().to_vec()];
                verify(&Scheme::StandardWebhooks, &secrets, Duration::from_secs(300), &presented).unwrap();
                assert!(
                    body.starts_with(r#"{"type":"order.paid","timestamp":"#) && body.ends_with(r#""data":{"id":7}}"#),
                    "{body}"
                );
                head.lines().find_map(|line| line.strip_prefix("webhook-id: ")).unwrap().to_owned()
            })
            .collect();
        assert!(ids[0] == ids[1] && output["webhook_id"] == ids[0].as_str());
    }

    #[tokio::test]
    async fn only_a_2xx_is_a_success() {
        for (status, class) in [
            ("302 Found", FailureClass::User),
            ("400 Bad", FailureClass::User),
            ("410 Gone", FailureClass::User),
            ("429 Slow", FailureClass::Infrastructure),
            ("500 Broken", FailureClass::Infrastructure),
        ] {
            let server = Server::start("127.0.0.1", move |_| respond(status, "location: /there\r\n", b"")).await;
            let error = deliver(&server, 1).await.unwrap_err();
            assert_eq!((error.class, server.requests().len()), (class, 1), "{status}: {}", error.message);
        }
    }

    #[tokio::test]
    async fn nothing_is_sent_to_another_host() {
        let server = Server::start("127.0.0.1", |_| respond("200 OK", "", b"")).await;
        let policy = OutboundPolicy { allow: vec!["127.0.0.1/32".parse().unwrap()], ..OutboundPolicy::default() };
        let outbound = Outbound::new(policy).unwrap();
        let with = json!({"url": server.url("/in"), "type": "a"});
        for (host, kind) in [("https://127.0.0.1", "signing"), ("shop.example", "signing")] {
            let error = send(&outbound, &with, context(host, kind, 1)).await.unwrap_err();
            assert!(error.message.contains("may not be sent to http://127.0.0.1"), "{}", error.message);
        }
        let wrong = send(&outbound, &with, context("shop.example", "bearer", 1)).await.unwrap_err();
        assert!(wrong.message.contains("signs nothing"), "{}", wrong.message);
        assert!(server.requests().is_empty());
    }
}
