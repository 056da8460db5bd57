//! The client, and whose token it has: addresses of people and of the audit log name workspace and organization.

use tidemill_common::api::account::AccountView;
use tidemill_common::ids::OrganizationId;
use tokio::sync::OnceCell;

use crate::client::{Client, Error};

/// Where requests go.
pub struct Home {
    /// The client.
    pub client: Client,
    account: OnceCell<AccountView>,
}

impl Home {
    /// Requests of `client`.
    pub fn new(client: Client) -> Self {
        Self { client, account: OnceCell::new() }
    }

    /// The account behind the token: asked for once.
    async fn account(&self) -> Result<&AccountView, Error> {
        self.account.get_or_try_init(|| self.client.user()).await
    }

    /// The workspace's name in addresses.
    pub async fn workspace(&self) -> Result<&str, Error> {
        self.account().await.map(|account| account.workspace.slug.as_str())
    }

    /// The organization.
    pub async fn organization(&self) -> Result<OrganizationId, Error> {
        self.account().await.map(|account| account.organization_id)
    }
}
