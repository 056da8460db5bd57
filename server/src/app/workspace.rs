//! Workspaces: made, renamed, archived, deleted with a grace period, restored.

use chrono::{DateTime, TimeDelta, Utc};
use tidemill_common::api::workspace::{Role, WorkspaceCreate, WorkspaceList, WorkspaceUpdate, WorkspaceView};
use tidemill_common::ids::{OrganizationId, UserId, WorkspaceId};

use super::access::authorize;
use super::audit::Act;
use super::error::{Error, check_text};
use super::people::People;
use crate::auth::{Caller, Operation, WorkspaceState};
use crate::store;
use crate::store::queries::{account, workspace};
use crate::store::rows::member::{Member, role_from_word, role_word};
use crate::store::rows::workspace::Workspace;

/// How long a deleted workspace can be restored.
const GRACE: TimeDelta = TimeDelta::days(30);

/// What happens to a workspace as a whole.
#[derive(Debug, Clone)]
enum Change {
    Rename(String),
    Archive,
    Unarchive,
    Delete,
    Restore,
}

impl People {
    /// The workspaces that the caller is a member of.
    pub async fn workspaces(&self, caller: &Caller) -> Result<WorkspaceList, Error> {
        authorize(caller, Operation::WorkspaceList)?;
        let (user, now) = (caller.user, self.clock.now());
        let rows = self.database.engine(move |conn| workspace::workspace_list(conn, user, now)).await?;
        let items = rows.into_iter().map(|(row, role)| view(row, &role)).collect::<Result<_, _>>()?;
        Ok(WorkspaceList { items })
    }

    /// The workspace of the request.
    pub async fn workspace(&self, caller: &Caller) -> Result<WorkspaceView, Error> {
        authorize(caller, Operation::WorkspaceView)?;
        let (id, role) = (caller.workspace, role_word(caller.role));
        let row = self.database.with_tenant(id, move |conn| workspace::workspace_get(conn, id)).await;
        Ok(view(row.map_err(Error::of("workspace"))?, role)?)
    }

    /// Makes a workspace of the caller's organisation; the caller becomes its admin.
    pub async fn workspace_create(&self, caller: &Caller, wanted: WorkspaceCreate) -> Result<WorkspaceView, Error> {
        authorize(caller, Operation::WorkspaceCreate)?;
        check_slug(&wanted.slug)?;
        let name = wanted.name.unwrap_or_else(|| wanted.slug.clone());
        check_text("name", &name, 100)?;
        let now = self.clock.now();
        let row = new_row(caller.home, wanted.slug.clone(), name, now);
        let member = first_admin(&row, caller.user, now);
        let act = Act::at_home(caller, Operation::WorkspaceCreate, now).in_workspace(WorkspaceId(row.id));
        let made = row.clone();
        let inserted = self.database.engine(move |conn| {
            account::workspace_insert(conn, &row, &member)?;
            act.on("workspace", &row.slug).write_as_engine(conn)
        });
        inserted.await.map_err(taken(&wanted.slug))?;
        Ok(view(made, role_word(Role::Admin))?)
    }

    /// Renames the workspace.
    pub async fn workspace_update(&self, caller: &Caller, wanted: WorkspaceUpdate) -> Result<WorkspaceView, Error> {
        authorize(caller, Operation::WorkspaceUpdate)?;
        check_text("name", &wanted.name, 100)?;
        self.change(caller, Operation::WorkspaceUpdate, Change::Rename(wanted.name)).await
    }

    /// Makes the workspace read only; no trigger fires. What runs goes on.
    pub async fn workspace_archive(&self, caller: &Caller) -> Result<WorkspaceView, Error> {
        authorize(caller, Operation::WorkspaceArchive)?;
        self.change(caller, Operation::WorkspaceArchive, Change::Archive).await
    }

    /// Brings an archived workspace back into use.
    pub async fn workspace_unarchive(&self, caller: &Caller) -> Result<WorkspaceView, Error> {
        authorize(caller, Operation::WorkspaceUnarchive)?;
        self.change(caller, Operation::WorkspaceUnarchive, Change::Unarchive).await
    }

