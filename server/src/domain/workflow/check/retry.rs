//! The `retry` of a step.

use std::time::Duration;

use tidemill_common::limits::{STEP_ATTEMPTS, WAIT_SECONDS};

use super::expressions::Context;
use super::ids::duration;
use crate::domain::workflow::document::{Cursor, Problems};
use crate::domain::workflow::plan::Retry;

/// The fields of `retry`.
pub(super) const FIELDS: [&str; 6] = ["max_attempts", "initial_interval", "factor", "max_interval", "jitter", "retry_if"];

/// Reads `retry`; what is absent has the defaults of [`Retry::default`].
pub(super) fn retry(field: &Cursor<'_>, context: &mut Context<'_>, problems: &mut Problems<'_>) -> Option<Retry> {
    let fields = field.fields(problems)?;
    fields.expect(problems, &FIELDS, &[]);
    let mut retry = Retry::default();
    let longest = Duration::from_secs(WAIT_SECONDS);
    if let Some(field) = fields.get("max_attempts") {
        retry.max_attempts = field.integer(problems, 1, STEP_ATTEMPTS)?;
    }
    if let Some(field) = fields.get("initial_interval") {
        retry.initial_interval = duration(&field, problems, Duration::ZERO, longest)?;
        retry.max_interval = retry.max_interval.max(retry.initial_interval);
    }
    if let Some(field) = fields.get("factor") {
        retry.factor = field.number(problems, 1.0, 100.0)?;
    }
    if let Some(field) = fields.get("max_interval") {
        retry.max_interval = duration(&field, problems, retry.initial_interval, longest)?;
    }
    if let Some(field) = fields.get("jitter") {
        retry.jitter = field.number(problems, 0.0, 1.0)?;
    }
    if let Some(field) = fields.get("retry_if") {
        context.error = true;
        retry.retry_if = context.bare(&field, problems);
        context.error = false;
        retry.retry_if.as_ref()?;
    }
    Some(retry)
}
