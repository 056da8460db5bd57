//! Orders about the organization's users, the account's workspaces and its sessions.

use tidemill_common::api::account::AccountUpdate;
use tidemill_common::api::organization::{OrganizationUpdate, UserUpdate};
use tidemill_common::api::workspace::WorkspaceUpdate;

use super::super::home::Home;
use crate::app::order::{HouseOrder, Named, Once, Outcome};
use crate::client::Error;

/// Sends `order`.
pub async fn send(home: &Home, order: &HouseOrder) -> Result<Outcome, Error> {
    let client = &home.client;
    match order {
        HouseOrder::UserRole(user, _, role) => {
            let wanted = UserUpdate { role: *role };
            client.user_update(home.organization().await?, *user, &wanted).await.map(|_| Outcome::Done)
        }
        HouseOrder::PasswordLink(user, name) => {
            let made = client.user_password_reset(home.organization().await?, *user).await?;
            let until = made.expires_at.format("%Y-%m-%d %H:%M UTC");
            Ok(Outcome::Once(Once {
                title: format!("the link for a new password of {name}, until {until}"),
                secret: made.link,
            }))
        }
        HouseOrder::UserErase(user, _) => client.user_erase(home.organization().await?, *user).await.map(|()| Outcome::Done),
        HouseOrder::WorkspaceCreate(wanted) => client.workspace_create(wanted).await.map(|_| Outcome::Done),
        HouseOrder::Rename(named, name) => rename(home, named, name.clone()).await.map(|()| Outcome::Done),
        HouseOrder::WorkspaceTurn(slug, turn) => client.workspace_change(slug, turn.word()).await.map(|_| Outcome::Done),
        HouseOrder::WorkspaceDelete(slug) => client.workspace_delete(slug).await.map(|_| Outcome::Done),
        HouseOrder::OrganizationCreate(wanted) => {
            let made = client.organization_create(wanted).await?;
            let title = format!("the link for the first admin of {}", made.organization.name);
            Ok(Outcome::Once(Once { title, secret: made.link }))
        }
        HouseOrder::OrganizationPlan(id, _, wanted) => {
            client.billing_subscription_set(*id, wanted).await.map(|view| Outcome::Plan(Box::new(view)))
        }
        HouseOrder::WorkspaceLeave(slug) => client.workspace_leave(slug).await.map(|()| Outcome::Done),
        HouseOrder::SessionEnd(id, _) => client.session_revoke(*id).await.map(|()| Outcome::Done),
    }
}

async fn rename(home: &Home, named: &Named, name: String) -> Result<(), Error> {
    let client = &home.client;
    match named {
        Named::Workspace(slug) => client.workspace_update(slug, &WorkspaceUpdate { name }).await.map(drop),
        Named::Account => client.account_update(&AccountUpdate { name }).await.map(drop),
        Named::Organization => {
            client.organization_update(home.organization().await?, &OrganizationUpdate { name }).await.map(drop)
        }
    }
}
