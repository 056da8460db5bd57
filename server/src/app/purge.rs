//! The end of deleted workspaces, when their grace period is over.

use tidemill_common::clock::Clock;
use tidemill_common::ids::{OrganizationId, WorkspaceId};

use super::audit::Act;
use crate::store::queries::purge;
use crate::store::rows::workspace::Workspace;
use crate::store::{Database, Error};

/// Rows that go in one transaction: short ones let others through.
const ROWS: i64 = 2_000;

/// Deletes for good what was deleted long enough ago.
pub async fn purge(database: &Database, clock: &dyn Clock) -> Result<(), Error> {
    let now = clock.now();
    for workspace in database.engine(move |conn| purge::purge_due(conn, now)).await? {
        let id = WorkspaceId(workspace.id);
        for table in database.engine(purge::tenant_tables).await? {
            loop {
                let name = table.clone();
                if database.engine(move |conn| purge::purge_some(conn, &name, id, ROWS)).await? == 0 {
                    break;
                }
            }
        }
        end(database, workspace, clock).await?;
    }
    Ok(())
}

async fn end(database: &Database, workspace: Workspace, clock: &dyn Clock) -> Result<(), Error> {
    let act = Act::by_node(OrganizationId(workspace.organization_id), "workspace_purge", clock.now());
    let act = act.in_workspace(WorkspaceId(workspace.id)).on("workspace", &workspace.slug);
    tracing::info!(workspace = workspace.slug, "a workspace that was deleted is gone for good");
    database
        .engine(move |conn| {
            purge::purge_workspace(conn, WorkspaceId(workspace.id))?;
            act.write_as_engine(conn)
        })
        .await
}
