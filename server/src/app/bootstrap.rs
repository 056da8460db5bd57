//! The first start: an organisation, a workspace, an admin and a token.

use tidemill_common::clock::Clock;
use tidemill_common::ids::{OrganizationId, UserId, WorkspaceId};

use super::Error;
use super::member::person;
use super::people::new_secret;
use super::token::new_row;
use super::workspace;
use crate::auth::{Kind, Secret};
use crate::store::Database;
use crate::store::queries::account::{FirstAccount, account_bootstrap};
use crate::store::rows::organization::Organization;
use crate::store::rows::user::{ADMIN, User};

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
    let secret = new_secret(Kind::Token)?;
    let first = first_account(names, &secret, clock);
    let made = database.engine(move |conn| account_bootstrap(conn, &first)).await?;
    Ok(made.then_some(secret))
}

fn first_account(names: FirstNames, secret: &Secret, clock: &dyn Clock) -> FirstAccount {
    let now = clock.now();
    let organization = OrganizationId::new(now);
    let user = User { organization_role: ADMIN.to_owned(), ..person(organization.0, names.user, None, now) };
    let workspace = workspace::new_row(organization, names.workspace.clone(), names.workspace, now);
    FirstAccount {
        organization: Organization { id: organization.0, name: names.organization, created_at: now, operator: true },
        member: workspace::first_admin(&workspace, UserId(user.id), now),
        token: new_row((WorkspaceId(workspace.id), UserId(user.id)), "first start".to_owned(), secret, now),
        user,
        workspace,
    }
}
