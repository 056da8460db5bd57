//! Reads an answer's body, never more than the limit.

use reqwest::Response;

use super::Error;

/// Why the body could not be read.
pub(super) enum BodyError {
    /// Larger than the limit, as declared or as read (after decompression).
    TooLarge,
    /// The connection broke off.
    Broken(reqwest::Error),
}

/// The whole body of `response`, if it has at most `limit` bytes after decompression.
pub(super) async fn read(mut response: Response, limit: usize) -> Result<Vec<u8>, BodyError> {
    if response.content_length().is_some_and(|length| length > limit as u64) {
        return Err(BodyError::TooLarge);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(BodyError::Broken)? {
        if body.len() + chunk.len() > limit {
            return Err(BodyError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

impl BodyError {
    /// The same as an error of a request to `host`.
    pub(super) fn at(self, host: &str) -> Error {
        match self {
            Self::TooLarge => Error::TooLarge,
            Self::Broken(source) => Error::from_client(source, host),
        }
    }
}
