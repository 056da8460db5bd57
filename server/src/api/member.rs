//! `/api/workspaces/{id}/members`, leaving, and service accounts.

use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path};
use tidemill_common::api::member::{MemberCreate, MemberList, MemberUpdate, MemberView, ServiceAccountCreate};
use tidemill_common::ids::UserId;

use super::Tag;
use super::authenticate::Token;
use super::failure::{BodyFailure, LimitedFailure, WorkspaceReadFailure, WriteFailure};
use super::payload::{Created, Gone, Json};
use crate::app::People;

/// Members of a workspace.
pub struct MemberApi(pub People);

#[OpenApi(tag = "Tag::Members")]
impl MemberApi {
    /// List members
    ///
    /// By name, service accounts among them.
    #[oai(path = "/api/workspaces/:id/members", method = "get", operation_id = "member_list")]
    async fn member_list(
        &self,
        token: Token,
        /// The workspace, by id or slug.
        #[oai(name = "id")]
        _workspace: Path<String>,
    ) -> Result<Json<MemberList>, WorkspaceReadFailure> {
        Ok(Json(self.0.members(&token.0).await?))
    }

    /// Add a member
    ///
    /// An account of the same organisation, by id or e-mail address. Others are invited. A guest sees only what is
    /// shared, and always has an end.
    #[oai(path = "/api/workspaces/:id/members", method = "post", operation_id = "member_add")]
    async fn member_add(
        &self,
        token: Token,
        /// The workspace, by id or slug.
        #[oai(name = "id")]
        _workspace: Path<String>,
        body: Json<MemberCreate>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Created<MemberView>, LimitedFailure> {
        Ok(Created(self.0.member_add(&token.0, body.0).await?))
    }

    /// Change a member's role
    ///
    /// It takes effect at once on the server that answers, and within five seconds on others, open WebSockets
    /// included. The last admin stays one.
    #[oai(path = "/api/workspaces/:id/members/:user_id", method = "patch", operation_id = "member_update")]
    async fn member_update(
        &self,
        token: Token,
        /// The workspace, by id or slug.
        #[oai(name = "id")]
        _workspace: Path<String>,
        /// The member.
        user_id: Path<UserId>,
        body: Json<MemberUpdate>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Json<MemberView>, BodyFailure> {
        Ok(Json(self.0.member_update(&token.0, user_id.0, body.0).await?))
    }

    /// Remove a member
    ///
    /// With what is shared with it. Effective as fast as a change of role.
    #[oai(path = "/api/workspaces/:id/members/:user_id", method = "delete", operation_id = "member_remove")]
    async fn member_remove(
        &self,
        token: Token,
        /// The workspace, by id or slug.
        #[oai(name = "id")]
        _workspace: Path<String>,
        /// The member.
        user_id: Path<UserId>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Gone, WriteFailure> {
        self.0.member_remove(&token.0, user_id.0).await?;
        Ok(Gone)
    }

    /// Leave a workspace
    ///
    /// The last admin can't.
    #[oai(path = "/api/workspaces/:id/leave", method = "post", operation_id = "workspace_leave")]
    async fn workspace_leave(
        &self,
        token: Token,
        /// The workspace, by id or slug.
        #[oai(name = "id")]
        _workspace: Path<String>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Gone, WriteFailure> {
        self.0.workspace_leave(&token.0).await?;
        Ok(Gone)
    }

    /// Make a service account
    ///
    /// A member without a password, for programs. Make its tokens with `POST /api/tokens` and `service_account`.
    #[oai(path = "/api/workspaces/:id/service-accounts", method = "post", operation_id = "service_account_create")]
    async fn service_account_create(
        &self,
        token: Token,
        /// The workspace, by id or slug.
        #[oai(name = "id")]
        _workspace: Path<String>,
        body: Json<ServiceAccountCreate>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Created<MemberView>, BodyFailure> {
        Ok(Created(self.0.service_account_create(&token.0, body.0).await?))
    }
}
