//! Who sent this delivery? Checks the sender of a webhook on the raw bytes of its body.
//!
//! Pure: `now` and the secrets are arguments. Every comparison takes the same time whether it fails early or late, and
//! a refusal says the same to the sender whatever was wrong. Start at [`verify()`].

mod header;
mod scheme;
mod sign;
mod verify;

#[cfg(test)]
mod tests;

pub use header::Headers;
pub use scheme::{Algorithm, Encoding, HmacScheme, Scheme};
pub use sign::{sign, signing_key};
pub use verify::{SignatureError, TOLERANCE_SECONDS, delivery_id, verify};
