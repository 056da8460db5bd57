//! `/api/secrets`.

use poem_openapi::param::{Header, Path};
use poem_openapi::{ApiResponse, OpenApi};
use tidemill_common::api::secret::{SecretList, SecretPut, SecretView};

use super::Tag;
use super::authenticate::Token;
use super::failure::{BodyFailure, ReadFailure, WriteFailure};
use super::payload::{Gone, Json};
use crate::app::Secrets;

/// Secrets of the workspace.
pub struct SecretApi(pub Secrets);

/// A secret that was put.
#[derive(ApiResponse)]
enum PutResponse {
    /// Replaced.
    #[oai(status = 200)]
    Replaced(Json<SecretView>),
    /// Made.
    #[oai(status = 201)]
    Created(Json<SecretView>),
}

#[OpenApi(tag = "Tag::Secrets")]
impl SecretApi {
    /// List the workspace's secrets
    ///
    /// By name, without their values: those are never shown.
    #[oai(path = "/api/secrets", method = "get", operation_id = "secret_list")]
    async fn secret_list(&self, token: Token) -> Result<Json<SecretList>, ReadFailure> {
        Ok(Json(self.0.list(&token.0).await?))
    }

    /// Put a secret
    ///
    /// Makes or replaces it. Expressions read it as `secrets.<name>`; the value is encrypted and never shown again.
    #[oai(path = "/api/secrets/:name", method = "put", operation_id = "secret_put")]
    async fn secret_put(
        &self,
        token: Token,
        /// Its name: 1 to 63 of `a-z`, `0-9` and `_`, beginning with a letter.
        #[oai(validator(pattern = "^[a-z][a-z0-9_]{0,62}$"))]
        name: Path<String>,
        body: Json<SecretPut>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<PutResponse, BodyFailure> {
        let (view, created) = self.0.put(&token.0, &name.0, &body.0.value).await?;
        Ok(if created { PutResponse::Created(Json(view)) } else { PutResponse::Replaced(Json(view)) })
    }

    /// Delete a secret
    ///
    /// Steps that read it fail from then on.
    #[oai(path = "/api/secrets/:name", method = "delete", operation_id = "secret_delete")]
    async fn secret_delete(
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
