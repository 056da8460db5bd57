//! The audit log: `/api/workspaces/{id}/audit-log`, its export, and the chain of an organisation.

#![expect(clippy::too_many_arguments, reason = "an operation names each of its query parameters")]

use chrono::{DateTime, Utc};
use poem::Body;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Binary;
use poem_openapi::{ApiResponse, OpenApi};
use tidemill_common::api::audit::{AuditFormat, AuditPage};
use tidemill_common::ids::OrganizationId;
use uuid::Uuid;

use super::authenticate::Token;
use super::failure::{FeatureFailure, ReadFailure, WorkspaceReadFailure};
use super::payload::Json;
use super::{Tag, audit_export, page};
use crate::app::{AuditFilter, AuditLog};

/// The audit log.
pub struct AuditApi(pub AuditLog);

/// An export, as it comes.
#[derive(ApiResponse)]
enum ExportResponse {
    /// One JSON object a line.
    #[oai(status = 200, content_type = "application/jsonl")]
    Jsonl(Binary<Body>),
    /// Comma-separated values with a heading.
    #[oai(status = 200, content_type = "text/csv; charset=utf-8")]
    Csv(Binary<Body>),
}

#[OpenApi(tag = "Tag::Audit")]
impl AuditApi {
    /// Read the audit log
    ///
    /// Who changed what in this workspace, newest first: with which token, from where, and hashes of what it was
    /// before and after.
    #[oai(path = "/api/workspaces/:id/audit-log", method = "get", operation_id = "audit_list")]
    async fn audit_list(
        &self,
        token: Token,
        /// The workspace, by id or slug.
        #[oai(name = "id")]
        _workspace: Path<String>,
        /// What was done: an `operationId`.
        operation: Query<Option<String>>,
        /// Who did it: a user or service account.
        actor: Query<Option<Uuid>>,
        /// To what kind of thing.
        object_kind: Query<Option<String>>,
        /// To which one.
        object_id: Query<Option<String>>,
        /// Not before.
        since: Query<Option<DateTime<Utc>>>,
        /// Before.
        until: Query<Option<DateTime<Utc>>>,
        /// Entries of a page, 1 to 200.
        limit: Query<Option<u32>>,
        /// The `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<AuditPage>, WorkspaceReadFailure> {
        let filter = AuditFilter {
            operation: operation.0,
            actor: actor.0,
            object_kind: object_kind.0,
            object_id: object_id.0,
            since: since.0,
            until: until.0,
            before: None,
        };
        Ok(Json(self.0.list(&token.0, filter, page(limit.0, cursor.0)).await?))
    }

    /// Export the audit log
    ///
    /// All entries that fit, newest first, as JSON lines or CSV.
    #[oai(path = "/api/workspaces/:id/audit-log/export", method = "get", operation_id = "audit_export")]
    async fn audit_export(
        &self,
        token: Token,
        /// The workspace, by id or slug.
        #[oai(name = "id")]
        _workspace: Path<String>,
        /// What was done: an `operationId`.
        operation: Query<Option<String>>,
        /// Who did it: a user or service account.
        actor: Query<Option<Uuid>>,
        /// To what kind of thing.
        object_kind: Query<Option<String>>,
        /// To which one.
        object_id: Query<Option<String>>,
        /// Not before.
        since: Query<Option<DateTime<Utc>>>,
        /// Before.
        until: Query<Option<DateTime<Utc>>>,
        /// `jsonl` or `csv`; `jsonl` when absent.
        format: Query<Option<AuditFormat>>,
    ) -> Result<ExportResponse, FeatureFailure> {
        let filter = AuditFilter {
            operation: operation.0,
            actor: actor.0,
            object_kind: object_kind.0,
            object_id: object_id.0,
            since: since.0,
            until: until.0,
            before: None,
        };
        let format = format.0.unwrap_or(AuditFormat::Jsonl);
        let body = audit_export::body(self.0.clone(), token.0, filter, format).await?;
        Ok(match format {
            AuditFormat::Jsonl => ExportResponse::Jsonl(Binary(body)),
            AuditFormat::Csv => ExportResponse::Csv(Binary(body)),
        })
    }

    /// Read an organisation's audit log
    ///
    /// The whole chain, its workspaces' entries included, newest first: what `tidemill audit verify` checks. For
    /// admins of the organisation.
    #[oai(path = "/api/organizations/:id/audit-log", method = "get", operation_id = "organization_audit_list")]
    async fn organization_audit_list(
        &self,
        token: Token,
        /// The organisation's id.
        id: Path<OrganizationId>,
        /// What was done: an `operationId`.
        operation: Query<Option<String>>,
        /// Who did it: a user or service account.
        actor: Query<Option<Uuid>>,
        /// To what kind of thing.
        object_kind: Query<Option<String>>,
        /// To which one.
        object_id: Query<Option<String>>,
        /// Not before.
        since: Query<Option<DateTime<Utc>>>,
        /// Before.
        until: Query<Option<DateTime<Utc>>>,
        /// Entries of a page, 1 to 200.
        limit: Query<Option<u32>>,
        /// The `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<AuditPage>, ReadFailure> {
        let filter = AuditFilter {
            operation: operation.0,
            actor: actor.0,
            object_kind: object_kind.0,
            object_id: object_id.0,
            since: since.0,
            until: until.0,
            before: None,
        };
        Ok(Json(self.0.organization(&token.0, id.0, filter, page(limit.0, cursor.0)).await?))
    }
}
