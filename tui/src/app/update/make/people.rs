//! Forms about members, invites, shares and tokens.

use chrono::{DateTime, Utc};
use serde_json::Value;
use tidemill_common::api::member::MemberView;

use crate::app::state::access;
use crate::app::state::form::{Entry, Field, Form, Purpose};

/// The roles, the least dangerous first.
const ROLES: [&str; 4] = ["viewer", "editor", "admin", "guest"];
const ABOUT_ROLES: &str = "viewer reads; editor changes and executes; admin does everything; guest sees what is shared";
const DAYS: &str = "until the membership ends; a guest needs them, others stay without";

/// Adds a member, or makes a service account.
pub fn member(now: DateTime<Utc>) -> Form {
    let fields = vec![
        Field::choice("kind", &["person", "service account"], "a person of the organization, or a program with tokens"),
        Field::new("who", "", Entry::Text, "the person's e-mail address, or the name of the service account"),
        Field::choice("role", &ROLES, ABOUT_ROLES),
        Field::new("days", "", Entry::Text, DAYS),
    ];
    let note = "who has no account yet is invited: the next tab (l)".to_owned();
    Form::new("add a member", Purpose::MemberAdd, fields, now).notes([note])
}

/// Changes what the member of a row may do.
pub fn role(member: &Value, now: DateTime<Utc>) -> Option<Form> {
    let member: MemberView = serde_json::from_value(member.clone()).ok()?;
    let present = access::word(member.role);
    let role = Field::choice("role", &ROLES, ABOUT_ROLES).with(present);
    let left = member.expires_at.map_or_else(String::new, |at| (at - now).num_days().max(1).to_string());
    let fields = vec![role, Field::new("days", left, Entry::Text, DAYS)];
    let notes = [format!("{} is {present}: {}", member.name, access::about(member.role))];
    let purpose = Purpose::MemberUpdate(member.user_id, member.name.clone());
    Some(Form::new(format!("what {} may do", member.name), purpose, fields, now).notes(notes))
}

/// Makes an invite.
pub fn invite(now: DateTime<Utc>) -> Form {
    let fields = vec![
        Field::choice("role", &ROLES, ABOUT_ROLES),
        Field::new("e-mail", "", Entry::Text, "the only address that may accept it; anybody with the link when empty"),
        Field::new("uses", "1", Entry::Text, "how often it can be accepted, 1 to 1000"),
        Field::new("hours", "72", Entry::Text, "until the link ends, 1 to 720"),
        Field::new("days", "", Entry::Text, DAYS),
        Field::new("workflows", "", Entry::Text, "shared with who accepts it, with commas between; may be empty"),
        Field::choice("may", &["view", "execute", "edit"], "what they may do with these workflows"),
    ];
    Form::new("make an invite", Purpose::Invite, fields, now).notes(["its link is shown one time".to_owned()])
}

/// Shares a thing.
pub fn share(now: DateTime<Utc>) -> Form {
    let fields = vec![
        Field::choice("kind", &["workflow", "execution", "credential"], "what is shared"),
        Field::new("which", "", Entry::Text, "the workflow's id, the execution's id, the credential's name"),
        Field::new("with", "", Entry::Text, "a member: e-mail address, name or id; or all of a workspace: @slug"),
        Field::choice("may", &["view", "execute", "edit", "use"], "use is for credentials: steps use it, nobody sees it"),
        Field::new("days", "", Entry::Text, "until it ends; never when empty"),
    ];
    Form::new("share a thing", Purpose::Share, fields, now)
}

/// Makes a token.
pub fn token(now: DateTime<Utc>) -> Form {
    let fields = vec![
        Field::new("name", "", Entry::Text, "what it is for"),
        Field::choice("role", &["editor", "viewer", "admin"], "the most that it may do; never more than you"),
        Field::new("days", "", Entry::Text, "until it stops working; never when empty"),
        Field::new("scopes", "", Entry::Text, "such as workflow:read execution:write; everything within the role when empty"),
        Field::new("acts for", "", Entry::Text, "the id of a service account (gp, yy copies it); you when empty"),
    ];
    Form::new("make a token", Purpose::Token, fields, now)
}
