//! Workspaces.

use std::sync::Arc;

use tidemill_common::api::workspace::{Role, WorkspaceCreate, WorkspaceList, WorkspaceView};
use tidemill_common::clock::Clock;
use tidemill_common::ids::{OrganizationId, UserId, WorkspaceId};

use super::error::{Error, authorize, check_text};
use crate::auth::{Caller, Operation};
use crate::store::queries::{account, workspace};
use crate::store::rows::member::{Member, role_from_word, role_word};
use crate::store::rows::workspace::Workspace;
use crate::store::{self, Database};

/// Workspaces.
#[derive(Clone)]
pub struct Workspaces {
    database: Database,
    clock: Arc<dyn Clock>,
}

impl Workspaces {
    /// Workspaces in `database`.
    pub fn new(database: Database, clock: Arc<dyn Clock>) -> Self {
        Self { database, clock }
    }

    /// The workspaces that the caller is a member of.
    pub async fn list(&self, caller: &Caller) -> Result<WorkspaceList, Error> {
        authorize(caller, Operation::WorkspaceList)?;
        let user = caller.user;
        let rows = self.database.engine(move |conn| workspace::workspace_list(conn, user)).await?;
        let items = rows.into_iter().map(|(row, role)| view(row, &role)).collect::<Result<_, _>>()?;
        Ok(WorkspaceList { items })
    }

    /// Makes a workspace of the caller's organisation; the caller becomes its admin.
    pub async fn create(&self, caller: &Caller, wanted: WorkspaceCreate) -> Result<WorkspaceView, Error> {
        authorize(caller, Operation::WorkspaceCreate)?;
        check_slug(&wanted.slug)?;
        let name = wanted.name.unwrap_or_else(|| wanted.slug.clone());
        check_text("name", &name, 100)?;
        let (row, member) = self.new_rows(caller.organization, caller.user, &wanted.slug, name);
        let made = row.clone();
        self.database.engine(move |conn| account::workspace_insert(conn, &row, &member)).await.map_err(
            |error| match error {
                store::Error::Conflict(_) => {
                    Error::Conflict(format!("a workspace `{}` exists already: choose another slug", wanted.slug))
                }
                other => Error::Store(other),
            },
        )?;
        Ok(view(made, role_word(Role::Admin))?)
    }

    fn new_rows(&self, organization: OrganizationId, user: UserId, slug: &str, name: String) -> (Workspace, Member) {
        let now = self.clock.now();
        let id = WorkspaceId::new(now).0;
        let row = Workspace { id, organization_id: organization.0, slug: slug.to_owned(), name, created_at: now };
        let role = role_word(Role::Admin).to_owned();
        (row, Member { workspace_id: id, user_id: user.0, role, created_at: now })
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
    })
}

fn check_slug(slug: &str) -> Result<(), Error> {
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
