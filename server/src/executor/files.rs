//! Gives an attempt the contents of the files that it hands on.

use serde_json::Value;
use tidemill_common::event::StepError;
use tidemill_common::ids::WorkspaceId;
use tidemill_common::payload::PayloadRef;
use tidemill_common::status::FailureClass;

use super::payloads::OpenError;
use super::service::Parts;
use crate::budget::{HANDLED, Share};
use crate::domain::file::{self, FileRef};

impl Parts {
    /// `with` and the contents of its files, and the memory for them. An attempt holds nothing yet, and so it waits for its turn.
    pub(super) async fn with_files(
        &self,
        workspace: WorkspaceId,
        mut with: Value,
    ) -> Result<(Value, Option<Share>), StepError> {
        let files = file::references(&with);
        if files.is_empty() {
            return Ok((with, None));
        }
        // A sender may have written a reference himself, with any number in it.
        let bytes = files.iter().fold(0, |sum: u64, file| sum.saturating_add(file.bytes));
        let share = self.budget.enter(bytes.saturating_mul(HANDLED)).await;
        let wanted = files.into_iter().map(|file| (file.execution_id, payload_of(&file))).collect();
        let open = self.payloads(workspace, wanted).await.map_err(|error| unreadable(&error))?;
        let find = |file: &FileRef| {
            let reference = payload_of(file).to_value();
            let content = open.shown(&reference.into());
            // What was read is a text. A reference that somebody wrote himself may name something else.
            if content.is_string() { Ok(Value::clone(&content)) } else { Err(no_file(&file.sha256)) }
        };
        file::restore(&mut with, &find)?;
        Ok((with, Some(share)))
    }
}

fn payload_of(file: &FileRef) -> PayloadRef {
    PayloadRef { sha256: file.sha256.clone(), bytes: file.bytes, preview: String::new() }
}

fn unreadable(error: &OpenError) -> StepError {
    match error {
        OpenError::Missing(sha256) => no_file(sha256),
        OpenError::Store(_) => StepError::new(FailureClass::Infrastructure, "the files that the step hands on can't be read"),
        OpenError::Unreadable { .. } => StepError::new(FailureClass::Infrastructure, error.to_string()),
    }
}

fn no_file(sha256: &str) -> StepError {
    let message = format!(
        "the content {sha256} of a file is not there: it is kept with the execution that got the file, and for as long"
    );
    StepError::new(FailureClass::User, message)
}
