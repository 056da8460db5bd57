//! The concurrency key of an arrival.

use serde_json::Value;
use tidemill_common::event::Json;
use tidemill_common::ids::ExecutionId;

use crate::domain::workflow::concurrency::OnLimit;
use crate::domain::workflow::plan::Plan;
use crate::domain::workflow::scope::{ExecutionMeta, Scope};
use crate::journal::Slot;

/// Longest key, in bytes.
const LONGEST: usize = 512;

/// The place that an execution of `plan` needs, if the plan limits how many run at once.
pub(super) fn slot(plan: &Plan, execution_id: ExecutionId, version: i32, input: &Json) -> Option<Slot> {
    let concurrency = plan.concurrency.as_ref()?;
    let limit = i32::try_from(concurrency.limit).unwrap_or(i32::MAX);
    let started_at = execution_id.admitted_at();
    let meta = ExecutionMeta { execution_id, workflow_id: plan.id.clone(), version, started_at };
    let key = match &concurrency.key {
        None => Ok(String::new()),
        Some(template) => match template.render(&Scope::new(input.clone(), meta)) {
            Ok(Value::String(text)) => Ok(text),
            Ok(other) => Ok(other.to_string()),
            Err(error) => Err(format!("the concurrency key can't be evaluated: {error}")),
        },
    };
    Some(match key.and_then(|key| check(&key)) {
        Ok(key) => Slot { key, limit, on_limit: concurrency.on_limit, refusal: None },
        // Nobody else has this key, and nobody may hold it.
        Err(why) => Slot { key: execution_id.to_string(), limit: 0, on_limit: OnLimit::Fail, refusal: Some(why) },
    })
}

fn check(key: &str) -> Result<String, String> {
    if key.len() > LONGEST {
        return Err(format!("the concurrency key has {} bytes; it may have {LONGEST}", key.len()));
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
