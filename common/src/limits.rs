//! The published table of limits. Each gives a 4xx or a named failure, never an out-of-memory.

/// Largest workflow file, in bytes.
pub const WORKFLOW_BYTES: usize = 1024 * 1024;
/// Most steps of one workflow.
pub const WORKFLOW_STEPS: usize = 500;
/// Most triggers of one workflow.
pub const WORKFLOW_TRIGGERS: usize = 50;
/// Deepest nesting of a workflow file and of any JSON that the server reads.
pub const JSON_DEPTH: usize = 64;
/// Longest expression or template, in bytes.
pub const EXPRESSION_BYTES: usize = 16 * 1024;
/// Largest result of one expression or template, in bytes of JSON.
pub const EXPRESSION_RESULT_BYTES: usize = 1024 * 1024;
/// Instructions that one expression may execute.
pub const EXPRESSION_FUEL: u64 = 100_000;
/// Largest body of an API request, in bytes.
pub const API_BODY_BYTES: usize = 1024 * 1024;
/// Largest body of a webhook delivery, in bytes.
pub const WEBHOOK_BODY_BYTES: usize = 10 * 1024 * 1024;
/// Largest input of a manual execution, in bytes of JSON.
pub const INPUT_BYTES: usize = 1024 * 1024;
/// Largest answer that an `http.request` step reads, in bytes.
pub const HTTP_RESPONSE_BYTES: usize = 8 * 1024 * 1024;
/// Largest page of a list.
pub const PAGE_ITEMS: usize = 200;
/// Longest durable wait, in seconds (366 days).
pub const WAIT_SECONDS: u64 = 366 * 24 * 60 * 60;
/// Most attempts of one step.
pub const STEP_ATTEMPTS: u32 = 100;
/// Most iterations of one step: items of `for_each`, turns of `while`.
pub const STEP_ITERATIONS: u32 = 10_000;
/// Most iterations of one step at once.
pub const STEP_ITERATIONS_AT_ONCE: u32 = 1_000;
/// How deep executions may call each other.
pub const CALL_DEPTH: u32 = 16;
/// How long the sender of a webhook waits for an output or a `respond` step before it gets 202, in seconds.
pub const RESPOND_SECONDS: u64 = 30;
/// The same at most, when the webhook says `respond_within`.
pub const RESPOND_SECONDS_MOST: u64 = 300;
/// How long a code step may take, in seconds, unless its workflow says less.
pub const CODE_SECONDS: u64 = 30;
/// Memory that a code step may take, in bytes, unless its workflow says otherwise.
pub const CODE_MEMORY_BYTES: u64 = 512 * 1024 * 1024;
/// Longest code of one step, in bytes.
pub const CODE_BYTES: usize = 256 * 1024;
/// Largest input of a code step, in bytes of JSON.
pub const CODE_INPUT_BYTES: usize = 16 * 1024 * 1024;
/// Least memory that a code step can be given, in MiB.
pub const CODE_MEMORY_MIB_LEAST: u32 = 16;
/// Most memory that an operator can let a code step have, in MiB (64 GiB).
pub const CODE_MEMORY_MIB_MOST: u32 = 64 * 1024;
/// Longest time that an operator can let a code step have, in seconds.
pub const CODE_SECONDS_MOST: u64 = 3600;
/// Largest output that an operator can let a code step have, in KiB of JSON (64 MiB).
pub const CODE_OUTPUT_KIB_MOST: u32 = 64 * 1024;
/// Longest log that an operator can let a code step have, in KiB (16 MiB).
pub const CODE_LOG_KIB_MOST: u32 = 16 * 1024;
/// Largest output of a code step, in bytes of JSON, unless its workflow says otherwise.
pub const CODE_OUTPUT_BYTES: usize = 8 * 1024 * 1024;
/// Longest log of a code step, in bytes, unless its workflow says otherwise; the rest is cut.
pub const CODE_LOG_BYTES: usize = 1024 * 1024;
/// Largest input or output that stands in its event, in bytes of JSON; a larger one is kept apart, and the event refers to it.
pub const PAYLOAD_INLINE_BYTES: usize = 32 * 1024;
/// Largest payloads, in bytes of JSON, with which the view of an execution is filled; beyond, it shows references.
pub const PAYLOAD_SHOWN_BYTES: u64 = 1024 * 1024;
/// Longest beginning of a payload that its reference shows, in bytes.
pub const PAYLOAD_PREVIEW_BYTES: usize = 200;
/// Largest input or output of an execution or a step, in MiB of JSON, unless the operator says otherwise.
pub const PAYLOAD_MIB: u32 = 16;
/// The same at most, when the operator says so.
pub const PAYLOAD_MIB_MOST: u32 = 64;
/// Largest inputs and outputs of one execution together, in MiB of JSON, unless the operator says otherwise.
pub const EXECUTION_PAYLOAD_MIB: u32 = 256;
/// The same at most, when the operator says so.
pub const EXECUTION_PAYLOAD_MIB_MOST: u32 = 4096;
/// Memory that a node gives to payloads that are kept apart, in MiB, unless the operator says otherwise.
pub const NODE_PAYLOAD_MIB: u32 = 128;
/// The same at least.
pub const NODE_PAYLOAD_MIB_LEAST: u32 = 16;
/// The same at most.
pub const NODE_PAYLOAD_MIB_MOST: u32 = 1024 * 1024;
