//! What forms about users of the organization and workspaces send.

use tidemill_common::api::organization::OrganizationRole;
use tidemill_common::api::workspace::WorkspaceCreate;
use tidemill_common::ids::UserId;

use super::{Wrong, filled, needed};
use crate::app::order::{HouseOrder, Named, Order};
use crate::app::state::form::Form;

/// Another role in the organization.
pub fn role(form: &Form, user: UserId, name: &str) -> Order {
    let role = if form.text("role") == "admin" { OrganizationRole::Admin } else { OrganizationRole::Member };
    Order::House(HouseOrder::UserRole(user, name.to_owned(), role))
}

/// A new workspace.
pub fn workspace(form: &Form) -> Result<Order, Wrong> {
    let wanted = WorkspaceCreate { slug: needed(form, "slug")?, name: filled(form, "name") };
    Ok(Order::House(HouseOrder::WorkspaceCreate(wanted)))
}

/// Another name for what has one.
pub fn rename(form: &Form, named: &Named) -> Result<Order, Wrong> {
    Ok(Order::House(HouseOrder::Rename(named.clone(), needed(form, "name")?)))
}