    /// Deletes the workspace: it is shut at once, and goes for good after the grace period.
    pub async fn workspace_delete(&self, caller: &Caller) -> Result<WorkspaceView, Error> {
        authorize(caller, Operation::WorkspaceDelete)?;
        self.change(caller, Operation::WorkspaceDelete, Change::Delete).await
    }

    /// Brings a deleted workspace back, as long as it is there.
    pub async fn workspace_restore(&self, caller: &Caller) -> Result<WorkspaceView, Error> {
        authorize(caller, Operation::WorkspaceRestore)?;
        if !matches!(caller.state, WorkspaceState::Deleted(until) if until > self.clock.now()) {
            return Err(Error::Conflict("the workspace is not deleted, or its grace period is over".to_owned()));
        }
        self.change(caller, Operation::WorkspaceRestore, Change::Restore).await
    }

    async fn change(&self, caller: &Caller, operation: Operation, change: Change) -> Result<WorkspaceView, Error> {
        let (id, now) = (caller.workspace, self.clock.now());
        let act = Act::of(caller, operation, now);
        let changed = self
            .database
            .engine(move |conn| {
                let before = workspace::workspace_get(conn, id)?;
                let mut row = before.clone();
                match change {
                    Change::Rename(name) => row.name = name,
                    Change::Archive => row.archived_at = row.archived_at.or(Some(now)),
                    Change::Unarchive => row.archived_at = None,
                    Change::Delete => row.delete_after = row.delete_after.or(Some(now + GRACE)),
                    Change::Restore => row.delete_after = None,
                }
                let after = workspace::workspace_update(conn, id, &row.name, row.archived_at, row.delete_after)?;
                act.on("workspace", &after.slug).before(&state(&before)).after(&state(&after)).write_as_engine(conn)?;
                Ok(after)
            })
            .await
            .map_err(Error::of("workspace"))?;
        self.authenticator.forget_workspace(id);
        (self.activated)();
        Ok(view(changed, role_word(caller.role))?)
    }
}

/// What of a workspace can change.
fn state(row: &Workspace) -> (&str, Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
    (&row.name, row.archived_at, row.delete_after)
}

/// A new workspace.
pub(super) fn new_row(organization: OrganizationId, slug: String, name: String, now: DateTime<Utc>) -> Workspace {
    let id = WorkspaceId::new(now).0;
    Workspace { id, organization_id: organization.0, slug, name, created_at: now, archived_at: None, delete_after: None }
}

/// The membership of who makes a workspace.
pub(super) fn first_admin(workspace: &Workspace, user: UserId, now: DateTime<Utc>) -> Member {
    let role = role_word(Role::Admin).to_owned();
    Member { workspace_id: workspace.id, user_id: user.0, role, created_at: now, expires_at: None }
}

/// What to say when a slug is taken.
pub(super) fn taken(slug: &str) -> impl Fn(store::Error) -> Error {
    move |error| match error {
        store::Error::Conflict(_) => Error::Conflict(format!("a workspace `{slug}` exists already: choose another slug")),
        other => Error::Store(other),
    }
}

/// What the API shows of a workspace.
pub(super) fn view(row: Workspace, role: &str) -> Result<WorkspaceView, store::Error> {
    Ok(WorkspaceView {
        id: WorkspaceId(row.id),
        slug: row.slug,
        name: row.name,
        role: role_from_word(role)?,
        created_at: row.created_at,
        archived_at: row.archived_at,
        delete_after: row.delete_after,
    })
}

/// Refuses what is no slug.
pub(super) fn check_slug(slug: &str) -> Result<(), Error> {
    let fits = slug.len() <= 40
        && slug.starts_with(|first: char| first.is_ascii_lowercase())
        && slug.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if fits {
        return Ok(());
    }
    Err(Error::Invalid("`slug` must have 1 to 40 of a-z, 0-9 and -, and begin with a letter".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_safe_in_addresses() {
        for good in ["a", "main", "team-2", &"a".repeat(40)] {
            check_slug(good).unwrap();
        }
        for bad in ["", "A", "2a", "-a", "a_b", "a b", "ä", &"a".repeat(41)] {
            assert!(check_slug(bad).is_err(), "{bad}");
        }
    }
}
