//! What forms about members, invites, shares and tokens send.

use tidemill_common::api::member::{InviteCreate, MemberCreate, MemberUpdate, ServiceAccountCreate};
use tidemill_common::api::share::{Permission, Shareable};
use tidemill_common::api::token::TokenCreate;
use tidemill_common::api::workspace::Role;
use tidemill_common::ids::UserId;

use super::{Wrong, filled, needed, number, words};
use crate::app::order::{Order, PeopleOrder, ShareWish};
use crate::app::state::access;
use crate::app::state::form::Form;

/// The role, and the days of a membership: a guest needs an end.
fn membership(form: &Form) -> Result<(Role, Option<u32>), Wrong> {
    let (role, days) = (access::role(form.text("role")), number(form, "days")?);
    if role == Role::Guest && days.is_none() {
        return Err(("days".into(), "a guest needs an end: so many days".into()));
    }
    Ok((role, days))
}

/// A new member.
pub fn member(form: &Form) -> Result<Order, Wrong> {
    let who = needed(form, "who")?;
    if form.text("kind") != "person" {
        let role = access::role(form.text("role"));
        return Ok(Order::People(PeopleOrder::ServiceAccountCreate(ServiceAccountCreate { name: who, role })));
    }
    let (role, expires_in_days) = membership(form)?;
    let user_id = who.parse().ok();
    let email = if user_id.is_none() { Some(who) } else { None };
    Ok(Order::People(PeopleOrder::MemberAdd(MemberCreate { user_id, email, role, expires_in_days })))
}

/// Another role.
pub fn role(form: &Form, user: UserId, name: &str) -> Result<Order, Wrong> {
    let (role, expires_in_days) = membership(form)?;
    Ok(Order::People(PeopleOrder::MemberUpdate(user, name.to_owned(), MemberUpdate { role, expires_in_days })))
}

/// A new invite.
pub fn invite(form: &Form) -> Result<Order, Wrong> {
    let (role, member_expires_in_days) = membership(form)?;
    let workflows = words(form, "workflows");
    let may = (!workflows.is_empty()).then(|| permission(form.text("may")));
    Ok(Order::People(PeopleOrder::InviteCreate(InviteCreate {
        role,
        organization_admin: false,
        email: filled(form, "e-mail"),
        uses: number(form, "uses")?,
        expires_in_hours: number(form, "hours")?,
        member_expires_in_days,
        workflows,
        permission: may,
    })))
}

/// A new share.
pub fn share(form: &Form) -> Result<Order, Wrong> {
    let kind = match form.text("kind") {
        "execution" => Shareable::Execution,
        "credential" => Shareable::Credential,
        _ => Shareable::Workflow,
    };
    let (may, use_it) = (permission(form.text("may")), kind == Shareable::Credential);
    if use_it != (may == Permission::Use) {
        let why = if use_it { "a credential is shared to be used" } else { "only credentials are shared to be used" };
        return Err(("may".into(), why.into()));
    }
    let (which, with, days) = (needed(form, "which")?, needed(form, "with")?, number(form, "days")?);
    Ok(Order::People(PeopleOrder::ShareCreate(Box::new(ShareWish { kind, which, with, may, days }))))
}

fn permission(word: &str) -> Permission {
    match word {
        "execute" => Permission::Execute,
        "edit" => Permission::Edit,
        "use" => Permission::Use,
        _ => Permission::View,
    }
}

/// A new token.
pub fn token(form: &Form) -> Result<Order, Wrong> {
    let scopes = words(form, "scopes");
    let service_account = match filled(form, "acts for") {
        Some(id) => Some(id.parse().map_err(|_| ("acts for".to_owned(), format!("“{id}” is no id: gp lists them")))?),
        None => None,
    };
    Ok(Order::TokenCreate(TokenCreate {
        name: needed(form, "name")?,
        role: Some(access::role(form.text("role"))),
        expires_in_days: number(form, "days")?,
        scopes: (!scopes.is_empty()).then_some(scopes),
        workspaces: None,
        service_account,
    }))
}
