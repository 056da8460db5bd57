//! The state machine of one execution: a fold of events, and what to do next.
//!
//! [`State`] is the fold: what an execution is, computed from its events and nothing else. [`Execution`] decides: it takes an
//! [`Input`], records the events that follow, and returns the [`Action`]s that somebody with hands must carry out. Steps
//! without outside effects (`transform`, `fail`, conditions) are evaluated right here, so that a run of them is one append.
//! Recovery is the same machine: fold the events, then decide on [`Input::Resume`].

mod awaiting;
mod finish;
mod iterate;
mod machine;
mod pause;
mod payloads;
mod report;
mod start;
mod state;
mod step_state;

#[cfg(test)]
mod tests;

pub use awaiting::{Answer, Answered, Calling, Decided};
pub use machine::{Action, Execution, Input, RunStep, Secrets};
pub use payloads::{Open, keep};
pub use report::{FAILURE_TRIGGER, FailureReport};
pub use state::{CancelRequest, Caught, End, FoldError, PauseRequest, State};
pub use step_state::{Awaits, Iterations, Place, Progress, StepState};
