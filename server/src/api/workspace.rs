//! `/api/workspaces`.

use poem_openapi::OpenApi;
use poem_openapi::param::Header;
use tidemill_common::api::workspace::{WorkspaceCreate, WorkspaceList, WorkspaceView};

use super::Tag;
use super::authenticate::Token;
use super::failure::{BodyFailure, ReadFailure};
use super::payload::{Created, Json};
use crate::app::Workspaces;

/// Workspaces: the tenants.
pub struct WorkspaceApi(pub Workspaces);

#[OpenApi(tag = "Tag::Workspaces")]
impl WorkspaceApi {
    /// List your workspaces
    ///
    /// All workspaces that the account is a member of, by slug. Send a slug or id as `Tidemill-Workspace` to act on it.
    #[oai(path = "/api/workspaces", method = "get", operation_id = "workspace_list")]
    async fn workspace_list(&self, token: Token) -> Result<Json<WorkspaceList>, ReadFailure> {
        Ok(Json(self.0.list(&token.0).await?))
    }

    /// Make a workspace
    ///
    /// It belongs to the organisation of the account, which becomes its admin.
    #[oai(path = "/api/workspaces", method = "post", operation_id = "workspace_create")]
    async fn workspace_create(
        &self,
        token: Token,
        body: Json<WorkspaceCreate>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Created<WorkspaceView>, BodyFailure> {
        Ok(Created(self.0.create(&token.0, body.0).await?))
    }
}
