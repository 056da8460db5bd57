//! `/api/workspaces/{id}/invites`, and `/api/invites/{secret}` for who has the link.

use poem_openapi::param::{Header, Path};
use poem_openapi::{ApiResponse, OpenApi};
use tidemill_common::api::account::AccountView;
use tidemill_common::api::member::{InviteAccept, InviteCreate, InviteCreated, InviteList, InviteShow};
use tidemill_common::ids::InviteId;

use super::Tag;
use super::authenticate::{Remote, Token};
use super::failure::{BodyFailure, InviteFailure, ReadFailure, WriteFailure};
use super::payload::{Created, Gone, Json};
use crate::app::People;

/// Invites into a workspace.
pub struct InviteApi(pub People);

/// An answer with a secret in it.
#[derive(ApiResponse)]
enum InviteResponse {
    /// Made. The secret is shown this one time.
    #[oai(status = 201)]
    Created(
        Json<InviteCreated>,
        /// `no-store`: the answer holds a secret.
        #[oai(header = "Cache-Control")]
        String,
    ),
}

#[OpenApi(tag = "Tag::Members")]
impl InviteApi {
    /// List invites
    ///
    /// Those that can still be accepted, newest first, without their secrets.
    #[oai(path = "/api/workspaces/:id/invites", method = "get", operation_id = "invite_list")]
    async fn invite_list(
        &self,
        token: Token,
        /// The workspace, by id or slug.
        #[oai(name = "id")]
        _workspace: Path<String>,
    ) -> Result<Json<InviteList>, ReadFailure> {
        Ok(Json(self.0.invites(&token.0).await?))
    }

    /// Make an invite
    ///
    /// A link with a role, for one address or anybody, for a number of uses and hours. The link is shown this one
    /// time.
    #[oai(path = "/api/workspaces/:id/invites", method = "post", operation_id = "invite_create")]
    async fn invite_create(
        &self,
        token: Token,
        /// The workspace, by id or slug.
        #[oai(name = "id")]
        _workspace: Path<String>,
        body: Json<InviteCreate>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<InviteResponse, BodyFailure> {
        let made = self.0.invite_create(&token.0, body.0).await?;
        Ok(InviteResponse::Created(Json(made), "no-store".to_owned()))
    }

    /// Revoke an invite
    ///
    /// Members who came by it stay.
    #[oai(path = "/api/workspaces/:id/invites/:invite_id", method = "delete", operation_id = "invite_revoke")]
    async fn invite_revoke(
        &self,
        token: Token,
        /// The workspace, by id or slug.
        #[oai(name = "id")]
        _workspace: Path<String>,
        /// The invite's id.
        invite_id: Path<InviteId>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Gone, WriteFailure> {
        self.0.invite_revoke(&token.0, invite_id.0).await?;
        Ok(Gone)
    }

    /// Read an invite
    ///
    /// What it leads to. Reading uses nothing up.
    #[oai(path = "/api/invites/:secret", method = "get", operation_id = "invite_show")]
    async fn invite_show(
        &self,
        /// The secret in the link.
        secret: Path<String>,
    ) -> Result<Json<InviteShow>, ReadFailure> {
        Ok(Json(self.0.invite_show(&secret).await?))
    }

    /// Accept an invite
    ///
    /// With a new account, or with the password of the account that the address has.
    #[oai(path = "/api/invites/:secret", method = "post", operation_id = "invite_accept")]
    async fn invite_accept(
        &self,
        /// The secret in the link.
        secret: Path<String>,
        body: Json<InviteAccept>,
        remote: Remote,
    ) -> Result<Created<AccountView>, InviteFailure> {
        Ok(Created(self.0.invite_accept(&secret, body.0, remote.0).await?))
    }
}
