//! The `retry` of a step.

use std::time::Duration;

use tidemill_common::limits::{STEP_ATTEMPTS, WAIT_SECONDS};

use super::expressions::Context;
use super::ids::duration;
use crate::domain::workflow::document::{Cursor, Fields, Problems};
use crate::domain::workflow::plan::Retry;

/// The fields of `retry`.
pub(super) const FIELDS: [&str; 6] = ["max_attempts", "initial_interval", "factor", "max_interval", "jitter", "retry_if"];

/// Reads `retry`; what is absent has the defaults of [`Retry::default`].
pub(super) fn retry(field: &Cursor<'_>, context: &mut Context<'_>, problems: &mut Problems<'_>) -> Option<Retry> {
    let fields = field.fields(problems)?;
    fields.expect(problems, &FIELDS, &[]);
    let standard = Retry::default();
    let longest = Duration::from_secs(WAIT_SECONDS);
    let max_attempts = given(&fields, "max_attempts", standard.max_attempts, |field| field.integer(problems, 1, STEP_ATTEMPTS));
    let initial = given(&fields, "initial_interval", standard.initial_interval, |field| {
        duration(field, problems, Duration::ZERO, longest)
    });
    let least = initial.unwrap_or_default();
    let max_interval =
        given(&fields, "max_interval", standard.max_interval.max(least), |field| duration(field, problems, least, longest));
    let factor = given(&fields, "factor", standard.factor, |field| field.number(problems, 1.0, 100.0));
    let jitter = given(&fields, "jitter", standard.jitter, |field| field.number(problems, 0.0, 1.0));
    let outside = std::mem::replace(&mut context.error, true);
    let retry_if = given(&fields, "retry_if", None, |field| context.bare(field, problems).map(Some));
    context.error = outside;
    Some(Retry {
        max_attempts: max_attempts?,
        initial_interval: initial?,
        factor: factor?,
        max_interval: max_interval?,
        jitter: jitter?,
        retry_if: retry_if?,
    })
}

/// The field `key` as `read` reads it, or what holds when it is absent.
pub(super) fn given<T>(fields: &Fields<'_>, key: &str, absent: T, read: impl FnOnce(&Cursor<'_>) -> Option<T>) -> Option<T> {
    fields.get(key).map_or(Some(absent), |field| read(&field))
}
