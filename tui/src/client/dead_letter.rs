//! Dead letters.

use reqwest::Method;
use tidemill_common::api::dead_letter::{
    DeadLetterCauseList, DeadLetterDiscard, DeadLetterDiscarded, DeadLetterPage, DeadLetterReplay, DeadLetterReplayed,
    DeadLetterState,
};

use super::{Client, Error};

/// Which dead letters to list.
#[derive(Debug, Clone, Default)]
pub struct DeadLetterQuery {
    /// Only those in this state.
    pub state: DeadLetterState,
    /// Only those with this cause.
    pub fingerprint: Option<String>,
    /// Only those of this workflow.
    pub workflow: Option<String>,
    /// The page's size, up to [`tidemill_common::limits::PAGE_ITEMS`].
    pub limit: Option<usize>,
}

impl Client {
    /// A page of dead letters, newest first.
    pub async fn dead_letters(&self, query: &DeadLetterQuery) -> Result<DeadLetterPage, Error> {
        let call = self
            .call(Method::GET, &["api", "dead-letters"])
            .query("state", Some(query.state.as_str()))
            .query("fingerprint", query.fingerprint.as_deref())
            .query("workflow", query.workflow.as_deref())
            .query("limit", query.limit);
        self.fetch(call).await
    }

    /// The causes of open dead letters.
    pub async fn dead_letter_causes(&self) -> Result<DeadLetterCauseList, Error> {
        self.fetch(self.call(Method::GET, &["api", "dead-letters", "causes"])).await
    }

    /// Orders a replay.
    pub async fn dead_letter_replay(&self, replay: &DeadLetterReplay) -> Result<DeadLetterReplayed, Error> {
        self.fetch(self.call(Method::POST, &["api", "dead-letters", "replay"]).json(replay)).await
    }

    /// Discards dead letters.
    pub async fn dead_letter_discard(&self, discard: &DeadLetterDiscard) -> Result<DeadLetterDiscarded, Error> {
        self.fetch(self.call(Method::POST, &["api", "dead-letters", "discard"]).json(discard)).await
    }
}
