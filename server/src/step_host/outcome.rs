//! What running a job gives.

use tidemill_common::status::FailureClass;
use tidemill_common::step_protocol::Failure;

/// The output as JSON, or why there is none.
pub(super) type Outcome = Result<Vec<u8>, Failure>;

/// The output when it is small enough.
pub(super) fn within(output: Vec<u8>, limit: u64) -> Outcome {
    if output.len() as u64 <= limit {
        return Ok(output);
    }
    Err(too_large(limit))
}

/// The failure of an output that is larger than `limit` bytes.
pub(super) fn too_large(limit: u64) -> Failure {
    let message = format!("the output is larger than {limit} bytes of JSON; return less, for example a page or a summary");
    Failure::new(FailureClass::ResultTooLarge, message)
}

/// The failure of a step that wanted more memory than it may have.
pub(super) fn out_of_memory() -> Failure {
    Failure::new(FailureClass::OutOfMemory, "the step needs more memory than it may take")
}

/// Line and column (1 is the first) of the byte at `offset`.
pub(super) fn place(code: &str, offset: usize) -> (u32, u32) {
    let mut before = offset.min(code.len());
    while !code.is_char_boundary(before) {
        before -= 1;
    }
    let before = &code[..before];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
}
