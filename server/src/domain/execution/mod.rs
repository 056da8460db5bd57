//! The state machine of one execution: a fold of events, and what to do next.
