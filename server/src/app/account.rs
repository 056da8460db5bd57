//! The caller's own account: shown, renamed, exported, erased. And the erasure of others by admins of the organisation.

use serde_json::Value;
use tidemill_common::api::account::{AccountErase, AccountUpdate, AccountView};
use tidemill_common::ids::{OrganizationId, UserId};

use super::access::authorize;
use super::audit::Act;
use super::error::{Error, check_text};
use super::organization::{last_admin, own};
use super::people::People;
use super::workspace::view;
use crate::auth::{Caller, Operation};
use crate::store::queries::{account, organization, person, workspace};
use crate::store::rows::member::role_word;
use crate::store::rows::user::ADMIN;
use crate::store::{self, Connection};

impl People {
    /// The account of `caller`, and the workspace that its requests act on.
    pub async fn account(&self, caller: &Caller) -> Result<AccountView, Error> {
        authorize(caller, Operation::AccountView)?;
        let (user, home, workspace) = (caller.user, caller.home, caller.workspace);
        let (user, organization_name, workspace) = self
            .database
            .engine(move |conn| {
                Ok((
                    account::user(conn, user.0)?,
                    account::organization_name(conn, home.0)?,
                    workspace::workspace_get(conn, workspace)?,
                ))
            })
            .await
            .map_err(Error::of("account"))?;
        Ok(AccountView {
            user_id: caller.user,
            name: user.name,
            email: user.email,
            organization_id: caller.home,
            organization_name,
            organization_admin: caller.organization_admin,
            workspace: view(workspace, role_word(caller.role))?,
        })
    }

    /// Renames the caller.
    pub async fn account_update(&self, caller: &Caller, wanted: AccountUpdate) -> Result<AccountView, Error> {
        authorize(caller, Operation::AccountUpdate)?;
        check_text("name", &wanted.name, 100)?;
        let (user, act) = (caller.user, Act::at_home(caller, Operation::AccountUpdate, self.clock.now()));
        self.database
            .engine(move |conn| {
                person::user_rename(conn, user, &wanted.name)?;
                act.on("user", user).write_as_engine(conn)
            })
            .await?;
        self.authenticator.forget_user(user);
        self.account(caller).await
    }

    /// Everything that the server knows about the caller.
    pub async fn account_export(&self, caller: &Caller) -> Result<Value, Error> {
        authorize(caller, Operation::AccountExport)?;
        let user = caller.user;
        Ok(self.database.engine(move |conn| person::user_export(conn, user)).await?)
    }

    /// Erases the caller's account.
    pub async fn account_erase(&self, caller: &Caller, wanted: AccountErase) -> Result<(), Error> {
        authorize(caller, Operation::AccountErase)?;
        if wanted.confirm != *caller.user_name {
            return Err(Error::Invalid("`confirm` must be the name of the account, as a sign that it is meant".to_owned()));
        }
        let act = Act::at_home(caller, Operation::AccountErase, self.clock.now());
        self.erase(caller.home, caller.user, act).await
    }

    /// Erases the account of a user of the caller's organisation.
    pub async fn user_erase(&self, caller: &Caller, (id, user): (OrganizationId, UserId)) -> Result<(), Error> {
        authorize(caller, Operation::UserErase)?;
        own(caller, id)?;
        let act = Act::at_home(caller, Operation::UserErase, self.clock.now());
        self.erase(id, user, act).await
    }

    async fn erase(&self, organization: OrganizationId, user: UserId, act: Act) -> Result<(), Error> {
        let now = self.clock.now();
        let erased = self.database.engine(move |conn| {
            if let Some(refused) = still_needed(conn, organization, user)? {
                return Ok(Err(refused));
            }
            person::user_erase(conn, user, now)?;
            act.on("user", user).write_as_engine(conn)?;
            Ok(Ok(()))
        });
        erased.await.map_err(Error::of("user"))??;
        self.authenticator.forget_user(user);
        Ok(())
    }
}

/// Why the user can't go yet: the last admin of something.
fn still_needed(conn: &mut Connection, organization: OrganizationId, user: UserId) -> Result<Option<Error>, store::Error> {
    let alone = organization::other_organization_admins(conn, organization, user)? == 0;
    let (row, _) = organization::user_get(conn, organization, user)?;
    if row.organization_role == ADMIN && alone {
        return Ok(Some(last_admin()));
    }
    let workspaces = person::workspaces_left_alone(conn, user)?;
    Ok((!workspaces.is_empty()).then(|| {
        Error::Conflict(format!(
            "the account is the last admin of {}: make another member admin, or delete the workspace first",
            workspaces.join(", ")
        ))
    }))
}
