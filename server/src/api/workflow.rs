//! `/api/workflows`: files in, workflows out. Activation and versions are in `workflow_version`.

use poem_openapi::param::{Header, Path, Query};
use poem_openapi::{ApiResponse, OpenApi};
use tidemill_common::api::workflow::{ApplyOutcome, ValidationView, WorkflowApplied, WorkflowDetail, WorkflowPage};
use tidemill_common::problem::Code;

use super::authenticate::Token;
use super::failure::{ApplyFailure, BodyFailure, ReadFailure, WriteFailure};
use super::payload::{Gone, Json, WorkflowFile};
use super::problem::ProblemError;
use super::{Tag, page};
use crate::app::{IfMatch, Workflows};

/// Workflows of the workspace.
pub struct WorkflowApi(pub Workflows);

/// A workflow, whole.
#[derive(ApiResponse)]
enum ViewResponse {
    /// The workflow.
    #[oai(status = 200)]
    Found(
        Json<WorkflowDetail>,
        /// The newest version, to be sent as `If-Match` with a change.
        #[oai(header = "ETag")]
        String,
    ),
}

/// A file that was applied.
#[derive(ApiResponse)]
enum ApplyResponse {
    /// The workflow has a new version, or the newest is the same file.
    #[oai(status = 200)]
    Kept(
        Json<WorkflowApplied>,
        /// The newest version, to be sent as `If-Match` with the next change.
        #[oai(header = "ETag")]
        String,
    ),
    /// The workflow is new.
    #[oai(status = 201)]
    Created(
        Json<WorkflowApplied>,
        /// The newest version, to be sent as `If-Match` with the next change.
        #[oai(header = "ETag")]
        String,
    ),
}

#[OpenApi(tag = "Tag::Workflows")]
impl WorkflowApi {
    /// List workflows
    ///
    /// By id, a page at a time.
    #[oai(path = "/api/workflows", method = "get", operation_id = "workflow_list")]
    async fn workflow_list(
        &self,
        token: Token,
        /// Most items of the page; 50 when absent.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u32>>,
        /// The `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<WorkflowPage>, ReadFailure> {
        Ok(Json(self.0.list(&token.0, page(limit.0, cursor.0)).await?))
    }

    /// Read a workflow
    ///
    /// With the newest version's file and the steps as the graph shows them.
    #[oai(path = "/api/workflows/:id", method = "get", operation_id = "workflow_view")]
    async fn workflow_view(
        &self,
        token: Token,
        /// The `id` of its file.
        id: Path<String>,
    ) -> Result<ViewResponse, ReadFailure> {
        let detail = self.0.view(&token.0, &id.0).await?;
        let etag = etag(detail.workflow.version);
        Ok(ViewResponse::Found(Json(detail), etag))
    }

    /// Apply a workflow file
    ///
    /// Makes the workflow or its next version; does nothing when the newest version is the same file. The `id` in the
    /// address must be that of the file. Triggers stay as they are until a version is activated.
    #[oai(path = "/api/workflows/:id", method = "put", operation_id = "workflow_apply")]
    async fn workflow_apply(
        &self,
        token: Token,
        /// The `id` of the file.
        id: Path<String>,
        file: WorkflowFile,
        /// The ETag of the version that the change is based on, or `*` for any.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<ApplyResponse, ApplyFailure> {
        let expected = if_match.0.as_deref().map(expected).transpose()?;
        let applied = self.0.apply(&token.0, &id.0, file.0, expected).await?;
        let etag = etag(applied.workflow.version);
        Ok(match applied.outcome {
            ApplyOutcome::Created => ApplyResponse::Created(Json(applied), etag),
            ApplyOutcome::Updated | ApplyOutcome::Unchanged => ApplyResponse::Kept(Json(applied), etag),
        })
    }

    /// Check a workflow file
    ///
    /// Says everything that is wrong with it, at once, and keeps nothing.
    #[oai(path = "/api/workflows/validate", method = "post", operation_id = "workflow_validate")]
    async fn workflow_validate(
        &self,
        token: Token,
        file: WorkflowFile,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Json<ValidationView>, BodyFailure> {
        Ok(Json(self.0.validate(&token.0, file.0).await?))
    }

    /// Delete a workflow
    ///
    /// Its triggers go with it. Executions under way go on, and its versions are kept for them.
    #[oai(path = "/api/workflows/:id", method = "delete", operation_id = "workflow_delete")]
    async fn workflow_delete(
        &self,
        token: Token,
        /// The `id` of its file.
        id: Path<String>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Gone, WriteFailure> {
        self.0.delete(&token.0, &id.0).await?;
        Ok(Gone)
    }
}

fn etag(version: i32) -> String {
    format!("\"{version}\"")
}

/// What an `If-Match` header expects.
fn expected(header: &str) -> Result<IfMatch, ProblemError> {
    let text = header.trim();
    if text == "*" {
        return Ok(IfMatch::Exists);
    }
    let version = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).and_then(|text| text.parse().ok());
    version
        .map(IfMatch::Version)
        .ok_or_else(|| ProblemError::new(Code::BadRequest, "`If-Match` must be one ETag of this workflow, such as \"3\", or *"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_etag_comes_back_as_a_version() {
        assert_eq!(expected(&etag(7)).unwrap(), IfMatch::Version(7));
        assert_eq!(expected(" * ").unwrap(), IfMatch::Exists);
        for bad in ["", "7", "\"x\"", "W/\"7\"", "\"7\", \"8\""] {
            assert!(expected(bad).is_err(), "{bad}");
        }
    }
}
