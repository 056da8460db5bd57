//! `/api/workspaces/{id}/shares`: a thing for somebody, beyond the roles.

use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path};
use tidemill_common::api::share::{ShareCreate, ShareList, ShareView};
use tidemill_common::ids::ShareId;

use super::Tag;
use super::authenticate::Token;
use super::failure::{BodyFailure, WorkspaceReadFailure, WriteFailure};
use super::payload::{Created, Gone, Json};
use crate::app::People;

/// Shares.
pub struct ShareApi(pub People);

#[OpenApi(tag = "Tag::Members")]
impl ShareApi {
    /// List shares
    ///
    /// What of this workspace is shared with whom, newest first.
    #[oai(path = "/api/workspaces/:id/shares", method = "get", operation_id = "share_list")]
    async fn share_list(
        &self,
        token: Token,
        /// The workspace, by id or slug.
        #[oai(name = "id")]
        _workspace: Path<String>,
    ) -> Result<Json<ShareList>, WorkspaceReadFailure> {
        Ok(Json(self.0.shares(&token.0).await?))
    }

    /// Share a thing
    ///
    /// A workflow or an execution, with a member or with all members of another workspace. Sharing it again changes
    /// the permission.
    #[oai(path = "/api/workspaces/:id/shares", method = "post", operation_id = "share_create")]
    async fn share_create(
        &self,
        token: Token,
        /// The workspace, by id or slug.
        #[oai(name = "id")]
        _workspace: Path<String>,
        body: Json<ShareCreate>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Created<ShareView>, BodyFailure> {
        Ok(Created(self.0.share_create(&token.0, body.0).await?))
    }

    /// End a share
    ///
    /// Effective as fast as a change of role.
    #[oai(path = "/api/workspaces/:id/shares/:share_id", method = "delete", operation_id = "share_revoke")]
    async fn share_revoke(
        &self,
        token: Token,
        /// The workspace, by id or slug.
        #[oai(name = "id")]
        _workspace: Path<String>,
        /// The share's id.
        share_id: Path<ShareId>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Gone, WriteFailure> {
        self.0.share_revoke(&token.0, share_id.0).await?;
        Ok(Gone)
    }
}
