//! Who sent this delivery? Checks the sender of a webhook on the raw bytes of its body.
//!
//! Pure: `now` and the secrets are arguments. Every comparison takes the same time whether it fails early or late, and
//! a refusal says the same to the sender whatever was wrong. Start at [`verify()`]; [`scheme`](Scheme) lists the ways to sign,
//! `senders` has the rules of those that sign in their own way, [`delivery_id`] and [`handshake`] read what was verified.

mod delivery;
mod header;
mod mac;
mod scheme;
mod senders;
mod sign;
mod stamp;
mod verify;

#[cfg(test)]
mod sender_tests;
#[cfg(test)]
mod tests;

pub use delivery::{Handshake, delivery_id, handshake};
pub use header::Headers;
pub use scheme::{Algorithm, Encoding, HmacScheme, Scheme};
pub use sign::{sign, signing_key};
pub use stamp::{SignedText, Stamp};
pub use verify::{Presented, SignatureError, verify};
