//! The collector: where it is, who asks, and whether it took what it was sent.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use url::Url;

use super::{metrics, traces};
use crate::domain::trace::{Sampling, Span};
use crate::runner::outbound::{Error, Outbound, Request};

/// How long one request may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What is sent where.
#[derive(Clone, PartialEq)]
pub struct OtlpOptions {
    /// The collector, without `/v1/traces`.
    pub endpoint: Url,
    /// Headers of every request; they may prove who asks.
    pub headers: HeaderMap,
    /// Which traces are sent.
    pub sampling: Sampling,
    /// Time between two reports of the metrics.
    pub metrics_every: Duration,
}

impl fmt::Debug for OtlpOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OtlpOptions").field("endpoint", &self.endpoint.as_str()).finish_non_exhaustive()
    }
}

/// Why something is not at the collector.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// It may take it later.
    #[error("{0}")]
    Later(String),
    /// It will never take it.
    #[error("{0}")]
    Never(String),
}

/// The way to the collector.
#[derive(Clone)]
pub struct Collector {
    outbound: Outbound,
    options: OtlpOptions,
    /// Which program this is.
    resource: Value,
    /// Since when it counts.
    since: DateTime<Utc>,
}

impl fmt::Debug for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Collector").field(&self.options).finish()
    }
}

impl Collector {
    /// The way to the collector through `outbound`, for the node called `node` whose id is `instance`.
    #[must_use]
    pub fn new(outbound: Outbound, options: OtlpOptions, (node, instance): (&str, &str), since: DateTime<Utc>) -> Self {
        let attributes = [
            ("service.name", "tidemill"),
            ("service.version", env!("CARGO_PKG_VERSION")),
            ("service.instance.id", instance),
            ("host.name", node),
        ];
        let attributes: Vec<_> = attributes.map(|(key, value)| json!({"key": key, "value": {"stringValue": value}})).into();
        Self { outbound, options, resource: json!({ "attributes": attributes }), since }
    }

    /// Which traces it gets.
    #[must_use]
    pub fn sampling(&self) -> Sampling {
        self.options.sampling
    }

    /// Time between two reports of the metrics.
    #[must_use]
    pub fn metrics_every(&self) -> Duration {
        self.options.metrics_every
    }

    /// Sends spans.
    ///
    /// # Errors
    /// [`SendError`] says whether it is worth trying again.
    pub async fn send_spans(&self, spans: &[Span]) -> Result<(), SendError> {
        self.post("v1/traces", &traces::request(&self.resource, spans)).await
    }

    /// Sends what the text of `/metrics` says at `now`.
    ///
    /// # Errors
    /// [`SendError`]; the next report says the same and more.
    pub async fn send_metrics(&self, text: &str, now: DateTime<Utc>) -> Result<(), SendError> {
        self.post("v1/metrics", &metrics::request(&self.resource, text, (self.since, now))).await
    }

    async fn post(&self, path: &str, body: &Value) -> Result<(), SendError> {
        let mut url = self.options.endpoint.clone();
        url.set_path(&format!("{}/{path}", url.path().trim_end_matches('/')));
        let mut headers = self.options.headers.clone();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let body = body.to_string().into_bytes();
        let (method, timeout) = (Method::POST, TIMEOUT);
        let request = Request { method, url, headers, body, follow_redirects: false, timeout, credential: None };
        let answer = self.outbound.send(request).await.map_err(|error| match error {
            Error::Url(_) | Error::Forbidden { .. } => SendError::Never(error.to_string()),
            error => SendError::Later(error.to_string()),
        })?;
        let status = answer.status;
        if status.is_success() {
            return Ok(());
        }
        let said = format!("the collector answered {status}");
        // OTLP 1.x, "OTLP/HTTP Response": what may be tried again.
        let later = [
            StatusCode::TOO_MANY_REQUESTS,
            StatusCode::BAD_GATEWAY,
            StatusCode::SERVICE_UNAVAILABLE,
            StatusCode::GATEWAY_TIMEOUT,
        ];
        Err(if later.contains(&status) { SendError::Later(said) } else { SendError::Never(said) })
    }
}

/// The headers in `text`: `name=value,name=value`, values percent-encoded where they must be, as `OTEL_EXPORTER_OTLP_HEADERS` has
/// them. `None` when it is not that.
#[must_use]
pub fn headers(text: &str) -> Option<HeaderMap> {
    let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty());
    let header = |pair: &str| {
        let (name, value) = pair.split_once('=')?;
        let value = percent_encoding::percent_decode_str(value.trim()).decode_utf8().ok()?;
        let mut value = HeaderValue::try_from(value.as_ref()).ok()?;
        value.set_sensitive(true);
        Some((HeaderName::try_from(name.trim()).ok()?, value))
    };
    pairs.map(header).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_pairs() {
        let found = headers("authorization=Bearer%20x%3D, x-scope = a ,").unwrap();
        assert_eq!((found["authorization"].to_str().unwrap(), found["x-scope"].to_str().unwrap()), ("Bearer x=", "a"));
        assert!(headers("authorization").is_none() && headers("a b=c").is_none() && headers("a=%0A").is_none());
        assert!(headers("").unwrap().is_empty());
    }
}
