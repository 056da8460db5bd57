//! Code that is tried out.

use reqwest::Method;
use tidemill_common::api::code::{CodeExecute, CodeExecuted};

use super::{Client, Error};

impl Client {
    /// Runs a piece of code on the server, locked up like a code step.
    pub async fn code_execute(&self, code: &CodeExecute) -> Result<CodeExecuted, Error> {
        self.fetch(self.call(Method::POST, &["api", "code", "execute"]).json(code)).await
    }
}
