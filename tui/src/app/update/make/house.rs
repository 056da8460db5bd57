//! Forms about the organization's users and the account's workspaces, and what is asked about them.

use chrono::{DateTime, Utc};
use serde_json::Value;
use tidemill_common::api::organization::{OrganizationView, UserView};
use tidemill_common::api::workspace::WorkspaceView;

use crate::app::action::Action;
use crate::app::effect::Effect;
use crate::app::order::{HouseOrder, Named, Order, Turn};
use crate::app::state::form::{Entry, Field, Form, Purpose};
use crate::app::state::listing::organization_role;
use crate::app::state::settings::Setting;
use crate::app::state::{Screen, State};
use crate::app::update::ask::{self, Ask};

/// Changes the role of the user of a row.
pub fn role(user: &Value, now: DateTime<Utc>) -> Option<Form> {
    let user: UserView = serde_json::from_value(user.clone()).ok()?;
    let present = organization_role(user.role);
    let help = "admin: workspaces, users, the plan, the whole audit log; member: what the workspaces' roles say";
    let fields = vec![Field::choice("role", &["member", "admin"], help).with(present)];
    let notes = [format!("{} is {present} of the organization", user.name)];
    let purpose = Purpose::UserRole(user.id, user.name.clone());
    Some(Form::new(format!("what {} may do in the organization", user.name), purpose, fields, now).notes(notes))
}

/// Makes a workspace.
pub fn workspace(now: DateTime<Utc>) -> Form {
    let fields = vec![
        Field::new("slug", "", Entry::Text, "its name in addresses: a-z, 0-9 and -, beginning with a letter; it stays"),
        Field::new("name", "", Entry::Text, "its name for people; the slug when empty"),
    ];
    Form::new("make a workspace", Purpose::Workspace, fields, now).notes(["you will be its first admin".to_owned()])
}

/// Makes an organization; for those who run the server.
pub fn organization(now: DateTime<Utc>) -> Form {
    let fields = vec![
        Field::new("name", "", Entry::Text, "its name for people, 1 to 100 characters"),
        Field::new("workspace", "", Entry::Text, "the slug of its first workspace: a-z, 0-9 and -, beginning with a letter"),
        Field::new(
            "e-mail",
            "",
            Entry::Text,
            "the only address that may become its first admin; anybody with the link when empty",
        ),
    ];
    let note = "for those who run the server; the link for its first admin is shown one time".to_owned();
    Form::new("make an organization", Purpose::Organization, fields, now).notes([note])
}

/// Puts the organization of a row on a plan; for those who run the server.
pub fn organization_plan(organization: &Value, state: &State) -> Option<Form> {
    let organization: OrganizationView = serde_json::from_value(organization.clone()).ok()?;
    let plans = state.plan.iter().flat_map(|facts| &facts.plans.items).map(|plan| plan.id.as_str()).collect::<Vec<_>>();
    let known = if plans.is_empty() { "gu lists them".to_owned() } else { plans.join(", ") };
    let fields = vec![
        Field::new("plan", "", Entry::Text, format!("{known}; when empty the plan stays")),
        Field::new("zone", "", Entry::Text, "where its months begin, such as Europe/Berlin, from the next period on"),
    ];
    let note = "for those who run the server: at once, and without an invoice".to_owned();
    let purpose = Purpose::OrganizationPlan(organization.id, organization.name.clone());
    Some(Form::new(format!("the plan of {}", organization.name), purpose, fields, state.now).notes([note]))
}

/// Gives the workspace of a row another name.
pub fn rename(workspace: &Value, now: DateTime<Utc>) -> Option<Form> {
    let workspace: WorkspaceView = serde_json::from_value(workspace.clone()).ok()?;
    Some(renaming(Named::Workspace(workspace.slug), &workspace.name, "1 to 100 characters; the slug stays", now))
}

/// Gives the account or the organization another name: what the cursor is on in the settings.
pub fn rename_own(setting: Setting, state: &State) -> Option<Form> {
    let account = state.account.as_ref()?;
    let (named, name) = match setting {
        Setting::Account => (Named::Account, &account.name),
        Setting::Organization => (Named::Organization, &account.organization_name),
        _ => return None,
    };
    Some(renaming(named, name, "1 to 100 characters; others see it", state.now))
}

fn renaming(named: Named, name: &str, help: &str, now: DateTime<Utc>) -> Form {
    let fields = vec![Field::new("name", name, Entry::Text, help)];
    Form::new(format!("another name for {}", named.about()), Purpose::Rename(named), fields, now)
}

/// Asks for a link with which the user under the cursor sets a new password.
pub fn password(state: &mut State) -> Vec<Effect> {
    let Some(user) = selected::<UserView>(state) else { return Vec::new() };
    let question = format!("make a link for a new password of {}? it is good once, for a day", user.name);
    let orders = vec![Order::House(HouseOrder::PasswordLink(user.id, user.name.clone()))];
    ask::ask(state, Ask { action: Action::PasswordLink, question, notes: Vec::new(), word: user.name, orders })
}

/// Archives the workspace under the cursor, brings it back, or restores it.
pub fn turn(state: &mut State) -> Vec<Effect> {
    let Some(workspace) = selected::<WorkspaceView>(state) else { return Vec::new() };
    let slug = workspace.slug;
    let (turn, meaning) = match (workspace.delete_after, workspace.archived_at) {
        (Some(_), _) => (Turn::Restore, "it opens again as it was"),
        (None, Some(_)) => (Turn::Unarchive, "it can be changed again; its triggers stay off until you activate them"),
        (None, None) => (Turn::Archive, "it can be read only, and nothing starts in it any more"),
    };
    let question = format!("{} {slug}? {meaning}", turn.word());
    let orders = vec![Order::House(HouseOrder::WorkspaceTurn(slug.clone(), turn))];
    ask::ask(state, Ask { action: Action::Switch, question, notes: Vec::new(), word: slug, orders })
}

/// Asks whether the workspace under the cursor is to be left.
pub fn leave(state: &mut State) -> Vec<Effect> {
    let Some(workspace) = selected::<WorkspaceView>(state) else { return Vec::new() };
    let slug = workspace.slug;
    let mut notes = vec!["within five seconds nothing in it is open to you; an admin of it can add you again".to_owned()];
    if slug == state.place.workspace {
        notes.push("you look at it now: the screen goes to another of your workspaces".to_owned());
    }
    let question = format!("leave the workspace {slug}?");
    let orders = vec![Order::House(HouseOrder::WorkspaceLeave(slug.clone()))];
    ask::ask(state, Ask { action: Action::Leave, question, notes, word: slug, orders })
}

/// What the row under the cursor is.
pub fn selected<T: serde::de::DeserializeOwned>(state: &State) -> Option<T> {
    let Screen::Listing(listing) = state.screen() else { return None };
    serde_json::from_value(listing.selected()?.json.clone()).ok()
}
