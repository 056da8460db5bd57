//! `/api/tokens`.

use poem_openapi::param::{Header, Path};
use poem_openapi::{ApiResponse, OpenApi};
use tidemill_common::api::token::{TokenCreate, TokenCreated, TokenList};
use tidemill_common::ids::TokenId;

use super::Tag;
use super::authenticate::Token;
use super::failure::{BodyFailure, ReadFailure, WriteFailure};
use super::payload::{Gone, Json};
use crate::app::Tokens;

/// API tokens of the workspace.
pub struct TokenApi(pub Tokens);

/// A new token.
#[derive(ApiResponse)]
enum CreatedResponse {
    /// Made. The secret is shown this one time.
    #[oai(status = 201)]
    Created(
        Json<TokenCreated>,
        /// `no-store`: the answer holds a secret.
        #[oai(header = "Cache-Control")]
        String,
    ),
}

#[OpenApi(tag = "Tag::Tokens")]
impl TokenApi {
    /// List the workspace's tokens
    ///
    /// Newest first, without their secrets, without revoked ones.
    #[oai(path = "/api/tokens", method = "get", operation_id = "token_list")]
    async fn token_list(&self, token: Token) -> Result<Json<TokenList>, ReadFailure> {
        Ok(Json(self.0.list(&token.0).await?))
    }

    /// Make a token
    ///
    /// It acts for your account in this workspace, with at most your role. The secret is shown this one time.
    #[oai(path = "/api/tokens", method = "post", operation_id = "token_create")]
    async fn token_create(
        &self,
        token: Token,
        body: Json<TokenCreate>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<CreatedResponse, BodyFailure> {
        let created = self.0.create(&token.0, body.0).await?;
        Ok(CreatedResponse::Created(Json(created), "no-store".to_owned()))
    }

    /// Revoke a token
    ///
    /// It stops working at once on the server that answers, and within five seconds on others.
    #[oai(path = "/api/tokens/:id", method = "delete", operation_id = "token_revoke")]
    async fn token_revoke(
        &self,
        token: Token,
        /// The token's id.
        id: Path<TokenId>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Gone, WriteFailure> {
        self.0.revoke(&token.0, id.0).await?;
        Ok(Gone)
    }
}
