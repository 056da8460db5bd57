//! Carries out what `domain::execution` decides, one task per execution of this node.
//!
//! [`Executor`] has the room and the list of what runs here; `execution_task` is the loop of one execution: decide, append,
//! act, wait. An execution gets here in two ways, admitted just now or claimed from the queue, and both begin with
//! `Input::Resume`; for one that is admitted, that first decision is usually made before ([`begun`]).

mod answers;
mod attempt;
mod begun;
mod calls;
mod code_meter;
mod code_most;
mod confidential;
mod desk;
mod execution_task;
mod failures;
mod files;
mod forced_end;
mod payloads;
mod plans;
mod printing;
mod service;
mod versions;

pub use begun::{Begun, First};
pub use calls::{Calls, NotCalled};
pub use code_meter::CodeMeter;
pub use code_most::{code_most, planned};
pub use desk::Desk;
pub use failures::Failures;
pub use forced_end::EndError;
pub use plans::Plans;
pub use service::{Executor, Parts};
pub use versions::{VersionError, VersionKey, Versions};
