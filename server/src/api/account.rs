//! `/api/user`.

use poem_openapi::OpenApi;
use tidemill_common::api::account::AccountView;

use super::Tag;
use super::authenticate::Token;
use super::failure::ReadFailure;
use super::payload::Json;
use crate::app::Accounts;

/// Who is asking.
pub struct AccountApi(pub Accounts);

#[OpenApi(tag = "Tag::Account")]
impl AccountApi {
    /// The account behind the token
    ///
    /// User, organisation, and the workspace that requests with this token act on.
    #[oai(path = "/api/user", method = "get", operation_id = "account_view")]
    async fn account_view(&self, token: Token) -> Result<Json<AccountView>, ReadFailure> {
        Ok(Json(self.0.view(&token.0).await?))
    }
}
