//! Subscriptions, and what plans pause. These run as the engine: an organization is above its workspaces.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use tidemill_common::ids::{OrganizationId, WorkflowUid, WorkspaceId};
use uuid::Uuid;

use crate::store::rows::billing_subscription::BillingSubscription;
use crate::store::schema::{billing_subscriptions, paused_workflows};
use crate::store::{Error, Statement};

/// An organization's subscription.
pub fn get(conn: &mut PgConnection, organization: OrganizationId) -> Result<BillingSubscription, Error> {
    Ok(billing_subscriptions::table.find(organization.0).select(BillingSubscription::as_select()).first(conn)?)
}

/// The same, locked until the transaction ends.
pub fn lock(conn: &mut PgConnection, organization: OrganizationId) -> Result<BillingSubscription, Error> {
    Ok(billing_subscriptions::table.find(organization.0).for_update().select(BillingSubscription::as_select()).first(conn)?)
}

/// The subscription of who is known to Stripe by this name.
pub fn of_customer(conn: &mut PgConnection, customer: &str) -> Result<Option<BillingSubscription>, Error> {
    let query = billing_subscriptions::table.filter(billing_subscriptions::customer.eq(customer)).for_update();
    Ok(query.select(BillingSubscription::as_select()).first(conn).optional()?)
}

/// Writes what changes about a subscription.
pub fn update(conn: &mut PgConnection, row: &BillingSubscription) -> Result<(), Error> {
    diesel::update(billing_subscriptions::table.find(row.organization_id)).set(row).execute(conn)?;
    Ok(())
}

#[derive(QueryableByName)]
struct Due {
    #[diesel(sql_type = SqlUuid)]
    organization_id: Uuid,
}

/// The organizations for whom a time has come: of a period, a trial, a grace period or an invoice.
pub fn due(conn: &mut PgConnection, now: DateTime<Utc>, most: i64) -> Result<Vec<OrganizationId>, Error> {
    let rows: Vec<Due> = Statement::new(
        "SELECT organization_id FROM billing_subscriptions WHERE least(period_end, trial_end, grace_end) <= $1
         UNION SELECT organization_id FROM invoices WHERE state = 'open' AND due_at <= $2 LIMIT $3",
    )
    .bind::<Timestamptz, _>(now)
    .bind::<Timestamptz, _>(now)
    .bind::<BigInt, _>(most)
    .load(conn)?;
    Ok(rows.into_iter().map(|row| OrganizationId(row.organization_id)).collect())
}

/// An organization's meter follows its plan. Where nothing was counted because there was no limit, what was summed up counts.
pub fn meter_follow(conn: &mut PgConnection, organization: OrganizationId) -> Result<(), Error> {
    Statement::new(
        "UPDATE usage_meters m SET most = p.executions, told = 0,
             used = CASE WHEN m.most IS NULL THEN u.executions ELSE m.used END,
             -- `greatest` passes nulls over: without a limit there is no room either.
             room = CASE WHEN p.executions IS NOT NULL
                 THEN greatest(p.executions - CASE WHEN m.most IS NULL THEN u.executions ELSE m.used END, 0) END
         FROM billing_subscriptions s JOIN plans p ON p.id = s.plan
         JOIN usage_periods u ON u.organization_id = s.organization_id AND u.period_start = s.period_start
         WHERE s.organization_id = m.organization_id AND m.organization_id = $1",
    )
    .bind::<SqlUuid, _>(organization.0)
    .execute(conn)?;
    Ok(())
}

/// A new period begins: its meter is at nothing, and there is a row for what it will use.
pub fn period_begin(conn: &mut PgConnection, row: &BillingSubscription) -> Result<(), Error> {
    Statement::new("INSERT INTO usage_periods (organization_id, period_start) VALUES ($1, $2) ON CONFLICT DO NOTHING")
        .bind::<SqlUuid, _>(row.organization_id)
        .bind::<Timestamptz, _>(row.period_start)
        .execute(conn)?;
    Statement::new(
        "UPDATE usage_meters m SET used = 0, most = p.executions, room = p.executions, told = 0, resets_at = $1
         FROM plans p WHERE p.id = $2 AND m.organization_id = $3",
    )
    .bind::<Timestamptz, _>(row.period_end)
    .bind::<Text, _>(row.plan.as_str())
    .bind::<SqlUuid, _>(row.organization_id)
    .execute(conn)?;
    Ok(())
}

/// A workflow, by the names that people know.
#[derive(Debug, Clone, QueryableByName)]
pub struct NamedWorkflow {
    /// The workspace.
    #[diesel(sql_type = SqlUuid)]
    pub workspace_id: Uuid,
    /// Its slug.
    #[diesel(sql_type = Text)]
    pub slug: String,
    /// The workflow.
    #[diesel(sql_type = SqlUuid)]
    pub uid: Uuid,
    /// The `id` of its file.
    #[diesel(sql_type = Text)]
    pub id: String,
    /// The version that is live, or was.
    #[diesel(sql_type = Integer)]
    pub version: i32,
    /// When it changed, or was paused.
    #[diesel(sql_type = Timestamptz)]
    pub at: DateTime<Utc>,
}

/// The active workflows beyond `limit`: those that changed last stay.
pub fn workflows_beyond(
    conn: &mut PgConnection,
    organization: OrganizationId,
    limit: i64,
) -> Result<Vec<NamedWorkflow>, Error> {
    Ok(Statement::new(
        "SELECT f.workspace_id, w.slug, f.uid, f.id, f.active_version AS version, f.updated_at AS at
         FROM workflows f JOIN workspaces w ON w.id = f.workspace_id
         WHERE w.organization_id = $1 AND f.active_version IS NOT NULL
         ORDER BY f.updated_at DESC, f.uid DESC OFFSET $2",
    )
    .bind::<SqlUuid, _>(organization.0)
    .bind::<BigInt, _>(limit)
    .load(conn)?)
}

