//! A plain HTTP client that knows a server and a token: what a stranger's program would send.

use std::fs;
use std::path::Path;
use std::sync::Once;

use reqwest::header::HeaderMap;
use reqwest::{Certificate, ClientBuilder, Method};
use serde_json::Value;

/// Speaks to one server with one token.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
    workspace: Option<String>,
}

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as text.
    pub text: String,
}

impl Client {
    /// A client of the server at `base` (`http://127.0.0.1:7700`).
    pub fn new(base: &str, token: Option<&str>) -> Self {
        Self::with(base, token, |builder| builder)
    }

    /// One that trusts the certificate authority in the file `ca`, and no other.
    pub fn trusting(base: &str, token: Option<&str>, ca: &Path) -> Self {
        let pem = fs::read(ca).expect("the authority's file");
        let authority = Certificate::from_pem(&pem).expect("a certificate");
        Self::with(base, token, |builder| builder.tls_certs_only([authority]))
    }

    fn with(base: &str, token: Option<&str>, trust: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Self {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| {
            rustls::crypto::ring::default_provider().install_default().ok();
        });
        let builder = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        let http = trust(builder).build().expect("a client");
        Self { http, base: base.trim_end_matches('/').to_owned(), token: token.map(str::to_owned), workspace: None }
    }

    /// The same client without a token.
    #[must_use]
    pub fn anonymous(&self) -> Self {
        Self { token: None, ..self.clone() }
    }

    /// The same client with another token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The same client, acting on another workspace.
    #[must_use]
    pub fn in_workspace(&self, slug: &str) -> Self {
        Self { workspace: Some(slug.to_owned()), ..self.clone() }
    }

    /// A request that can be changed before it is sent. `path` begins with `/`.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(workspace) = &self.workspace {
            request = request.header("Tidemill-Workspace", workspace);
        }
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path)).await
    }

    /// POST with a JSON body.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        Answer::of(self.request(Method::POST, path).json(body)).await
    }

    /// PUT with a JSON body.
    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        Answer::of(self.request(Method::PUT, path).json(body)).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::DELETE, path)).await
    }
}

impl Answer {
    /// Sends `request` and reads the answer.
    pub async fn of(request: reqwest::RequestBuilder) -> Self {
        Self::try_of(request).await.unwrap_or_else(|error| panic!("no answer: {error:?}"))
    }

    /// [`Self::of`] for a server that may be away.
    pub async fn try_of(request: reqwest::RequestBuilder) -> Result<Self, reqwest::Error> {
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Self { status, headers, text: response.text().await? })
    }

    /// The answer, which must have `status`.
    #[must_use]
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// The body as JSON.
    #[must_use]
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {}", self.text))
    }
}
