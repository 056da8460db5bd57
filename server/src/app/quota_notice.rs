//! That most of a limit is used, or all of it: said once in every workspace of the organization, by an entry of its audit log.

use chrono::{DateTime, Utc};
use serde_json::json;
use tidemill_common::ids::{OrganizationId, WorkspaceId};

use super::audit::Act;
use crate::store::queries::billing_subscription::{self, NoticeRow};
use crate::store::{self, Connection};

/// Says the oldest notice that was not said yet. Returns whether there was one.
pub(super) fn tell(conn: &mut Connection, now: DateTime<Utc>) -> Result<bool, store::Error> {
    let Some(notice) = billing_subscription::notice_untold(conn)? else { return Ok(false) };
    billing_subscription::notice_told(conn, notice.id, now)?;
    let operation = if notice.percent >= 100 { "quota_reached" } else { "quota_warning" };
    for workspace in &notice.workspaces {
        let act = Act::by_node(OrganizationId(notice.organization_id), operation, now).in_workspace(WorkspaceId(*workspace));
        act.on("quota", &notice.metric).saying(said(&notice)).write_as_engine(conn)?;
    }
    Ok(true)
}

/// What whoever listens finds in `trigger.body.quota`.
fn said(notice: &NoticeRow) -> String {
    json!({
        "metric": notice.metric,
        "percent": notice.percent,
        "used": notice.used,
        "limit": notice.most,
        "period_start": notice.period_start,
        "resets_at": notice.period_end,
    })
    .to_string()
}
