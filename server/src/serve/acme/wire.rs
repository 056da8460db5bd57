//! The authority is spoken to by the one client that goes out.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http_body_util::BodyExt as _;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use url::Url;

use crate::runner::outbound::{Outbound, Request};

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The way to the authority.
pub(super) struct Wire(pub(super) Outbound);

type Answered = Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>>;

impl HttpClient for Wire {
    fn request(&self, request: http::Request<BodyWrapper<Bytes>>) -> Answered {
        let outbound = self.0.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let request = Request {
                method: parts.method,
                url: Url::parse(&parts.uri.to_string()).map_err(other)?,
                headers: parts.headers,
                body: body.collect().await.map_err(other)?.to_bytes().into(),
                follow_redirects: false,
                timeout: PATIENCE,
                credential: None,
            };
            let answer = outbound.send(request).await.map_err(other)?;
            let mut response = Response::new(BodyWrapper::from(answer.body));
            *response.status_mut() = answer.status;
            *response.headers_mut() = answer.headers;
            Ok(BytesResponse::from(response))
        })
    }
}

fn other(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Other(Box::new(error))
}
