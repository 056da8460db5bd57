//! How a request is sent, repeated and answered.

use std::error::Error as StdError;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Method, StatusCode, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tidemill_common::problem::Problem;
use uuid::Uuid;

use super::{Backoff, Error, tls};

/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest wait for a whole answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// First and longest pause between tries.
const RETRY_BASE: Duration = Duration::from_millis(200);
const RETRY_CAP: Duration = Duration::from_secs(5);
/// Tries of one request, the first included.
const TRIES: u32 = 5;
/// A server that asks for more patience than this gets the question again from the caller, not from us.
const LONGEST_RETRY_AFTER: u64 = 30;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const WORKSPACE: HeaderName = HeaderName::from_static("tidemill-workspace");

/// Which server, and who asks.
#[derive(Clone)]
pub struct ClientConfig {
    /// The server's base URL.
    pub server: String,
    /// The API token.
    pub token: String,
    /// Slug or id of the workspace to act on; the token's own when absent.
    pub workspace: Option<String>,
    /// File with a certificate authority (PEM) that is trusted besides the machine's.
    pub ca: Option<PathBuf>,
}

/// Talks to one server. Cheap to clone: clones share connections.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    headers: HeaderMap,
    tls: Arc<rustls::ClientConfig>,
    tries: u32,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("server", &self.base.as_str()).finish_non_exhaustive()
    }
}

