//! Who is asking.

use tidemill_common::api::account::AccountView;

use super::error::{Error, authorize};
use super::workspace::view;
use crate::auth::{Caller, Operation, policy};
use crate::store::Database;
use crate::store::queries::account::{self, Selector};

/// Accounts.
#[derive(Debug, Clone)]
pub struct Accounts {
    database: Database,
}

impl Accounts {
    /// Accounts in `database`.
    pub fn new(database: Database) -> Self {
        Self { database }
    }

    /// The account of `caller`.
    pub async fn view(&self, caller: &Caller) -> Result<AccountView, Error> {
        authorize(caller, Operation::AccountView)?;
        let (user, organization, workspace) = (caller.user, caller.organization, caller.workspace);
        let (user, organization_name, membership) = self
            .database
            .engine(move |conn| {
                Ok((
                    account::user(conn, user.0)?,
                    account::organization_name(conn, organization.0)?,
                    account::membership(conn, user.0, &Selector::Id(workspace.0))?,
                ))
            })
            .await
            .map_err(Error::of("account"))?;
        let (workspace, role) = membership.ok_or(Error::NotFound("workspace"))?;
        let mut workspace = view(workspace, &role)?;
        workspace.role = policy::lesser(workspace.role, caller.role);
        Ok(AccountView {
            user_id: caller.user,
            name: user.name,
            email: user.email,
            organization_id: caller.organization,
            organization_name,
            workspace,
        })
    }
}
