//! The first start: an organisation, a workspace, an admin and a token.

use tidemill_common::api::workspace::Role;
use tidemill_common::clock::Clock;
use tidemill_common::ids::{OrganizationId, UserId, WorkspaceId};

use super::Error;
use super::token::{new_row, new_secret};
use crate::auth::Secret;
use crate::store::Database;
use crate::store::queries::account::{FirstAccount, account_bootstrap};
use crate::store::rows::member::{Member, role_word};
use crate::store::rows::organization::Organization;
use crate::store::rows::user::User;
use crate::store::rows::workspace::Workspace;

/// What the first account is called.
#[derive(Debug, Clone)]
pub struct FirstNames {
    /// The organisation that installs the server.
    pub organization: String,
    /// Its first user.
    pub user: String,
    /// The first workspace's slug.
    pub workspace: String,
}

impl Default for FirstNames {
    fn default() -> Self {
        Self { organization: "Tidemill".to_owned(), user: "admin".to_owned(), workspace: "main".to_owned() }
    }
}

/// Makes the first account, unless there is one. Returns its token's secret, which can't be shown again.
pub async fn bootstrap(database: &Database, clock: &dyn Clock, names: FirstNames) -> Result<Option<Secret>, Error> {
    let secret = new_secret()?;
    let first = first_account(names, &secret, clock);
    let made = database.engine(move |conn| account_bootstrap(conn, &first)).await?;
    Ok(made.then_some(secret))
}

fn first_account(names: FirstNames, secret: &Secret, clock: &dyn Clock) -> FirstAccount {
    let now = clock.now();
    let (organization, user, workspace) = (OrganizationId::new(now), UserId::new(now), WorkspaceId::new(now));
    FirstAccount {
        organization: Organization { id: organization.0, name: names.organization, created_at: now },
        user: User { id: user.0, organization_id: organization.0, name: names.user, email: None, created_at: now },
        workspace: Workspace {
            id: workspace.0,
            organization_id: organization.0,
            name: names.workspace.clone(),
            slug: names.workspace,
            created_at: now,
        },
        member: Member { workspace_id: workspace.0, user_id: user.0, role: role_word(Role::Admin).to_owned(), created_at: now },
        token: new_row((workspace, user), "first start".to_owned(), secret, now),
    }
}
