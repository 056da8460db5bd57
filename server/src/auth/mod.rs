//! Who is asking and what they may do: tokens, roles.
//!
//! [`Secret`] is the token as a client sends it, [`Authenticator`] finds whose it is, [`policy`] says which role an operation
//! needs. [`password`] and [`second_factor`] check how people sign in, with the account key of [`crate::secrets`]. Nothing here knows HTTP.

mod authenticator;
mod caller;
pub mod password;
pub mod policy;
mod policy_table;
pub mod second_factor;
mod secret;
pub mod user_code;

pub use authenticator::{Authenticator, Error, IDLE, RECHECKED};
pub use caller::{Caller, Grant, WorkspaceState};
pub use policy::Operation;
pub use secret::{Kind, Secret};
