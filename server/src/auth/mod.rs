//! Who is asking and what they may do: tokens, roles.
//!
//! [`Secret`] is the token as a client sends it, [`Authenticator`] finds whose it is, [`policy`] says which role an operation
//! needs. Nothing here knows HTTP.

mod authenticator;
mod caller;
pub mod policy;
mod secret;

pub use authenticator::{Authenticator, Error};
pub use caller::Caller;
pub use policy::Operation;
pub use secret::Secret;