impl Client {
    /// A client of the server in `config`. Connects to nothing yet.
    pub fn new(config: &ClientConfig) -> Result<Self, Error> {
        let base = parse_server(&config.server)?;
        let headers = standing_headers(config)?;
        let tls = tls::config(config.ca.as_deref())?;
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls::for_requests(&tls))
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(ANSWER_TIMEOUT)
            .user_agent(concat!("tidemill/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Error::Setup(error.into()))?;
        Ok(Self { http, base, headers, tls: Arc::new(tls), tries: TRIES })
    }

    /// The same client, but each request is tried `tries` times at most; 1 means no repetition.
    #[must_use]
    pub fn with_tries(mut self, tries: u32) -> Self {
        self.tries = tries.max(1);
        self
    }

    /// The same client, which acts on another workspace.
    pub fn within(mut self, workspace: &str) -> Result<Self, Error> {
        self.headers.insert(WORKSPACE, workspace_header(workspace)?);
        Ok(self)
    }

    /// The server's base URL, without a slash at the end.
    #[must_use]
    pub fn server(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    /// Where its connections go: host and port.
    pub(super) fn door(&self) -> (&str, u16) {
        (self.base.host_str().unwrap_or_default().trim_matches(['[', ']']), self.base.port_or_known_default().unwrap_or(80))
    }

    /// The headers that every request carries, for the WebSockets.
    pub(super) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Whom the WebSockets trust.
    pub(super) fn tls(&self) -> Arc<rustls::ClientConfig> {
        Arc::clone(&self.tls)
    }

    /// A request without body to the path made of `segments`, which are encoded as needed.
    pub(super) fn call(&self, method: Method, segments: &[&str]) -> Call {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        Call { method, url, headers: HeaderMap::new(), body: None, patience: None }
    }

    /// Sends any request: `path` begins with `/`; for endpoints that this client has no method for.
    pub async fn raw(&self, method: Method, path: &str, body: Option<(Vec<u8>, &str)>) -> Result<Answer, Error> {
        let invalid = || Error::InvalidServer { server: format!("{}{path}", self.server()) };
        let url = Url::parse(&format!("{}{path}", self.server())).map_err(|_| invalid())?;
        let mut call = Call { method, url, headers: HeaderMap::new(), body: None, patience: None };
        if let Some((bytes, media_type)) = body {
            call = call.content(bytes, media_type);
        }
        self.send(call).await
    }

    /// Sends `call` and reads the JSON answer.
    pub(super) async fn fetch<T: DeserializeOwned>(&self, call: Call) -> Result<T, Error> {
        let answer = self.send(call).await?;
        serde_json::from_slice(&answer.body).map_err(|error| self.not_understood(error))
    }

    /// Sends `call` and gives the answer as it came.
    pub(super) async fn answer(&self, call: Call) -> Result<Answer, Error> {
        self.send(call).await
    }

    /// Sends `call` and expects success, whatever the answer says.
    pub(super) async fn done(&self, call: Call) -> Result<(), Error> {
        self.send(call).await.map(|_| ())
    }

    /// Sends `call`, again while the failure is transient. Writes carry one idempotency key over all tries.
    async fn send(&self, mut call: Call) -> Result<Answer, Error> {
        if !call.method.is_safe() {
            let key = HeaderValue::from_str(&Uuid::new_v4().to_string()).map_err(|error| Error::Setup(error.into()))?;
            call.headers.insert(IDEMPOTENCY_KEY, key);
        }
        let mut backoff = Backoff::new(RETRY_BASE, RETRY_CAP);
        loop {
            let error = match self.send_once(&call).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let asked = error.retry_after().unwrap_or_default();
            let delay = backoff.next_delay().max(Duration::from_secs(asked));
            if !error.is_transient() || backoff.failures() >= self.tries || asked > LONGEST_RETRY_AFTER {
                return Err(error);
            }
            tracing::debug!(%error, ?delay, "trying again");
            tokio::time::sleep(delay).await;
        }
    }

    async fn send_once(&self, call: &Call) -> Result<Answer, Error> {
        let mut request = self.http.request(call.method.clone(), call.url.clone()).headers(self.headers.clone());
        request = request.headers(call.headers.clone());
        if let Some(body) = &call.body {
            request = request.body(body.clone());
        }
        if let Some(patience) = call.patience {
            request = request.timeout(patience);
        }
        let response = request.send().await.map_err(|error| self.unreachable(error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.bytes().await.map_err(|error| self.unreachable(error))?.to_vec();
        if status.is_success() {
            return Ok(Answer { status: status.as_u16(), headers, body });
        }
        Err(Error::Problem(Box::new(read_problem(status, &headers, &body))))
    }

    pub(super) fn unreachable(&self, source: impl Into<super::error::Source>) -> Error {
        let (server, source) = (self.server().to_owned(), source.into());
        if is_distrust(&*source) { Error::Untrusted { server, source } } else { Error::Unreachable { server, source } }
    }

    pub(super) fn not_understood(&self, source: impl Into<super::error::Source>) -> Error {
        Error::InvalidAnswer { server: self.server().to_owned(), source: source.into() }
    }
}

/// Whether the server's certificate was refused. Below HTTP and WebSockets errors lose their types: only the words are left.
fn is_distrust(error: &(dyn StdError + 'static)) -> bool {
    error.to_string().contains("invalid peer certificate") || error.source().is_some_and(is_distrust)
}

/// A successful answer, as it came.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status, 200 to 299.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

/// One request that may be sent several times.
pub(super) struct Call {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Option<Vec<u8>>,
    patience: Option<Duration>,
}

impl Call {
    /// Waits this long for the answer, not as long as usual.
    pub(super) fn patience(mut self, patience: Duration) -> Self {
        self.patience = Some(patience);
        self
    }

    /// Adds a query parameter, if there is a value.
    pub(super) fn query(mut self, name: &str, value: Option<impl fmt::Display>) -> Self {
        if let Some(value) = value {
            self.url.query_pairs_mut().append_pair(name, &value.to_string());
        }
        self
    }

    /// Sets a header.
    pub(super) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Sets the body to `value` as JSON.
    pub(super) fn json(self, value: &impl Serialize) -> Self {
        let bytes = serde_json::to_vec(value).expect("wire types have string keys and no failing serializers");
        self.content(bytes, "application/json")
    }

    /// Sets the body and its media type.
    pub(super) fn content(mut self, bytes: Vec<u8>, media_type: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(media_type) {
            self.headers.insert(CONTENT_TYPE, value);
        }
        self.body = Some(bytes);
        self
    }

    pub(super) fn into_url(self) -> Url {
        self.url
    }
}

fn parse_server(server: &str) -> Result<Url, Error> {
    let invalid = || Error::InvalidServer { server: server.to_owned() };
    let url = Url::parse(server.trim()).map_err(|_| invalid())?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() || url.query().is_some() {
        return Err(invalid());
    }
    Ok(url)
}

fn standing_headers(config: &ClientConfig) -> Result<HeaderMap, Error> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json, application/problem+json"));
    if !config.token.is_empty() {
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", config.token)).map_err(|_| Error::InvalidToken)?;
        bearer.set_sensitive(true);
        headers.insert(AUTHORIZATION, bearer);
    }
    if let Some(workspace) = &config.workspace {
        headers.insert(WORKSPACE, workspace_header(workspace)?);
    }
    Ok(headers)
}

fn workspace_header(workspace: &str) -> Result<HeaderValue, Error> {
    HeaderValue::from_str(workspace).map_err(|_| Error::InvalidWorkspace(workspace.to_owned()))
}

/// The problem in an answer, or one made of its status when something before the server answered.
pub(super) fn read_problem(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Problem {
    let mut problem = serde_json::from_slice::<Problem>(body).unwrap_or_else(|_| {
        let title = status.canonical_reason().unwrap_or("No success").to_owned();
        Problem {
            kind: "about:blank".to_owned(),
            detail: format!("the answer was {status}, without a word about why; something before the server may have given it"),
            title,
            status: status.as_u16(),
            code: format!("http_{}", status.as_u16()),
            request_id: None,
            retry_after: None,
            errors: Vec::new(),
            quota: None,
        }
    });
    if problem.retry_after.is_none() {
        problem.retry_after = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    }
    problem
}

#[cfg(test)]
#[path = "http_tests.rs"]
mod tests;
