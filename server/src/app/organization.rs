//! Organisations, and their users: named, given roles, helped to a new password.

use chrono::TimeDelta;
use tidemill_common::api::organization::{
    OrganizationCreate, OrganizationCreated, OrganizationList, OrganizationRole, OrganizationUpdate, OrganizationView,
    UserList, UserUpdate, UserView,
};
use tidemill_common::api::session::PasswordResetLink;
use tidemill_common::ids::{OrganizationId, UserId, WorkspaceId};

use super::access::authorize;
use super::audit::Act;
use super::error::{Error, check_text};
use super::invite::first_invite;
use super::member::kind;
use super::people::{People, check_email, new_secret};
use super::workspace::{check_slug, new_row, taken};
use crate::auth::{Caller, Kind, Operation};
use crate::store::queries::{account, invite, organization, sign_in};
use crate::store::rows::organization::Organization;
use crate::store::rows::user::{ADMIN, MEMBER, SERVICE, User};

/// How long a link for a new password is good.
const RESET: TimeDelta = TimeDelta::hours(24);

/// Refuses an organisation that is not the caller's own.
pub(super) fn own(caller: &Caller, id: OrganizationId) -> Result<(), Error> {
    if caller.home == id { Ok(()) } else { Err(Error::NotFound("organization")) }
}

impl People {
    /// The caller's organisation; for admins of the one that runs the server, all.
    pub async fn organizations(&self, caller: &Caller) -> Result<OrganizationList, Error> {
        authorize(caller, Operation::OrganizationList)?;
        let only = (!caller.operator).then_some(caller.home);
        let rows = self.database.engine(move |conn| organization::organization_list(conn, only)).await?;
        Ok(OrganizationList { items: rows.into_iter().map(view).collect() })
    }

    /// The caller's organisation.
    pub async fn organization(&self, caller: &Caller, id: OrganizationId) -> Result<OrganizationView, Error> {
        authorize(caller, Operation::OrganizationView)?;
        own(caller, id)?;
        let row = self.database.engine(move |conn| organization::organization_get(conn, id)).await;
        Ok(view(row.map_err(Error::of("organization"))?))
    }

    /// Makes an organisation with its first workspace, and the invite of its first admin.
    pub async fn organization_create(&self, caller: &Caller, wanted: OrganizationCreate) -> Result<OrganizationCreated, Error> {
        authorize(caller, Operation::OrganizationCreate)?;
        check_text("name", &wanted.name, 100)?;
        check_slug(&wanted.workspace)?;
        let now = self.clock.now();
        let row = Organization { id: OrganizationId::new(now).0, name: wanted.name, created_at: now, operator: false };
        let workspace = new_row(OrganizationId(row.id), wanted.workspace.clone(), wanted.workspace.clone(), now);
        let secret = new_secret(Kind::Invite)?;
        let email = wanted.email.as_deref().map(check_email).transpose()?;
        let invite = first_invite(WorkspaceId(workspace.id), caller.user, &secret, email, now)?;
        let act = Act::at_home(caller, Operation::OrganizationCreate, now);
        let made = row.clone();
        let inserted = self.database.engine(move |conn| {
            organization::organization_insert(conn, &row)?;
            account::workspace_insert_empty(conn, &workspace)?;
            invite::invite_insert(conn, &invite)?;
            act.on("organization", row.id).saying(&row.name).write_as_engine(conn)
        });
        inserted.await.map_err(taken(&wanted.workspace))?;
        let link = self.link("invite", secret.reveal());
        Ok(OrganizationCreated { organization: view(made), link, secret: secret.reveal().to_owned() })
    }

    /// Renames the caller's organisation.
    pub async fn organization_update(
        &self,
        caller: &Caller,
        id: OrganizationId,
        wanted: OrganizationUpdate,
    ) -> Result<OrganizationView, Error> {
        authorize(caller, Operation::OrganizationUpdate)?;
        own(caller, id)?;
        check_text("name", &wanted.name, 100)?;
        let act = Act::at_home(caller, Operation::OrganizationUpdate, self.clock.now());
        let renamed = self.database.engine(move |conn| {
            let before = organization::organization_get(conn, id)?;
            let after = organization::organization_rename(conn, id, &wanted.name)?;
            act.on("organization", id).before(&before.name).after(&after.name).write_as_engine(conn)?;
            Ok(after)
        });
        Ok(view(renamed.await.map_err(Error::of("organization"))?))
    }

