//! Who asks: the account, workspaces and tokens. And whether the server is up.

use reqwest::Method;
use tidemill_common::api::account::AccountView;
use tidemill_common::api::health::{HealthView, ReadyView};
use tidemill_common::api::node::NodeList;
use tidemill_common::api::token::{TokenCreate, TokenCreated, TokenList};
use tidemill_common::api::workspace::{WorkspaceCreate, WorkspaceList, WorkspaceView};
use tidemill_common::ids::TokenId;

use super::{Client, Error};

impl Client {
    /// The server's name and version; needs no token.
    pub async fn health(&self) -> Result<HealthView, Error> {
        self.fetch(self.call(Method::GET, &["healthz"])).await
    }

    /// Whether the server takes work; needs no token.
    pub async fn ready(&self) -> Result<ReadyView, Error> {
        self.fetch(self.call(Method::GET, &["readyz"])).await
    }

    /// The server processes on the server's database.
    pub async fn nodes(&self) -> Result<NodeList, Error> {
        self.fetch(self.call(Method::GET, &["api", "nodes"])).await
    }

    /// The account behind the token.
    pub async fn user(&self) -> Result<AccountView, Error> {
        self.fetch(self.call(Method::GET, &["api", "user"])).await
    }

    /// The workspaces of the account.
    pub async fn workspaces(&self) -> Result<WorkspaceList, Error> {
        self.fetch(self.call(Method::GET, &["api", "workspaces"])).await
    }

    /// Makes a workspace.
    pub async fn workspace_create(&self, workspace: &WorkspaceCreate) -> Result<WorkspaceView, Error> {
        self.fetch(self.call(Method::POST, &["api", "workspaces"]).json(workspace)).await
    }

    /// The workspace's tokens.
    pub async fn tokens(&self) -> Result<TokenList, Error> {
        self.fetch(self.call(Method::GET, &["api", "tokens"])).await
    }

    /// Makes a token; its secret is in this answer and never again.
    pub async fn token_create(&self, token: &TokenCreate) -> Result<TokenCreated, Error> {
        self.fetch(self.call(Method::POST, &["api", "tokens"]).json(token)).await
    }

    /// Ends a token.
    pub async fn token_revoke(&self, id: TokenId) -> Result<(), Error> {
        self.done(self.call(Method::DELETE, &["api", "tokens", &id.to_string()])).await
    }
}
