//! `/api/workflows/{id}/versions`, `…/activate`, `…/deactivate`: which version is live.

use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path};
use tidemill_common::api::workflow::{VersionList, VersionView, WorkflowActivate, WorkflowView};

use super::Tag;
use super::authenticate::Token;
use super::failure::{LimitedFailure, ReadFailure, WriteFailure};
use super::payload::{Json, OptionalJson};
use crate::app::Workflows;

/// Versions of workflows.
pub struct WorkflowVersionApi(pub Workflows);

#[OpenApi(tag = "Tag::Workflows")]
impl WorkflowVersionApi {
    /// Activate a workflow
    ///
    /// The triggers of the version become live, in place of those that were.
    #[oai(path = "/api/workflows/:id/activate", method = "post", operation_id = "workflow_activate")]
    async fn workflow_activate(
        &self,
        token: Token,
        /// The `id` of its file.
        id: Path<String>,
        body: OptionalJson<WorkflowActivate>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Json<WorkflowView>, LimitedFailure> {
        Ok(Json(self.0.activate(&token.0, &id.0, body.0.version).await?))
    }

    /// Deactivate a workflow
    ///
    /// No trigger of it is live any more. Executions under way go on.
    #[oai(path = "/api/workflows/:id/deactivate", method = "post", operation_id = "workflow_deactivate")]
    async fn workflow_deactivate(
        &self,
        token: Token,
        /// The `id` of its file.
        id: Path<String>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Json<WorkflowView>, WriteFailure> {
        Ok(Json(self.0.deactivate(&token.0, &id.0).await?))
    }

    /// List a workflow's versions
    ///
    /// Newest first, without their files.
    #[oai(path = "/api/workflows/:id/versions", method = "get", operation_id = "workflow_version_list")]
    async fn workflow_version_list(
        &self,
        token: Token,
        /// The `id` of its file.
        id: Path<String>,
    ) -> Result<Json<VersionList>, ReadFailure> {
        Ok(Json(self.0.versions(&token.0, &id.0).await?))
    }

    /// Read one version
    ///
    /// With its file, as it was sent.
    #[oai(path = "/api/workflows/:id/versions/:version", method = "get", operation_id = "workflow_version_view")]
    async fn workflow_version_view(
        &self,
        token: Token,
        /// The `id` of its file.
        id: Path<String>,
        /// The version; 1 is the first.
        version: Path<i32>,
    ) -> Result<Json<VersionView>, ReadFailure> {
        Ok(Json(self.0.version(&token.0, &id.0, version.0).await?))
    }
}
