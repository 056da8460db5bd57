//! What the server and its clients say to each other, and nothing else.
//!
//! Here live ids, the clock trait, published limits, events, wire types, problems. Nothing here
//! does I/O, knows a database, or draws. Start reading at [`event`]: everything an execution is, is a fold of events.

pub mod api;
pub mod awaited;
pub mod clock;
pub mod event;
pub mod ids;
pub mod limits;
pub mod payload;
pub mod problem;
pub mod status;
pub mod step_protocol;
