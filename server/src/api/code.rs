//! `/api/code`: code that is tried out.

use poem_openapi::OpenApi;
use poem_openapi::param::Header;
use tidemill_common::api::code::{CodeExecute, CodeExecuted};

use super::Tag;
use super::authenticate::Token;
use super::failure::EngineFailure;
use super::payload::Json;
use crate::app::Code;

/// Code that is tried out.
pub struct CodeApi(pub Code);

#[OpenApi(tag = "Tag::Code")]
impl CodeApi {
    /// Run a piece of code
    ///
    /// As a step would run it: in the same sandbox, with the same limits. An error of the code is an answer with the status
    /// `failed`, not a problem.
    #[oai(path = "/api/code/execute", method = "post", operation_id = "code_execute")]
    async fn code_execute(
        &self,
        token: Token,
        body: Json<CodeExecute>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Json<CodeExecuted>, EngineFailure> {
        Ok(Json(self.0.execute(&token.0, body.0).await?))
    }
}
