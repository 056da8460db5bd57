//! `/api/workspaces`: the tenants.

use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path};
use tidemill_common::api::workspace::{WorkspaceCreate, WorkspaceList, WorkspaceUpdate, WorkspaceView};

use super::Tag;
use super::authenticate::Token;
use super::failure::{BodyFailure, ReadFailure, WriteFailure};
use super::payload::{Created, Json};
use crate::app::People;

/// Workspaces: the tenants. The address says which one a request acts on; the door has seen to that.
pub struct WorkspaceApi(pub People);

#[OpenApi(tag = "Tag::Workspaces")]
impl WorkspaceApi {
    /// List your workspaces
    ///
    /// All workspaces that the account is a member of, by slug. Send a slug or id as `Tidemill-Workspace` to act on
    /// it.
    #[oai(path = "/api/workspaces", method = "get", operation_id = "workspace_list")]
    async fn workspace_list(&self, token: Token) -> Result<Json<WorkspaceList>, ReadFailure> {
        Ok(Json(self.0.workspaces(&token.0).await?))
    }

    /// Make a workspace
    ///
    /// It belongs to the organisation of the account, which becomes its admin. For admins of the organisation.
    #[oai(path = "/api/workspaces", method = "post", operation_id = "workspace_create")]
    async fn workspace_create(
        &self,
        token: Token,
        body: Json<WorkspaceCreate>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Created<WorkspaceView>, BodyFailure> {
        Ok(Created(self.0.workspace_create(&token.0, body.0).await?))
    }

    /// Read a workspace
    ///
    /// By id or slug.
    #[oai(path = "/api/workspaces/:id", method = "get", operation_id = "workspace_view")]
    async fn workspace_view(
        &self,
        token: Token,
        /// The workspace, by id or slug.
        #[oai(name = "id")]
        _workspace: Path<String>,
    ) -> Result<Json<WorkspaceView>, ReadFailure> {
        Ok(Json(self.0.workspace(&token.0).await?))
    }

    /// Rename a workspace
    ///
    /// The name for people; the slug in addresses stays.
    #[oai(path = "/api/workspaces/:id", method = "patch", operation_id = "workspace_update")]
    async fn workspace_update(
        &self,
        token: Token,
        /// The workspace, by id or slug.
        #[oai(name = "id")]
        _workspace: Path<String>,
        body: Json<WorkspaceUpdate>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Json<WorkspaceView>, BodyFailure> {
        Ok(Json(self.0.workspace_update(&token.0, body.0).await?))
    }

    /// Delete a workspace
    ///
    /// It is shut at once: no trigger fires and nothing in it can be read. Until `delete_after`, 30 days later, an
    /// admin can restore it; then it goes for good. The audit log stays with the organisation.
    #[oai(path = "/api/workspaces/:id", method = "delete", operation_id = "workspace_delete")]
    async fn workspace_delete(
        &self,
        token: Token,
        /// The workspace, by id or slug.
        #[oai(name = "id")]
        _workspace: Path<String>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Json<WorkspaceView>, WriteFailure> {
        Ok(Json(self.0.workspace_delete(&token.0).await?))
    }

    /// Restore a deleted workspace
    ///
    /// As it was, as long as it is there.
    #[oai(path = "/api/workspaces/:id/restore", method = "post", operation_id = "workspace_restore")]
    async fn workspace_restore(
        &self,
        token: Token,
        /// The workspace, by id or slug.
        #[oai(name = "id")]
        _workspace: Path<String>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Json<WorkspaceView>, WriteFailure> {
        Ok(Json(self.0.workspace_restore(&token.0).await?))
    }

    /// Archive a workspace
    ///
    /// It becomes read only and no trigger fires. What runs goes on.
    #[oai(path = "/api/workspaces/:id/archive", method = "post", operation_id = "workspace_archive")]
    async fn workspace_archive(
        &self,
        token: Token,
        /// The workspace, by id or slug.
        #[oai(name = "id")]
        _workspace: Path<String>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Json<WorkspaceView>, WriteFailure> {
        Ok(Json(self.0.workspace_archive(&token.0).await?))
    }

    /// Bring an archived workspace back
    ///
    /// Its triggers fire again.
    #[oai(path = "/api/workspaces/:id/unarchive", method = "post", operation_id = "workspace_unarchive")]
    async fn workspace_unarchive(
        &self,
        token: Token,
        /// The workspace, by id or slug.
        #[oai(name = "id")]
        _workspace: Path<String>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Json<WorkspaceView>, WriteFailure> {
        Ok(Json(self.0.workspace_unarchive(&token.0).await?))
    }
}
