//! `/api/user` and `/api/shared`: the account behind the token.

use poem_openapi::OpenApi;
use poem_openapi::param::Header;
use serde_json::Value;
use tidemill_common::api::account::{AccountErase, AccountUpdate, AccountView};
use tidemill_common::api::share::SharedList;

use super::Tag;
use super::authenticate::Token;
use super::failure::{BodyFailure, ReadFailure};
use super::payload::{Gone, Json};
use crate::app::People;

/// Who is asking.
pub struct AccountApi(pub People);

#[OpenApi(tag = "Tag::Account")]
impl AccountApi {
    /// The account behind the token
    ///
    /// User, organisation, and the workspace that requests with this token act on.
    #[oai(path = "/api/user", method = "get", operation_id = "account_view")]
    async fn account_view(&self, token: Token) -> Result<Json<AccountView>, ReadFailure> {
        Ok(Json(self.0.account(&token.0).await?))
    }

    /// Rename your account
    ///
    /// The name is what others see.
    #[oai(path = "/api/user", method = "patch", operation_id = "account_update")]
    async fn account_update(
        &self,
        token: Token,
        body: Json<AccountUpdate>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Json<AccountView>, BodyFailure> {
        Ok(Json(self.0.account_update(&token.0, body.0).await?))
    }

    /// Export your personal data
    ///
    /// Everything that this server keeps about you, without secrets: account, memberships, shares, tokens, sessions,
    /// and what the audit log says about you.
    #[oai(path = "/api/user/export", method = "get", operation_id = "account_export")]
    async fn account_export(&self, token: Token) -> Result<Json<Value>, ReadFailure> {
        Ok(Json(self.0.account_export(&token.0).await?))
    }

    /// Erase your account
    ///
    /// Memberships, tokens, sessions, name and address go; what you made stays, and the audit log keeps an id without
    /// a name. The last admin of a workspace or organisation must hand over first.
    #[oai(path = "/api/user/erase", method = "post", operation_id = "account_erase")]
    async fn account_erase(
        &self,
        token: Token,
        body: Json<AccountErase>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Gone, BodyFailure> {
        self.0.account_erase(&token.0, body.0).await?;
        Ok(Gone)
    }

    /// List what is shared with you
    ///
    /// Things of workspaces that you are no member of, or more than your role permits. Send `workspace` as `Tidemill-
    /// Workspace` to use them.
    #[oai(path = "/api/shared", method = "get", operation_id = "shared_list")]
    async fn shared_list(&self, token: Token) -> Result<Json<SharedList>, ReadFailure> {
        Ok(Json(self.0.shared(&token.0).await?))
    }
}
