//! The state machine against small plans.
