//! Reads an answer's body, never more than the limit, and a large one only when there is memory for it.

use reqwest::Response;
use tidemill_common::limits::PAYLOAD_INLINE_BYTES;

use super::Error;
use super::patience::Patience;
use crate::budget::{Budget, HANDLED, Share};

/// Why the body could not be read.
pub(super) enum BodyError {
    /// Larger than the limit, as declared or as read (after decompression).
    TooLarge,
    /// The connection broke off.
    Broken(reqwest::Error),
}

/// The whole body of `response`, if it has at most `limit` bytes after decompression, and the memory that a large one takes.
pub(super) async fn read(
    mut response: Response,
    limit: usize,
    budget: &Budget,
    patience: &Patience,
) -> Result<(Vec<u8>, Option<Share>), BodyError> {
    let declared = response.content_length();
    if declared.is_some_and(|length| length > limit as u64) {
        return Err(BodyError::TooLarge);
    }
    let (mut body, mut share): (Vec<u8>, Option<Share>) = (Vec::new(), None);
    while let Some(chunk) = response.chunk().await.map_err(BodyError::Broken)? {
        if body.len() + chunk.len() > limit {
            return Err(BodyError::TooLarge);
        }
        if share.is_none() && body.len() + chunk.len() > PAYLOAD_INLINE_BYTES {
            let expected = declared.unwrap_or(limit as u64);
            share = Some(patience.suspended(budget.enter(expected * HANDLED)).await);
            body.reserve_exact(usize::try_from(expected).unwrap_or(limit).saturating_sub(body.len()));
        }
        body.extend_from_slice(&chunk);
    }
    if let Some(share) = &mut share {
        body.shrink_to_fit();
        share.set(body.len() as u64 * HANDLED);
    }
    Ok((body, share))
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
