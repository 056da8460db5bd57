//! What waits for a decision of somebody where the cursor is.

use serde_json::Value;
use tidemill_common::awaited::AwaitedKind;
use tidemill_common::ids::ExecutionId;

use super::listing::{Opens, Subject};
use super::{Screen, State};

/// A step that waits for a decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// The execution.
    pub id: ExecutionId,
    /// The step.
    pub step: String,
    /// Which iteration of it.
    pub iteration: Option<u32>,
    /// What is to be decided, in words.
    pub message: String,
    /// The JSON Schema that an answer must fit.
    pub form: Option<Value>,
    /// Whether the node of the step was lost: then it is not an approval that is asked for.
    pub lost: bool,
}

/// The decision that is awaited where the cursor is: in the list of approvals, or by the selected step of an execution, else by
/// the first of its steps that waits for one.
pub fn awaited(state: &State) -> Option<Decision> {
    match state.screen() {
        Screen::Listing(listing) if listing.subject == Subject::Approvals => {
            let entry = listing.selected()?;
            let Some(Opens::Execution(id)) = entry.opens else { return None };
            let text = |field: &str| entry.json[field].as_str().unwrap_or_default().to_owned();
            let iteration = entry.json["iteration"].as_u64().and_then(|number| u32::try_from(number).ok());
            let form = entry.json.get("form").filter(|form| !form.is_null()).cloned();
            Some(Decision { id, step: text("step"), iteration, message: text("message"), form, lost: false })
        }
        Screen::Execution(open) => {
            let steps = open.step().into_iter().chain(open.detail.iter().flat_map(|detail| &detail.steps));
            let mut waiting = steps.filter_map(|step| step.awaits.as_ref().map(|awaits| (step, awaits)));
            let (step, awaits) =
                waiting.find(|(_, awaits)| matches!(awaits.kind, AwaitedKind::Approval | AwaitedKind::Decision))?;
            let (message, form) = (awaits.message.clone().unwrap_or_default(), awaits.form.clone());
            let lost = awaits.kind == AwaitedKind::Decision;
            Some(Decision { id: open.id, step: step.id.clone(), iteration: None, message, form, lost })
        }
        _ => None,
    }
}
