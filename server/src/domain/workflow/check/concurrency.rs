//! The `concurrency` of a workflow.

use super::expressions::{Context, World};
use crate::domain::workflow::concurrency::{Concurrency, OnLimit};
use crate::domain::workflow::document::{Cursor, Problems};

/// The fields of `concurrency`.
pub(super) const FIELDS: [&str; 3] = ["key", "limit", "on_limit"];
/// Most executions that may hold a key.
const MOST: u32 = 10_000;

/// Reads `concurrency`. Its key is read when an execution is admitted, before any step.
pub(super) fn concurrency(field: &Cursor<'_>, world: &World<'_>, problems: &mut Problems<'_>) -> Option<Concurrency> {
    let fields = field.fields(problems)?;
    fields.expect(problems, &FIELDS, &[]);
    let key = match fields.get("key") {
        Some(field) => Some(Context::at_arrival(world).template(&field, problems)?),
        None => None,
    };
    let limit = fields.get("limit").map_or(Some(1), |field| field.integer(problems, 1, MOST));
    let words = ["queue", "cancel_oldest", "skip", "fail"];
    let on_limit = fields.get("on_limit").map_or(Some("queue"), |field| field.word(problems, &words));
    let on_limit = match on_limit? {
        "cancel_oldest" => OnLimit::CancelOldest,
        "skip" => OnLimit::Skip,
        "fail" => OnLimit::Fail,
        _ => OnLimit::Queue,
    };
    Some(Concurrency { key, limit: limit?, on_limit })
}

#[cfg(test)]
mod tests {
    use crate::domain::workflow::compile;
    use crate::domain::workflow::concurrency::OnLimit;

    fn file(concurrency: &str) -> String {
        format!("id: x\nconcurrency: {concurrency}\nsteps: [{{id: a, uses: transform, with: {{}}}}]\n")
    }

    #[test]
    fn what_is_absent_has_a_default() {
        let plan = compile(&file("{}")).unwrap();
        let concurrency = plan.concurrency.unwrap();
        assert_eq!((concurrency.key.is_none(), concurrency.limit, concurrency.on_limit), (true, 1, OnLimit::Queue));
        let plan = compile(&file("{key: \"{{ trigger.body.customer }}\", limit: 3, on_limit: cancel_oldest}")).unwrap();
        let concurrency = plan.concurrency.unwrap();
        assert_eq!((concurrency.key.is_some(), concurrency.limit, concurrency.on_limit), (true, 3, OnLimit::CancelOldest));
    }

    #[test]
    fn a_key_is_read_before_any_step_and_without_secrets() {
        for (concurrency, code) in [
            ("{key: \"{{ steps.a.output }}\"}", "not_a_dependency"),
            ("{key: \"{{ secrets.a }}\"}", "secret_not_allowed"),
            ("{limit: 0}", "out_of_range"),
            ("{on_limit: wait}", "unknown_value"),
            ("{keys: a}", "unknown_field"),
            ("[]", "wrong_type"),
        ] {
            let errors = compile(&file(concurrency)).unwrap_err();
            assert_eq!(errors[0].code, code, "{concurrency}: {errors:?}");
        }
    }
}
