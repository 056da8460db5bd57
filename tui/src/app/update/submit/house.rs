//! What forms about users of the organization and workspaces send.

use tidemill_common::api::billing_subscription::BillingSubscriptionUpdate;
use tidemill_common::api::organization::{OrganizationCreate, OrganizationRole};
use tidemill_common::api::workspace::WorkspaceCreate;
use tidemill_common::ids::{OrganizationId, UserId};

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

/// A new organization with its first workspace.
pub fn organization(form: &Form) -> Result<Order, Wrong> {
    let (name, workspace) = (needed(form, "name")?, needed(form, "workspace")?);
    let wanted = OrganizationCreate { name, workspace, email: filled(form, "e-mail") };
    Ok(Order::House(HouseOrder::OrganizationCreate(wanted)))
}

/// Another plan for an organization, or another time zone for its months.
pub fn organization_plan(form: &Form, id: OrganizationId, name: &str) -> Result<Order, Wrong> {
    let wanted = BillingSubscriptionUpdate { plan: filled(form, "plan"), zone: filled(form, "zone") };
    if wanted.plan.is_none() && wanted.zone.is_none() {
        return Err(("plan".to_owned(), "a plan is needed, or a time zone".to_owned()));
    }
    Ok(Order::House(HouseOrder::OrganizationPlan(id, name.to_owned(), wanted)))
}

/// Another name for what has one.
pub fn rename(form: &Form, named: &Named) -> Result<Order, Wrong> {
    Ok(Order::House(HouseOrder::Rename(named.clone(), needed(form, "name")?)))
}
