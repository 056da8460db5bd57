//! The one outbound HTTP client of the binary.
//!
//! It speaks only to addresses that everybody on the internet can reach, unless the operator allows more. The address is
//! checked where the connection is made, on every hop, so that neither DNS nor a redirect can change it afterwards.
//! Start at [`Outbound`]; what an address is allowed for is said in [`address`](AddressPolicy).

mod address;
mod body;
mod client;
mod error;
mod patience;
mod places;
mod policy;
mod proof;
mod rates;
mod redirect;
mod resolver;
mod tls;
mod token;

#[cfg(test)]
mod corpus_step_tests;
#[cfg(test)]
mod corpus_tests;
#[cfg(test)]
mod feature_tests;
#[cfg(test)]
mod socket_tests;
#[cfg(test)]
pub(in crate::runner) mod test_server;
#[cfg(test)]
mod tls_tests;

pub use address::AddressPolicy;
pub use client::{Answer, Outbound, Request};
pub use error::Error;
pub use policy::{OutboundPolicy, OutboundProxy};
pub use resolver::{Lookup, SystemLookup};
