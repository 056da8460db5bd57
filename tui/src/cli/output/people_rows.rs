//! The columns of people and what they may do: members, invites, shares, sessions, users, organisations, the audit log.

use chrono::{DateTime, Utc};
use tidemill_common::api::audit::AuditRecord;
use tidemill_common::api::member::{InviteView, MemberView, UserKind};
use tidemill_common::api::organization::{OrganizationRole, OrganizationView, UserView};
use tidemill_common::api::session::SessionView;
use tidemill_common::api::share::{Permission, ShareView, Shareable, SharedView};

use super::row::rfc3339;
use super::rows::role_word;
use super::{Cell, Column, Row};

/// When something ends: days for people, RFC 3339 for programs.
fn end(now: DateTime<Utc>, at: Option<DateTime<Utc>>) -> Cell {
    at.map_or_else(|| Cell::optional(None::<String>), |at| Cell::both(format!("{}d", (at - now).num_days()), rfc3339(at)))
}

fn kind(kind: UserKind) -> &'static str {
    match kind {
        UserKind::Person => "person",
        UserKind::Service => "service",
    }
}

fn permission(permission: Permission) -> &'static str {
    match permission {
        Permission::View => "view",
        Permission::Execute => "execute",
        Permission::Edit => "edit",
        Permission::Use => "use",
    }
}

fn thing(kind: Shareable, id: &str) -> Cell {
    let kind = match kind {
        Shareable::Workflow => "workflow",
        Shareable::Execution => "execution",
        Shareable::Credential => "credential",
    };
    Cell::text(format!("{kind}/{id}"))
}

impl Row for MemberView {
    const KIND: &'static str = "member";
    const COLUMNS: &'static [Column] = &[
        Column::new("NAME"),
        Column::new("ROLE"),
        Column::wide("EMAIL"),
        Column::wide("KIND"),
        Column::new("ENDS"),
        Column::new("USER"),
    ];

    fn id(&self) -> String {
        self.user_id.to_string()
    }

    fn cells(&self, now: DateTime<Utc>) -> Vec<Cell> {
        vec![
            Cell::text(&self.name),
            Cell::text(role_word(self.role)),
            Cell::optional(self.email.as_deref()),
            Cell::text(kind(self.kind)),
            end(now, self.expires_at),
            Cell::text(self.user_id.to_string()),
        ]
    }
}

impl Row for InviteView {
    const KIND: &'static str = "invite";
    const COLUMNS: &'static [Column] =
        &[Column::new("ID"), Column::new("ROLE"), Column::new("USES"), Column::wide("EMAIL"), Column::new("ENDS")];

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn cells(&self, now: DateTime<Utc>) -> Vec<Cell> {
        let hours = format!("{}h", (self.expires_at - now).num_hours());
        vec![
            Cell::text(self.id.to_string()),
            Cell::text(role_word(self.role)),
            Cell::text(self.uses_left.to_string()),
            Cell::optional(self.email.as_deref()),
            Cell::both(hours, rfc3339(self.expires_at)),
        ]
    }
}

impl Row for ShareView {
    const KIND: &'static str = "share";
    const COLUMNS: &'static [Column] =
        &[Column::new("WHAT"), Column::new("WITH"), Column::new("MAY"), Column::new("ENDS"), Column::wide("ID")];

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn cells(&self, now: DateTime<Utc>) -> Vec<Cell> {
        let with = match (&self.user_name, &self.workspace) {
            (Some(user), _) => user.clone(),
            (None, workspace) => format!("workspace {}", workspace.as_deref().unwrap_or_default()),
        };
        vec![
            thing(self.object_kind, &self.object_id),
            Cell::text(with),
            Cell::text(permission(self.permission)),
            end(now, self.expires_at),
            Cell::text(self.id.to_string()),
        ]
    }
}

impl Row for SharedView {
    const KIND: &'static str = "share";
    const COLUMNS: &'static [Column] =
        &[Column::new("WORKSPACE"), Column::new("WHAT"), Column::new("MAY"), Column::new("ENDS")];

    fn id(&self) -> String {
        self.object_id.clone()
    }

    fn cells(&self, now: DateTime<Utc>) -> Vec<Cell> {
        vec![
            Cell::text(&self.workspace),
            thing(self.object_kind, &self.object_id),
            Cell::text(permission(self.permission)),
            end(now, self.expires_at),
        ]
    }
}

impl Row for SessionView {
    const KIND: &'static str = "session";
    const COLUMNS: &'static [Column] = &[
        Column::new("ID"),
        Column::new("NAME"),
        Column::wide("ADDRESS"),
        Column::new("USED"),
        Column::wide("CREATED"),
        Column::wide("ENDS"),
    ];

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn cells(&self, now: DateTime<Utc>) -> Vec<Cell> {
        let here = if self.current { " (this one)" } else { "" };
        vec![
            Cell::text(self.id.to_string()),
            Cell::both(format!("{}{here}", self.name), &self.name),
            Cell::optional(self.address.as_deref()),
            Cell::at(now, self.last_used_at),
            Cell::at(now, self.created_at),
            Cell::text(rfc3339(self.expires_at)),
        ]
    }
}

impl Row for OrganizationView {
    const KIND: &'static str = "organization";
    const COLUMNS: &'static [Column] = &[Column::new("NAME"), Column::new("ID"), Column::new("OPERATOR"), Column::new("AGE")];

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn cells(&self, now: DateTime<Utc>) -> Vec<Cell> {
        vec![
            Cell::text(&self.name),
            Cell::text(self.id.to_string()),
            Cell::text(if self.operator { "yes" } else { "no" }),
            Cell::at(now, self.created_at),
        ]
    }
}

impl Row for UserView {
    const KIND: &'static str = "user";
    const COLUMNS: &'static [Column] = &[
        Column::new("NAME"),
        Column::new("ROLE"),
        Column::wide("EMAIL"),
        Column::wide("KIND"),
        Column::wide("2FA"),
        Column::new("USER"),
        Column::wide("AGE"),
    ];

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn cells(&self, now: DateTime<Utc>) -> Vec<Cell> {
        vec![
            Cell::text(&self.name),
            Cell::text(if self.role == OrganizationRole::Admin { "admin" } else { "member" }),
            Cell::optional(self.email.as_deref()),
            Cell::text(kind(self.kind)),
            Cell::text(if self.second_factor { "yes" } else { "no" }),
            Cell::text(self.id.to_string()),
            Cell::at(now, self.created_at),
        ]
    }
}

impl Row for AuditRecord {
    const KIND: &'static str = "entry";
    const COLUMNS: &'static [Column] = &[
        Column::new("SEQ"),
        Column::new("AGE"),
        Column::new("WHO"),
        Column::new("DID"),
        Column::new("TO"),
        Column::wide("DETAIL"),
        Column::wide("ADDRESS"),
        Column::wide("HASH"),
    ];

    fn id(&self) -> String {
        self.seq.to_string()
    }

    fn cells(&self, now: DateTime<Utc>) -> Vec<Cell> {
        let entry = &self.entry;
        vec![
            Cell::text(self.seq.to_string()),
            Cell::at(now, entry.at),
            Cell::text(self.actor_name.as_deref().unwrap_or("the server")),
            Cell::text(&entry.operation),
            Cell::text(format!("{}/{}", entry.object_kind, entry.object_id)),
            Cell::optional(entry.detail.as_deref()),
            Cell::optional(entry.address.as_deref()),
            Cell::text(&self.hash),
        ]
    }
}
