//! Credentials of a workspace: everything but the secret goes in and out, the secret only in.

use reqwest::Method;
use tidemill_common::api::credential::{CredentialList, CredentialPut, CredentialView};

use super::{Client, Error};

impl Client {
    /// The workspace's credentials.
    pub async fn credentials(&self) -> Result<CredentialList, Error> {
        self.fetch(self.call(Method::GET, &["api", "credentials"])).await
    }

    /// The credential called `name`.
    pub async fn credential(&self, name: &str) -> Result<CredentialView, Error> {
        self.fetch(self.call(Method::GET, &["api", "credentials", name])).await
    }

    /// Makes or replaces the credential called `name`.
    pub async fn credential_set(&self, name: &str, credential: &CredentialPut) -> Result<CredentialView, Error> {
        self.fetch(self.call(Method::PUT, &["api", "credentials", name]).json(credential)).await
    }

    /// Removes the credential called `name`.
    pub async fn credential_delete(&self, name: &str) -> Result<(), Error> {
        self.done(self.call(Method::DELETE, &["api", "credentials", name])).await
    }
}
