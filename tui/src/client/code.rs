//! Code that is tried out.

use std::time::Duration;

use reqwest::Method;
use tidemill_common::api::code::{CodeExecute, CodeExecuted};
use tidemill_common::limits::CODE_SECONDS;

use super::{Client, Error};

/// How long an answer may take beyond the code itself: it waits for its turn, and for the sandbox to get warm.
const MARGIN: Duration = Duration::from_secs(60);

impl Client {
    /// Runs a piece of code as a step would run it.
    pub async fn code_execute(&self, request: &CodeExecute) -> Result<CodeExecuted, Error> {
        let time = request.timeout_ms.map_or(Duration::from_secs(CODE_SECONDS), Duration::from_millis);
        self.fetch(self.call(Method::POST, &["api", "code", "execute"]).json(request).patience(time + MARGIN)).await
    }
}