/// Pauses a workflow: no version is live, and which one was is kept.
pub fn workflow_pause(conn: &mut PgConnection, workflow: &NamedWorkflow, now: DateTime<Utc>) -> Result<(), Error> {
    Statement::new(
        "INSERT INTO paused_workflows (workspace_id, workflow_uid, version, at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (workspace_id, workflow_uid) DO UPDATE SET version = excluded.version, at = excluded.at",
    )
    .bind::<SqlUuid, _>(workflow.workspace_id)
    .bind::<SqlUuid, _>(workflow.uid)
    .bind::<Integer, _>(workflow.version)
    .bind::<Timestamptz, _>(now)
    .execute(conn)?;
    Statement::new("DELETE FROM triggers WHERE workspace_id = $1 AND workflow_uid = $2")
        .bind::<SqlUuid, _>(workflow.workspace_id)
        .bind::<SqlUuid, _>(workflow.uid)
        .execute(conn)?;
    Statement::new("UPDATE workflows SET active_version = NULL WHERE workspace_id = $1 AND uid = $2")
        .bind::<SqlUuid, _>(workflow.workspace_id)
        .bind::<SqlUuid, _>(workflow.uid)
        .execute(conn)?;
    Ok(())
}

/// What is paused of an organization, what changed last first.
pub fn workflows_paused(conn: &mut PgConnection, organization: OrganizationId) -> Result<Vec<NamedWorkflow>, Error> {
    Ok(Statement::new(
        "SELECT f.workspace_id, w.slug, f.uid, f.id, p.version, p.at
         FROM paused_workflows p JOIN workflows f ON f.workspace_id = p.workspace_id AND f.uid = p.workflow_uid
         JOIN workspaces w ON w.id = f.workspace_id
         WHERE w.organization_id = $1 ORDER BY f.updated_at DESC, f.uid DESC",
    )
    .bind::<SqlUuid, _>(organization.0)
    .load(conn)?)
}

/// A workflow is paused no more: somebody has decided what is live. Runs in the transaction of its workspace.
pub fn workflow_unpause(conn: &mut PgConnection, workspace: WorkspaceId, uid: WorkflowUid) -> Result<(), Error> {
    diesel::delete(paused_workflows::table.find((workspace.0, uid.0))).execute(conn)?;
    Ok(())
}

/// Notes which meters have reached 80 % or 100 % of their limit since the last look. Returns how many.
pub fn meters_notice(conn: &mut PgConnection) -> Result<usize, Error> {
    Ok(Statement::new(
        "WITH reached AS (
             UPDATE usage_meters SET told = CASE WHEN used >= most THEN 100 ELSE 80 END
             WHERE most > 0 AND told < 100 AND used * 100 >= most * CASE WHEN told < 80 THEN 80 ELSE 100 END
             RETURNING organization_id, used, most, told
         )
         INSERT INTO quota_notices (organization_id, metric, percent, period_start, used, most)
         SELECT r.organization_id, 'executions', p, s.period_start, r.used, r.most
         FROM reached r JOIN billing_subscriptions s USING (organization_id), unnest(ARRAY[80, 100]) p WHERE p <= r.told
         ON CONFLICT DO NOTHING",
    )
    .execute(conn)?)
}

/// A notice that was not told yet.
#[derive(Debug, Clone, QueryableByName)]
pub struct NoticeRow {
    /// The notice.
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    /// Whose limit it is.
    #[diesel(sql_type = SqlUuid)]
    pub organization_id: Uuid,
    /// What is limited.
    #[diesel(sql_type = Text)]
    pub metric: String,
    /// The share that was reached.
    #[diesel(sql_type = SmallInt)]
    pub percent: i16,
    /// How much is used.
    #[diesel(sql_type = BigInt)]
    pub used: i64,
    /// How much there may be.
    #[diesel(sql_type = BigInt)]
    pub most: i64,
    /// When the period began.
    #[diesel(sql_type = Timestamptz)]
    pub period_start: DateTime<Utc>,
    /// When it ends.
    #[diesel(sql_type = Timestamptz)]
    pub period_end: DateTime<Utc>,
    /// The workspaces of the organization that are told.
    #[diesel(sql_type = Array<SqlUuid>)]
    pub workspaces: Vec<Uuid>,
}

/// The oldest notice that is to be told, locked until the transaction ends.
pub fn notice_untold(conn: &mut PgConnection) -> Result<Option<NoticeRow>, Error> {
    Ok(Statement::new(
        "SELECT n.id, n.organization_id, n.metric, n.percent, n.used, n.most, n.period_start, s.period_end,
                ARRAY(SELECT w.id FROM workspaces w WHERE w.organization_id = n.organization_id
                          AND w.archived_at IS NULL AND w.delete_after IS NULL ORDER BY w.id) AS workspaces
         FROM quota_notices n JOIN billing_subscriptions s USING (organization_id)
         WHERE n.told_at IS NULL ORDER BY n.at, n.percent LIMIT 1 FOR UPDATE OF n SKIP LOCKED",
    )
    .get_result(conn)
    .optional()?)
}

/// Everybody was told of a notice.
pub fn notice_told(conn: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> Result<(), Error> {
    Statement::new("UPDATE quota_notices SET told_at = $1 WHERE id = $2")
        .bind::<Timestamptz, _>(now)
        .bind::<SqlUuid, _>(id)
        .execute(conn)?;
    Ok(())
}
