//! Triggers and schedules.

use reqwest::Method;
use tidemill_common::api::schedule::{ScheduleExplain, ScheduleExplanation};
use tidemill_common::api::trigger::{TriggerDetail, TriggerPage, TriggerTest, TriggerTestAddress};

use super::{Client, Error};

impl Client {
    /// The triggers of a page of workflows; `limit` up to [`tidemill_common::limits::PAGE_ITEMS`].
    pub async fn triggers(&self, limit: Option<usize>, cursor: Option<&str>) -> Result<TriggerPage, Error> {
        self.fetch(self.call(Method::GET, &["api", "triggers"]).query("limit", limit).query("cursor", cursor)).await
    }

    /// A trigger of a workflow.
    pub async fn trigger(&self, workflow: &str, trigger: &str) -> Result<TriggerDetail, Error> {
        self.fetch(self.call(Method::GET, &["api", "workflows", workflow, "triggers", trigger])).await
    }

    /// Makes an address at which a version's trigger takes deliveries for a while; the newest version's when none is named.
    pub async fn trigger_test(&self, workflow: &str, trigger: &str, version: Option<i32>) -> Result<TriggerTestAddress, Error> {
        let call = self.call(Method::POST, &["api", "workflows", workflow, "triggers", trigger, "test"]);
        self.fetch(call.json(&TriggerTest { version })).await
    }

    /// What a schedule will do.
    pub async fn schedule_explain(&self, wanted: &ScheduleExplain) -> Result<ScheduleExplanation, Error> {
        self.fetch(self.call(Method::POST, &["api", "schedules", "explain"]).json(wanted)).await
    }
}
