//! Who takes the money: Stripe, spoken to through its API. Without it, people do.

mod error;
mod event;
mod stripe;

pub use error::PaymentError;
pub use event::StripeEvent;
pub use stripe::{PaidInvoice, Payer, Stripe, StripeOptions, StripeSubscription};
