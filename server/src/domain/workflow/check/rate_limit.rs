//! The `rate_limit` and the `priority` of a workflow.

use std::time::Duration;

use super::expressions::{Context, World};
use super::ids;
use crate::domain::workflow::document::{Cursor, Problems};
use crate::domain::workflow::rate_limit::RateLimit;

/// The fields of `rate_limit`.
pub(super) const FIELDS: [&str; 3] = ["key", "limit", "per"];
/// Most executions within one span.
const MOST: u32 = 100_000;
/// The longest span: 31 days.
const LONGEST: Duration = Duration::from_secs(31 * 24 * 60 * 60);
/// The highest priority.
const HIGHEST: u32 = 9;

/// Reads `rate_limit`. Its key is read when an execution is admitted, before any step.
pub(super) fn rate_limit(field: &Cursor<'_>, world: &World<'_>, problems: &mut Problems<'_>) -> Option<RateLimit> {
    let fields = field.fields(problems)?;
    fields.expect(problems, &FIELDS, &[]);
    let key = match fields.get("key") {
        Some(field) => Some(Context::at_arrival(world).template(&field, problems)?),
        None => None,
    };
    let limit = fields.required(problems, "limit").and_then(|field| field.integer(problems, 1, MOST));
    let shortest = Duration::from_millis(100);
    let per = fields.required(problems, "per").and_then(|field| ids::duration(&field, problems, shortest, LONGEST));
    Some(RateLimit { key, limit: limit?, per: per? })
}

/// Reads `priority`.
pub(super) fn priority(field: &Cursor<'_>, problems: &mut Problems<'_>) -> Option<u8> {
    field.integer(problems, 0, HIGHEST).and_then(|number| u8::try_from(number).ok())
}

#[cfg(test)]
mod tests {
    use crate::domain::workflow::compile;

    #[test]
    fn a_rate_limit_needs_a_number_and_a_span() {
        let file = |more: &str| format!("id: x\n{more}\nsteps: [{{id: a, uses: transform, with: {{}}}}]\n");
        let plan =
            compile(&file("rate_limit: {limit: 60, per: 1m, key: \"{{ trigger.body.customer }}\"}\npriority: 9")).unwrap();
        let rate = plan.rate_limit.unwrap();
        assert_eq!((rate.limit, rate.per.as_secs(), rate.key.is_some(), plan.priority), (60, 60, true, 9));
        for (more, code) in [
            ("rate_limit: {limit: 60}", "missing_field"),
            ("rate_limit: {per: 1m}", "missing_field"),
            ("rate_limit: {limit: 0, per: 1m}", "out_of_range"),
            ("rate_limit: {limit: 1, per: 40d}", "out_of_range"),
            ("rate_limit: {limit: 1, per: 1s, key: \"{{ steps.a.output }}\"}", "not_a_dependency"),
            ("priority: 10", "out_of_range"),
            ("priority: high", "wrong_type"),
        ] {
            let errors = compile(&file(more)).unwrap_err();
            assert_eq!(errors[0].code, code, "{more}: {errors:?}");
        }
    }
}