    /// The users of the caller's organisation.
    pub async fn users(&self, caller: &Caller, id: OrganizationId) -> Result<UserList, Error> {
        authorize(caller, Operation::UserList)?;
        own(caller, id)?;
        let rows = self.database.engine(move |conn| organization::user_list(conn, id)).await?;
        Ok(UserList { items: rows.into_iter().map(user_view).collect() })
    }

    /// Gives a user another role in the organisation. The last admin stays one.
    pub async fn user_update(
        &self,
        caller: &Caller,
        (id, user): (OrganizationId, UserId),
        wanted: UserUpdate,
    ) -> Result<UserView, Error> {
        authorize(caller, Operation::UserUpdate)?;
        own(caller, id)?;
        let act = Act::at_home(caller, Operation::UserUpdate, self.clock.now());
        let changed = self.database.engine(move |conn| {
            let alone = organization::other_organization_admins(conn, id, user)? == 0;
            let (before, second_factor) = organization::user_get(conn, id, user)?;
            let role = if wanted.role == OrganizationRole::Admin { ADMIN } else { MEMBER };
            if before.kind == SERVICE {
                return Ok(Err(Error::Conflict("a service account administers no organisation".to_owned())));
            }
            if before.organization_role == ADMIN && role == MEMBER && alone {
                return Ok(Err(last_admin()));
            }
            organization::user_set_role(conn, user, role)?;
            let words = format!("{} to {role}", before.organization_role);
            act.on("user", user).saying(words).before(&before.organization_role).after(&role).write_as_engine(conn)?;
            Ok(Ok((User { organization_role: role.to_owned(), ..before }, second_factor)))
        });
        let changed = changed.await.map_err(Error::of("user"))??;
        self.authenticator.forget_user(user);
        Ok(user_view(changed))
    }

    /// Makes a link with which a user sets a new password, once.
    pub async fn user_password_reset(
        &self,
        caller: &Caller,
        (id, user): (OrganizationId, UserId),
    ) -> Result<PasswordResetLink, Error> {
        authorize(caller, Operation::UserPasswordReset)?;
        own(caller, id)?;
        let now = self.clock.now();
        let (secret, expires_at) = (new_secret(Kind::Reset)?, now + RESET);
        let (hash, act) = (secret.hash(), Act::at_home(caller, Operation::UserPasswordReset, now));
        let made = self.database.engine(move |conn| {
            let (row, _) = organization::user_get(conn, id, user)?;
            if row.kind == SERVICE || row.email.is_none() {
                return Ok(Err(Error::Conflict("this account has no address to sign in with".to_owned())));
            }
            sign_in::reset_insert(conn, user, &hash, expires_at)?;
            act.on("user", user).write_as_engine(conn)?;
            Ok(Ok(()))
        });
        made.await.map_err(Error::of("user"))??;
        let link = self.link("reset", secret.reveal());
        Ok(PasswordResetLink { link, secret: secret.reveal().to_owned(), expires_at })
    }
}

/// Why the last admin of an organisation can't go.
pub(super) fn last_admin() -> Error {
    Error::Conflict("this is the last admin of the organisation: make another user admin first".to_owned())
}

fn view(row: Organization) -> OrganizationView {
    OrganizationView { id: OrganizationId(row.id), name: row.name, operator: row.operator, created_at: row.created_at }
}

fn user_view((row, second_factor): (User, bool)) -> UserView {
    UserView {
        id: UserId(row.id),
        kind: kind(&row.kind),
        role: if row.organization_role == ADMIN { OrganizationRole::Admin } else { OrganizationRole::Member },
        name: row.name,
        email: row.email,
        second_factor,
        created_at: row.created_at,
    }
}
