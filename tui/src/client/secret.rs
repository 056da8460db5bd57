//! Secrets of a workspace: names go in and out, values only in.

use reqwest::Method;
use tidemill_common::api::secret::{SecretList, SecretPut};

use super::{Client, Error};

impl Client {
    /// The names of the workspace's secrets.
    pub async fn secrets(&self) -> Result<SecretList, Error> {
        self.fetch(self.call(Method::GET, &["api", "secrets"])).await
    }

    /// Makes or replaces the secret called `name`.
    pub async fn secret_set(&self, name: &str, value: String) -> Result<(), Error> {
        self.done(self.call(Method::PUT, &["api", "secrets", name]).json(&SecretPut { value })).await
    }

    /// Removes the secret called `name`.
    pub async fn secret_delete(&self, name: &str) -> Result<(), Error> {
        self.done(self.call(Method::DELETE, &["api", "secrets", name])).await
    }
}
