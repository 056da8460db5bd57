//! Why Stripe did not do it.

use thiserror::Error as ThisError;

use crate::runner::outbound;

/// Stripe did not do it. `Display` holds no key.
#[derive(Debug, ThisError)]
pub enum PaymentError {
    /// It can't be reached.
    #[error("Stripe can't be reached: {0}")]
    Unreachable(outbound::Error),
    /// It refused.
    #[error("Stripe answered {status}: {message}")]
    Refused {
        /// Its status.
        status: u16,
        /// What it said.
        message: String,
    },
    /// Its answer isn't what its documentation says.
    #[error("Stripe's answer can't be read: it has no `{0}`")]
    Unreadable(&'static str),
}
