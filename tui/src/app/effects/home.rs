//! The client, and the workspace that its token is for: addresses of people and of the audit log name it.

use tokio::sync::OnceCell;

use crate::client::{Client, Error};

/// Where requests go.
pub struct Home {
    /// The client.
    pub client: Client,
    workspace: OnceCell<String>,
}

impl Home {
    /// Requests of `client`.
    pub fn new(client: Client) -> Self {
        Self { client, workspace: OnceCell::new() }
    }

    /// The workspace's name in addresses: asked for once.
    pub async fn workspace(&self) -> Result<&str, Error> {
        let ask = || async { self.client.user().await.map(|account| account.workspace.slug) };
        self.workspace.get_or_try_init(ask).await.map(String::as_str)
    }
}
