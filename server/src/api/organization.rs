//! `/api/organizations`: organisations and their users.

use poem_openapi::param::{Header, Path};
use poem_openapi::{ApiResponse, OpenApi};
use tidemill_common::api::organization::{
    OrganizationCreate, OrganizationCreated, OrganizationList, OrganizationUpdate, OrganizationView, UserList, UserUpdate,
    UserView,
};
use tidemill_common::api::session::PasswordResetLink;
use tidemill_common::ids::{OrganizationId, UserId};

use super::Tag;
use super::authenticate::Token;
use super::failure::{BodyFailure, ReadFailure, WriteFailure};
use super::payload::{Gone, Json};
use crate::app::People;

/// Organisations and their users.
pub struct OrganizationApi(pub People);

/// An answer with a secret in it.
#[derive(ApiResponse)]
enum OrganizationResponse {
    /// Made. The secret is shown this one time.
    #[oai(status = 201)]
    Created(
        Json<OrganizationCreated>,
        /// `no-store`: the answer holds a secret.
        #[oai(header = "Cache-Control")]
        String,
    ),
}

/// An answer with a secret in it.
#[derive(ApiResponse)]
enum ResetResponse {
    /// Made. The secret is shown this one time.
    #[oai(status = 201)]
    Created(
        Json<PasswordResetLink>,
        /// `no-store`: the answer holds a secret.
        #[oai(header = "Cache-Control")]
        String,
    ),
}

#[OpenApi(tag = "Tag::Organizations")]
impl OrganizationApi {
    /// List organisations
    ///
    /// Yours; for admins of the organisation that runs this server, all.
    #[oai(path = "/api/organizations", method = "get", operation_id = "organization_list")]
    async fn organization_list(&self, token: Token) -> Result<Json<OrganizationList>, ReadFailure> {
        Ok(Json(self.0.organizations(&token.0).await?))
    }

    /// Make an organisation
    ///
    /// With its first workspace, and an invite for its first admin. For admins of the organisation that runs this
    /// server.
    #[oai(path = "/api/organizations", method = "post", operation_id = "organization_create")]
    async fn organization_create(
        &self,
        token: Token,
        body: Json<OrganizationCreate>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<OrganizationResponse, BodyFailure> {
        let made = self.0.organization_create(&token.0, body.0).await?;
        Ok(OrganizationResponse::Created(Json(made), "no-store".to_owned()))
    }

    /// Read your organisation
    ///
    /// For its admins.
    #[oai(path = "/api/organizations/:id", method = "get", operation_id = "organization_view")]
    async fn organization_view(
        &self,
        token: Token,
        /// The organisation's id.
        id: Path<OrganizationId>,
    ) -> Result<Json<OrganizationView>, ReadFailure> {
        Ok(Json(self.0.organization(&token.0, id.0).await?))
    }

    /// Rename your organisation
    ///
    /// For its admins.
    #[oai(path = "/api/organizations/:id", method = "patch", operation_id = "organization_update")]
    async fn organization_update(
        &self,
        token: Token,
        /// The organisation's id.
        id: Path<OrganizationId>,
        body: Json<OrganizationUpdate>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Json<OrganizationView>, BodyFailure> {
        Ok(Json(self.0.organization_update(&token.0, id.0, body.0).await?))
    }

    /// List the organisation's users
    ///
    /// People and service accounts, by name. For its admins.
    #[oai(path = "/api/organizations/:id/users", method = "get", operation_id = "user_list")]
    async fn user_list(
        &self,
        token: Token,
        /// The organisation's id.
        id: Path<OrganizationId>,
    ) -> Result<Json<UserList>, ReadFailure> {
        Ok(Json(self.0.users(&token.0, id.0).await?))
    }

    /// Give a user another role in the organisation
    ///
    /// The last admin stays one.
    #[oai(path = "/api/organizations/:id/users/:user_id", method = "patch", operation_id = "user_update")]
    async fn user_update(
        &self,
        token: Token,
        /// The organisation's id.
        id: Path<OrganizationId>,
        /// The user.
        user_id: Path<UserId>,
        body: Json<UserUpdate>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Json<UserView>, BodyFailure> {
        Ok(Json(self.0.user_update(&token.0, (id.0, user_id.0), body.0).await?))
    }

    /// Erase a user
    ///
    /// Memberships, tokens, sessions, name and address go; what the user made stays, and the audit log keeps an id
    /// without a name.
    #[oai(path = "/api/organizations/:id/users/:user_id", method = "delete", operation_id = "user_erase")]
    async fn user_erase(
        &self,
        token: Token,
        /// The organisation's id.
        id: Path<OrganizationId>,
        /// The user.
        user_id: Path<UserId>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Gone, WriteFailure> {
        self.0.user_erase(&token.0, (id.0, user_id.0)).await?;
        Ok(Gone)
    }

    /// Make a link for a new password
    ///
    /// Send it to the user: it is good once, for a day.
    #[oai(path = "/api/organizations/:id/users/:user_id/password-reset", method = "post", operation_id = "user_password_reset")]
    async fn user_password_reset(
        &self,
        token: Token,
        /// The organisation's id.
        id: Path<OrganizationId>,
        /// The user.
        user_id: Path<UserId>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<ResetResponse, WriteFailure> {
        let made = self.0.user_password_reset(&token.0, (id.0, user_id.0)).await?;
        Ok(ResetResponse::Created(Json(made), "no-store".to_owned()))
    }
}
