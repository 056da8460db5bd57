//! What limits an arrival: its concurrency key, and its rate limit.

use chrono::TimeDelta;
use serde_json::Value;
use tidemill_common::event::Json;
use tidemill_common::ids::ExecutionId;

use crate::domain::workflow::concurrency::OnLimit;
use crate::domain::workflow::expression::Template;
use crate::domain::workflow::plan::Plan;
use crate::domain::workflow::rate_limit::RateLimit;
use crate::domain::workflow::scope::{ExecutionMeta, Scope};
use crate::journal::{Rate, Slot};

/// Longest key, in bytes.
const LONGEST: usize = 512;

/// The place that an execution of `plan` needs, if the plan limits how many run at once.
pub(super) fn slot(plan: &Plan, execution_id: ExecutionId, version: i32, input: &Json) -> Option<Slot> {
    let concurrency = plan.concurrency.as_ref()?;
    let limit = i32::try_from(concurrency.limit).unwrap_or(i32::MAX);
    let key = key(concurrency.key.as_ref(), plan, (execution_id, version), input);
    Some(match key {
        Ok(key) => Slot { key, limit, on_limit: concurrency.on_limit, refusal: None },
        // Nobody else has this key, and nobody may hold it.
        Err(why) => Slot {
            key: execution_id.to_string(),
            limit: 0,
            on_limit: OnLimit::Fail,
            refusal: Some(format!("the concurrency key {why}")),
        },
    })
}

/// The rate limit that an execution of `plan` is under, if there is one. Executions whose key can't be had share one.
pub(super) fn rate(plan: &Plan, execution_id: ExecutionId, version: i32, input: &Json) -> Option<Rate> {
    let RateLimit { key: template, limit, per } = plan.rate_limit.as_ref()?;
    let key = key(template.as_ref(), plan, (execution_id, version), input);
    if let Err(why) = &key {
        tracing::warn!(%execution_id, workflow = &*plan.id, "the key of a rate limit {why}; the empty key is taken");
    }
    Some(Rate { key: key.unwrap_or_default(), limit: *limit, per: TimeDelta::from_std(*per).ok()? })
}

/// What a key's template gives, or what is wrong with it; the empty key without one.
fn key(
    template: Option<&Template>,
    plan: &Plan,
    (execution_id, version): (ExecutionId, i32),
    input: &Json,
) -> Result<String, String> {
    let Some(template) = template else { return Ok(String::new()) };
    let started_at = execution_id.admitted_at();
    let meta = ExecutionMeta { execution_id, workflow_id: plan.id.clone(), version, started_at };
    match template.render(&Scope::new(input.clone(), meta)) {
        Ok(Value::String(text)) => check(&text),
        Ok(other) => check(&other.to_string()),
        Err(error) => Err(format!("can't be evaluated: {error}")),
    }
}

fn check(key: &str) -> Result<String, String> {
    if key.len() > LONGEST {
        return Err(format!("has {} bytes; it may have {LONGEST}", key.len()));
    }
    Ok(key.replace('\0', ""))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::domain::workflow::compile;

    fn key_of(concurrency: &str, body: &Value) -> Option<Slot> {
        let file = format!("id: x\nconcurrency: {concurrency}\nsteps: [{{id: a, uses: transform, with: {{}}}}]\n");
        let id = ExecutionId(uuid::Uuid::nil());
        slot(&compile(&file).unwrap(), id, 1, &Arc::new(json!({ "body": body })))
    }

    #[test]
    fn a_key_is_text_and_one_that_cannot_be_had_refuses_the_execution() {
        let by_customer = "{key: \"{{ trigger.body.customer }}\", limit: 2}";
        let found = key_of(by_customer, &json!({"customer": 7})).unwrap();
        assert_eq!((found.key.as_str(), found.limit, found.refusal), ("7", 2, None));
        assert_eq!(key_of("{}", &json!({})).unwrap().key, "");
        let long = key_of(by_customer, &json!({"customer": "x".repeat(600)})).unwrap();
        assert_eq!((long.limit, long.on_limit), (0, OnLimit::Fail));
        assert!(long.refusal.unwrap().contains("600 bytes"));
    }
}
