//! Plans. These run as the engine: plans are above organizations.

use diesel::prelude::*;
use diesel::sql_types::{Bool, Text, Uuid as SqlUuid};
use tidemill_common::ids::{OrganizationId, WorkspaceId};

use crate::store::rows::plan::Plan;
use crate::store::schema::{billing_subscriptions, plans, workspaces};
use crate::store::{Error, Statement};

/// Every plan, by its place.
pub fn plan_list(conn: &mut PgConnection) -> Result<Vec<Plan>, Error> {
    Ok(plans::table.order(plans::place).select(Plan::as_select()).load(conn)?)
}

/// A plan.
pub fn plan_get(conn: &mut PgConnection, id: &str) -> Result<Plan, Error> {
    Ok(plans::table.find(id).select(Plan::as_select()).first(conn)?)
}

/// A plan, locked until the transaction ends.
pub fn plan_lock(conn: &mut PgConnection, id: &str) -> Result<Option<Plan>, Error> {
    Ok(plans::table.find(id).for_update().select(Plan::as_select()).first(conn).optional()?)
}

/// The plan that an organization is on.
pub fn plan_of(conn: &mut PgConnection, organization: OrganizationId) -> Result<Plan, Error> {
    Ok(billing_subscriptions::table
        .inner_join(plans::table.on(plans::id.eq(billing_subscriptions::plan)))
        .filter(billing_subscriptions::organization_id.eq(organization.0))
        .select(Plan::as_select())
        .first(conn)?)
}

/// The plan that the organization of a workspace is on.
pub fn plan_of_workspace(conn: &mut PgConnection, workspace: WorkspaceId) -> Result<Plan, Error> {
    let organization = workspaces::table.find(workspace.0).select(workspaces::organization_id).into_boxed();
    Ok(billing_subscriptions::table
        .inner_join(plans::table.on(plans::id.eq(billing_subscriptions::plan)))
        .filter(billing_subscriptions::organization_id.eq_any(organization))
        .select(Plan::as_select())
        .first(conn)?)
}

/// Makes or replaces a plan. [`Error::Conflict`] when another has its place.
pub fn plan_put(conn: &mut PgConnection, plan: &Plan) -> Result<(), Error> {
    if plan.is_default {
        diesel::update(plans::table.filter(plans::id.ne(&plan.id))).set(plans::is_default.eq(false)).execute(conn)?;
    }
    diesel::insert_into(plans::table).values(plan).on_conflict(plans::id).do_update().set(plan).execute(conn)?;
    Ok(())
}

/// Deletes a plan. [`Error::Conflict`] when organizations are on it.
pub fn plan_delete(conn: &mut PgConnection, id: &str) -> Result<(), Error> {
    let deleted = diesel::delete(plans::table.find(id)).execute(conn)?;
    if deleted == 0 { Err(Error::NotFound) } else { Ok(()) }
}

/// The meters of everybody on a plan follow its limit of executions. What is used stays used; where nothing was counted because there
/// was no limit, what was summed up counts.
pub fn plan_meters(conn: &mut PgConnection, id: &str) -> Result<usize, Error> {
    Ok(Statement::new(
        "UPDATE usage_meters m SET most = p.executions, told = 0,
             used = CASE WHEN m.most IS NULL THEN u.executions ELSE m.used END,
             -- `greatest` passes nulls over: without a limit there is no room either.
             room = CASE WHEN p.executions IS NOT NULL
                 THEN greatest(p.executions - CASE WHEN m.most IS NULL THEN u.executions ELSE m.used END, 0) END
         FROM billing_subscriptions s JOIN plans p ON p.id = s.plan
         JOIN usage_periods u ON u.organization_id = s.organization_id AND u.period_start = s.period_start
         WHERE s.organization_id = m.organization_id AND s.plan = $1 AND m.most IS DISTINCT FROM p.executions",
    )
    .bind::<Text, _>(id)
    .execute(conn)?)
}

#[derive(QueryableByName)]
struct Features {
    #[diesel(sql_type = diesel::sql_types::Array<Text>)]
    features: Vec<String>,
}

/// The words of the features that an organization's plan has.
pub fn plan_features(conn: &mut PgConnection, organization: OrganizationId) -> Result<Vec<String>, Error> {
    let row: Option<Features> = Statement::new(
        "SELECT p.features FROM billing_subscriptions s JOIN plans p ON p.id = s.plan WHERE s.organization_id = $1",
    )
    .bind::<SqlUuid, _>(organization.0)
    .get_result(conn)
    .optional()?;
    Ok(row.map(|row| row.features).unwrap_or_default())
}

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = Bool)]
    answer: bool,
}

/// Whether an organization is on the plan, or goes to it.
pub fn plan_is_used(conn: &mut PgConnection, id: &str) -> Result<bool, Error> {
    let row: Answer =
        Statement::new("SELECT EXISTS (SELECT FROM billing_subscriptions WHERE $1 IN (plan, next_plan)) AS answer")
            .bind::<Text, _>(id)
            .get_result(conn)?;
    Ok(row.answer)
}
