//! From the tree to the plan: every rule of the file, all violations at once.
//!
//! [`workflow()`] is the way in. `graph` knows which step ends before which, `expressions` what an expression may read there.

mod calls;
mod code;
mod concurrency;
mod conditions;
mod expressions;
mod forms;
mod graph;
mod http;
mod ids;
mod outside;
mod pagination;
mod rate_limit;
mod repeat;
mod responds;
mod retry;
mod schedules;
mod send;
mod senders;
mod steps;
mod switch;
mod triggers;
mod visitors;
mod waits;
mod webhooks;
mod workflow;

pub(super) use workflow::workflow;

/// The fields that each object of the file may have, by its place in the JSON Schema.
#[cfg(test)]
pub(super) fn fields_of() -> Vec<(&'static str, &'static [&'static str])> {
    vec![
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
        ("/$defs/pagination/properties", &pagination::FIELDS),
        ("/$defs/email_send/properties", &send::EMAIL_FIELDS),
        ("/$defs/webhook_send/properties", &send::WEBHOOK_FIELDS),
        ("/$defs/webhook/properties", &webhooks::FIELDS),
        ("/$defs/webhook/properties/rate_limit/properties", &visitors::RATE_LIMIT_FIELDS),
        ("/$defs/webhook/properties/cors/properties", &visitors::CORS_FIELDS),
        ("/$defs/webhook_auth/oneOf/3/properties", &senders::GENERIC_FIELDS),
        ("/$defs/respond/properties", &responds::FIELDS),
        ("/$defs/schedule/properties", &schedules::FIELDS),
        ("/$defs/condition/properties", &conditions::FIELDS),
        ("/$defs/condition/properties/check/properties", &conditions::CHECK_FIELDS),
        ("/$defs/event/properties", &conditions::EVENT_FIELDS),
        ("/$defs/form/properties", &forms::FIELDS),
        ("/$defs/call_trigger/properties", &calls::FIELDS),
    ]
}
