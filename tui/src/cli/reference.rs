//! How people name an execution: its id, the end or beginning of it, `@latest` or `@failed`.

use tidemill_common::api::execution::ExecutionView;
use tidemill_common::ids::ExecutionId;
use tidemill_common::limits::PAGE_ITEMS;
use tidemill_common::status::ExecutionStatus;

use super::Error;
use crate::client::{Client, ExecutionQuery};

/// Fewest digits that stand for an id.
const SHORTEST: usize = 4;

/// The execution that `text` names. Asks the server only when `text` is not a whole id.
pub async fn execution(client: &Client, text: &str) -> Result<ExecutionId, Error> {
    let text = text.strip_prefix("execution/").unwrap_or(text);
    if let Ok(id) = text.parse() {
        return Ok(id);
    }
    let query = match text {
        "@latest" => ExecutionQuery { limit: Some(1), ..ExecutionQuery::default() },
        "@failed" => ExecutionQuery { limit: Some(1), status: vec![ExecutionStatus::Failed], ..ExecutionQuery::default() },
        _ => ExecutionQuery { limit: Some(PAGE_ITEMS), ..ExecutionQuery::default() },
    };
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    let is_part = digits.len() >= SHORTEST && digits.chars().all(|c| c.is_ascii_hexdigit());
    if !text.starts_with('@') && !is_part {
        return Err(Error::Usage(format!(
            "`{text}` is not an execution; give its id, four or more digits of it, @latest or @failed"
        )));
    }
    let page = client.executions(&query).await?;
    if text.starts_with('@') {
        return page
            .items
            .first()
            .map(|first| first.id)
            .ok_or_else(|| Error::NotFound(format!("there is no execution for {text}")));
    }
    one_of(&page.items, &digits.to_ascii_lowercase())
}

fn one_of(items: &[ExecutionView], digits: &str) -> Result<ExecutionId, Error> {
    let matches = |id: ExecutionId| {
        let whole = id.0.simple().to_string();
        whole.ends_with(digits) || whole.starts_with(digits)
    };
    let found: Vec<_> = items.iter().map(|item| item.id).filter(|id| matches(*id)).collect();
    match found.as_slice() {
        [id] => Ok(*id),
        [] => Err(Error::NotFound(format!(
            "no execution among the newest {PAGE_ITEMS} has an id that begins or ends with `{digits}`"
        ))),
        several => Err(Error::Usage(format!("`{digits}` stands for {} executions; give more of the id", several.len()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items() -> Vec<ExecutionView> {
        ["01990000-0000-7000-8000-0000aaaa0001", "01990000-0000-7000-8000-0000bbbb0001"]
            .map(|id| {
                serde_json::from_value(serde_json::json!({
                    "id": id, "workflow_id": "w", "version": 1, "status": "failed", "trigger_type": "manual",
                    "created_at": "2026-01-01T00:00:00Z", "last_seq": 1
                }))
                .unwrap()
            })
            .into()
    }

    #[test]
    fn a_part_that_is_unique_is_enough() {
        assert_eq!(one_of(&items(), "aaaa0001").unwrap(), items()[0].id);
        assert!(matches!(one_of(&items(), "0001"), Err(Error::Usage(_))));
        assert!(matches!(one_of(&items(), "cccc"), Err(Error::NotFound(_))));
    }
}
