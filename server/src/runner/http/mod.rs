//! The `http.request` step: one HTTP request and its answer, or page after page. Start at [`request()`].

mod answer;
mod auth;
mod body;
mod input;
mod pages;
mod request;
mod retry_after;

#[cfg(test)]
mod tests;

pub use request::{StepContext, request};
pub(in crate::runner) use request::{failed, refused, user_error};
