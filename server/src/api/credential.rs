//! `/api/credentials`.

use poem_openapi::param::{Header, Path};
use poem_openapi::{ApiResponse, OpenApi};
use tidemill_common::api::credential::{CredentialList, CredentialPut, CredentialView};

use super::Tag;
use super::authenticate::Token;
use super::failure::{LimitedFailure, ReadFailure, WriteFailure};
use super::payload::{Gone, Json};
use crate::app::Credentials;

/// Credentials of the workspace.
pub struct CredentialApi(pub Credentials);

/// A credential that was put.
#[derive(ApiResponse)]
enum PutResponse {
    /// Replaced.
    #[oai(status = 200)]
    Replaced(Json<CredentialView>),
    /// Made.
    #[oai(status = 201)]
    Created(Json<CredentialView>),
}

#[OpenApi(tag = "Tag::Secrets")]
impl CredentialApi {
    /// List the workspace's credentials
    ///
    /// By name, without their secrets: those are never shown.
    #[oai(path = "/api/credentials", method = "get", operation_id = "credential_list")]
    async fn credential_list(&self, token: Token) -> Result<Json<CredentialList>, ReadFailure> {
        Ok(Json(self.0.list(&token.0).await?))
    }

    /// Show a credential
    ///
    /// Without its secret: that is never shown.
    #[oai(path = "/api/credentials/:name", method = "get", operation_id = "credential_view")]
    async fn credential_view(
        &self,
        token: Token,
        /// Its name.
        name: Path<String>,
    ) -> Result<Json<CredentialView>, ReadFailure> {
        Ok(Json(self.0.view(&token.0, &name.0).await?))
    }

    /// Put a credential
    ///
    /// Makes or replaces it. Steps use it by its name, and it is sent to its hosts only. The secret is encrypted and never shown again.
    #[oai(path = "/api/credentials/:name", method = "put", operation_id = "credential_put")]
    async fn credential_put(
        &self,
        token: Token,
        /// Its name: 1 to 63 of `a-z`, `0-9` and `_`, beginning with a letter.
        #[oai(validator(pattern = "^[a-z][a-z0-9_]{0,62}$"))]
        name: Path<String>,
        body: Json<CredentialPut>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<PutResponse, LimitedFailure> {
        let (view, created) = self.0.put(&token.0, &name.0, body.0).await?;
        Ok(if created { PutResponse::Created(Json(view)) } else { PutResponse::Replaced(Json(view)) })
    }

    /// Delete a credential
    ///
    /// Steps that use it fail from then on.
    #[oai(path = "/api/credentials/:name", method = "delete", operation_id = "credential_delete")]
    async fn credential_delete(
        &self,
        token: Token,
        /// Its name.
        name: Path<String>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Gone, WriteFailure> {
        self.0.delete(&token.0, &name.0).await?;
        Ok(Gone)
    }
}
