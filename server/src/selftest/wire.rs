//! How the selftest speaks to the server: through the one client that this binary has.

use std::time::Duration;

use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use url::Url;

use super::Error;
use crate::runner::outbound::{self, Outbound, OutboundPolicy, Request};

/// Longest wait for an answer: a server that was killed leaves its connections to the operating system, which cuts them.
const PATIENCE: Duration = Duration::from_secs(20);

/// The client. Cheap to clone.
#[derive(Clone)]
pub(super) struct Wire(Outbound);

impl Wire {
    /// A client that may reach this machine.
    pub(super) fn new() -> Result<Self, Error> {
        let loopback = ipnet::IpNet::from(std::net::IpAddr::from([127, 0, 0, 1]));
        Ok(Self(Outbound::new(OutboundPolicy { allow: vec![loopback], ..OutboundPolicy::default() })?))
    }

    /// A request of the API, which must succeed.
    pub(super) async fn call(
        &self,
        server: &str,
        token: &str,
        (method, path): (Method, &str),
        (media_type, body): (&'static str, String),
    ) -> Result<(), Error> {
        let name = format!("{method} {path}");
        let headers = [(AUTHORIZATION, format!("Bearer {token}")), (CONTENT_TYPE, media_type.to_owned())];
        let (status, body) = self.send(&format!("{server}{path}"), method, &headers, body.into_bytes()).await?;
        if (200..300).contains(&status) {
            return Ok(());
        }
        let body = String::from_utf8_lossy(&body).chars().take(500).collect();
        Err(Error::Answer { request: name, status, body })
    }

    /// Delivers `body` to a webhook under the name `delivery`: the status, and the execution that the server names.
    pub(super) async fn deliver(
        &self,
        url: &str,
        delivery: &str,
        body: &Value,
    ) -> Result<(u16, Option<String>), outbound::Error> {
        let headers =
            [(HeaderName::from_static("idempotency-key"), delivery.to_owned()), (CONTENT_TYPE, "application/json".to_owned())];
        let (status, body) = self.send(url, Method::POST, &headers, body.to_string().into_bytes()).await?;
        let said: Option<Value> = serde_json::from_slice(&body).ok();
        let id = said.as_ref().and_then(|said| said["execution_id"].as_str()).map(str::to_owned);
        Ok((status, id))
    }

    /// Whether the server at `url` takes work.
    pub(super) async fn is_ready(&self, url: &str) -> bool {
        let answer = self.send(&format!("{url}/readyz"), Method::GET, &[], Vec::new()).await;
        answer.is_ok_and(|(status, _)| status == 200)
    }

    async fn send(
        &self,
        url: &str,
        method: Method,
        headers: &[(HeaderName, String)],
        body: Vec<u8>,
    ) -> Result<(u16, Vec<u8>), outbound::Error> {
        let url: Url = url.parse().map_err(|_| outbound::Error::Url(url.to_owned()))?;
        let value = |text: &str| HeaderValue::from_str(text).ok();
        let headers: HeaderMap = headers.iter().filter_map(|(name, text)| Some((name.clone(), value(text)?))).collect();
        let request = Request { method, url, headers, body, follow_redirects: false, timeout: PATIENCE, credential: None };
        let answer = self.0.send(request).await?;
        Ok((answer.status.as_u16(), answer.body))
    }
}
