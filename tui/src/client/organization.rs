//! Organisations, their users and the audit log.

use chrono::{DateTime, Utc};
use reqwest::Method;
use tidemill_common::api::audit::{AuditFormat, AuditPage};
use tidemill_common::api::organization::{
    OrganizationCreate, OrganizationCreated, OrganizationList, OrganizationUpdate, OrganizationView, UserList, UserUpdate,
    UserView,
};
use tidemill_common::api::session::PasswordResetLink;
use tidemill_common::ids::{OrganizationId, UserId};

use super::http::Call;
use super::{Answer, Client, Error};

/// Which entries of an audit log are wanted; everything that is absent is any.
#[derive(Debug, Clone, Default)]
pub struct AuditQuery {
    /// What was done.
    pub operation: Option<String>,
    /// Who did it.
    pub actor: Option<UserId>,
    /// To what kind of thing.
    pub object_kind: Option<String>,
    /// To which one.
    pub object_id: Option<String>,
    /// Not before.
    pub since: Option<DateTime<Utc>>,
    /// Before.
    pub until: Option<DateTime<Utc>>,
    /// Most entries.
    pub limit: Option<usize>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
}

impl Client {
    /// Organisations: the own one, or all for those who run the server.
    pub async fn organizations(&self) -> Result<OrganizationList, Error> {
        self.fetch(self.call(Method::GET, &["api", "organizations"])).await
    }

    /// One of them.
    pub async fn organization(&self, id: OrganizationId) -> Result<OrganizationView, Error> {
        self.fetch(self.call(Method::GET, &["api", "organizations", &id.to_string()])).await
    }

    /// Makes an organisation.
    pub async fn organization_create(&self, wanted: &OrganizationCreate) -> Result<OrganizationCreated, Error> {
        self.fetch(self.call(Method::POST, &["api", "organizations"]).json(wanted)).await
    }

    /// Renames an organisation.
    pub async fn organization_update(
        &self,
        id: OrganizationId,
        wanted: &OrganizationUpdate,
    ) -> Result<OrganizationView, Error> {
        self.fetch(self.call(Method::PATCH, &["api", "organizations", &id.to_string()]).json(wanted)).await
    }

    /// The users of an organisation.
    pub async fn users(&self, id: OrganizationId) -> Result<UserList, Error> {
        self.fetch(self.call(Method::GET, &["api", "organizations", &id.to_string(), "users"])).await
    }

    /// Changes a user's role in the organisation.
    pub async fn user_update(&self, id: OrganizationId, user: UserId, wanted: &UserUpdate) -> Result<UserView, Error> {
        self.fetch(
            self.call(Method::PATCH, &["api", "organizations", &id.to_string(), "users", &user.to_string()]).json(wanted),
        )
        .await
    }

    /// Erases a user.
    pub async fn user_erase(&self, id: OrganizationId, user: UserId) -> Result<(), Error> {
        self.done(self.call(Method::DELETE, &["api", "organizations", &id.to_string(), "users", &user.to_string()])).await
    }

    /// Makes a link with which a user sets a new password.
    pub async fn user_password_reset(&self, id: OrganizationId, user: UserId) -> Result<PasswordResetLink, Error> {
        self.fetch(
            self.call(Method::POST, &["api", "organizations", &id.to_string(), "users", &user.to_string(), "password-reset"]),
        )
        .await
    }

    /// A page of a workspace's audit log.
    pub async fn audit_log(&self, workspace: &str, query: &AuditQuery) -> Result<AuditPage, Error> {
        let call = self.call(Method::GET, &["api", "workspaces", workspace, "audit-log"]);
        self.fetch(filtered(call, query)).await
    }

    /// A page of an organisation's audit log: the whole chain.
    pub async fn organization_audit_log(&self, id: OrganizationId, query: &AuditQuery) -> Result<AuditPage, Error> {
        let call = self.call(Method::GET, &["api", "organizations", &id.to_string(), "audit-log"]);
        self.fetch(filtered(call, query)).await
    }

    /// A workspace's audit log as a file.
    pub async fn audit_export(&self, workspace: &str, query: &AuditQuery, format: AuditFormat) -> Result<Answer, Error> {
        let word = if format == AuditFormat::Csv { "csv" } else { "jsonl" };
        let call = self.call(Method::GET, &["api", "workspaces", workspace, "audit-log", "export"]);
        self.answer(filtered(call, query).query("format", Some(word))).await
    }
}

fn filtered(call: Call, query: &AuditQuery) -> Call {
    call.query("operation", query.operation.as_ref())
        .query("actor", query.actor)
        .query("object_kind", query.object_kind.as_ref())
        .query("object_id", query.object_id.as_ref())
        .query("since", query.since.map(|at| at.to_rfc3339()))
        .query("until", query.until.map(|at| at.to_rfc3339()))
        .query("limit", query.limit)
        .query("cursor", query.cursor.as_ref())
}
