//! From the tree to the plan: every rule of the file, all violations at once.
//!
//! [`workflow()`] is the way in. `graph` knows which step ends before which, `expressions` what an expression may read there.

mod code;
mod concurrency;
mod expressions;
mod graph;
mod http;
mod ids;
mod outside;
mod rate_limit;
mod repeat;
mod retry;
mod steps;
mod switch;
mod triggers;
mod waits;
mod webhooks;
mod workflow;

pub(super) use workflow::workflow;

/// The fields that each object of the file may have, by its place in the JSON Schema.
#[cfg(test)]
pub(super) fn fields_of() -> [(&'static str, &'static [&'static str]); 13] {
    [
        ("/properties", &workflow::FIELDS),
        ("/$defs/concurrency/properties", &concurrency::FIELDS),
        ("/$defs/rate_limit/properties", &rate_limit::FIELDS),
        ("/$defs/step/properties", &steps::FIELDS),
        ("/$defs/for_each/properties", &repeat::FOR_EACH_FIELDS),
        ("/$defs/while/properties", &repeat::WHILE_FIELDS),
        ("/$defs/switch/properties", &switch::FIELDS),
        ("/$defs/call/properties", &outside::CALL_FIELDS),
        ("/$defs/approval/properties", &outside::APPROVAL_FIELDS),
        ("/$defs/retry/properties", &retry::FIELDS),
        ("/$defs/http_request/properties", &http::FIELDS),
        ("/$defs/webhook/properties", &webhooks::FIELDS),
        ("/$defs/schedule/properties", &triggers::SCHEDULE_FIELDS),
    ]
}
