//! The `http.request` step: one HTTP request, one answer. Start at [`request()`].

mod answer;
mod auth;
mod input;
mod request;
mod retry_after;

#[cfg(test)]
mod tests;

pub use request::{StepContext, request};
