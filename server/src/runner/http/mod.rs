//! The `http.request` step: one HTTP request, one answer. Start at [`request`].

mod answer;
mod input;
mod mask;
mod request;
mod retry_after;

#[cfg(test)]
mod tests;

pub use mask::{MASK, mask, mask_text, mask_values};
pub use request::{StepContext, request};
