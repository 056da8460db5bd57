//! GitHub's side: push payloads, signatures, and sending them as GitHub does.

use std::time::Duration;

use hmac::{Hmac, Mac as _};
use reqwest::StatusCode;
use reqwest::header::RETRY_AFTER;
use serde_json::{Value, json};
use sha2::Sha256;
use tidemill_common::api::trigger::DeliveryView;
use uuid::Uuid;

use super::commits::{Commit, History};
use crate::cli::Error;
use crate::client::{Backoff, tls};

/// Longer than a server waits before it answers a delivery.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(45);
/// Tries of one delivery.
const TRIES: u32 = 6;

/// The payload of a push of one commit.
#[must_use]
pub fn payload(history: &History, index: usize) -> Value {
    let commit = &history.commits[index];
    let before = index.checked_sub(1).map_or_else(|| "0".repeat(40), |before| history.commits[before].id.clone());
    let (owner, name) = history.repository.split_once('/').unwrap_or(("local", &history.repository));
    json!({
        "ref": format!("refs/heads/{}", history.branch),
        "before": before,
        "after": commit.id,
        "created": index == 0,
        "deleted": false,
        "forced": false,
        "repository": {
            "name": name,
            "full_name": history.repository,
            "private": true,
            "owner": { "name": owner, "login": owner },
            "default_branch": history.branch
        },
        "pusher": { "name": commit.author.name, "email": commit.author.email },
        "sender": { "login": commit.author.name, "type": "User" },
        "commits": [commit_value(commit)],
        "head_commit": commit_value(commit)
    })
}

fn commit_value(commit: &Commit) -> Value {
    let mut value = serde_json::to_value(commit).expect("commits have string keys");
    value["distinct"] = true.into();
    value["committer"] = value["author"].clone();
    value
}

/// `X-Hub-Signature-256`: HMAC-SHA256 (RFC 2104) over the raw body, in lower-case hexadecimal.
#[must_use]
pub fn signature(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

/// Where deliveries go, and how they are signed.
#[derive(Debug, Clone)]
pub struct Sender {
    http: reqwest::Client,
    url: String,
    secret: String,
}

impl Sender {
    /// Sends to `url`, signed with `secret`.
    pub fn new(url: String, secret: String) -> Result<Self, Error> {
        let builder = reqwest::Client::builder().tls_backend_preconfigured(tls::for_requests(&tls::config(None)?));
        let built = builder.timeout(ANSWER_TIMEOUT).user_agent("GitHub-Hookshot/tidemill-demo").build();
        let http = built.map_err(|error| Error::Demo(format!("the sender could not be set up: {error}")))?;
        Ok(Self { http, url, secret })
    }

    /// Sends `payload`, again with the same delivery id when the server has no room.
    pub async fn send(&self, payload: &Value) -> Result<DeliveryView, Error> {
        let body = payload.to_string().into_bytes();
        let delivery = Uuid::new_v4().to_string();
        let mut backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(5));
        loop {
            let request = self.http.post(&self.url).body(body.clone()).header("content-type", "application/json");
            let request = request.header("x-github-event", "push").header("x-github-delivery", &delivery);
            let answer = request.header("x-hub-signature-256", signature(&self.secret, &body)).send().await;
            let answer = answer.map_err(|error| Error::Demo(format!("a delivery was not answered: {error}")))?;
            let status = answer.status();
            let busy = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
            if busy && backoff.failures() < TRIES {
                let asked = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
                tokio::time::sleep(backoff.next_delay().max(Duration::from_secs(asked.unwrap_or(0)))).await;
                continue;
            }
            let text = answer.text().await.map_err(|error| Error::Demo(format!("an answer broke off: {error}")))?;
            if !status.is_success() {
                return Err(Error::Demo(format!("a delivery was answered with {status}: {text}")));
            }
            return serde_json::from_str(&text).map_err(|error| Error::Demo(format!("{error} in the answer {text}")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_the_one_of_githubs_documentation() {
        let signature = signature("It's a Secret to Everybody", b"Hello, World!");
        assert_eq!(signature, "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17");
    }

    #[tokio::test]
    async fn the_payload_has_githubs_shape() {
        let dir = tempfile::tempdir().unwrap();
        let history = super::super::commits::read(dir.path(), 2).await.unwrap();
        let push = payload(&history, 1);
        assert_eq!(push["ref"], "refs/heads/main");
        assert_eq!(push["before"], history.commits[0].id.as_str());
        assert_eq!(push["after"], push["head_commit"]["id"]);
        assert_eq!(push["commits"][0]["modified"][0], "README.md");
        assert_eq!(push["repository"]["full_name"], "example/shop");
        assert_eq!(payload(&history, 0)["before"], "0".repeat(40));
    }
}
