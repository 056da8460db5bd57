//! What commands about people share: the workspace that they are about, days, roles.

use super::Error;
use super::session::Session;
use crate::client::Client;

/// A client, and the workspace that its requests act on, as the address names it.
pub async fn client_and_workspace(session: &Session) -> Result<(Client, String), Error> {
    let config = session.target()?;
    let client = Client::new(&config)?;
    let workspace = match config.workspace {
        Some(workspace) => workspace,
        None => client.user().await?.workspace.id.to_string(),
    };
    Ok((client, workspace))
}
