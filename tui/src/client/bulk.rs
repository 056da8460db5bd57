//! Orders about many executions at once.

use reqwest::Method;
use tidemill_common::api::bulk::{BulkList, BulkOrder, BulkView};
use tidemill_common::ids::ExecutionId;

use super::{Client, Error};

impl Client {
    /// Gives an order about every execution that fits.
    pub async fn execution_bulk_create(&self, order: &BulkOrder) -> Result<BulkView, Error> {
        self.fetch(self.call(Method::POST, &["api", "executions", "bulk"]).json(order)).await
    }

    /// The newest orders.
    pub async fn execution_bulk_list(&self) -> Result<BulkList, Error> {
        self.fetch(self.call(Method::GET, &["api", "executions", "bulk"])).await
    }

    /// Stops an order.
    pub async fn execution_bulk_stop(&self, id: ExecutionId) -> Result<BulkView, Error> {
        self.fetch(self.call(Method::POST, &["api", "executions", "bulk", &id.to_string(), "stop"])).await
    }
}
