//! Members of a workspace: added, given another role, removed; and service accounts.

use chrono::{DateTime, TimeDelta, Utc};
use tidemill_common::api::member::{MemberCreate, MemberList, MemberUpdate, MemberView, ServiceAccountCreate, UserKind};
use tidemill_common::api::workspace::Role;
use tidemill_common::ids::{UserId, WorkspaceId};

use super::access::authorize;
use super::audit::Act;
use super::error::{Error, check_text};
use super::people::{People, check_email};
use super::quota::one_more_member;
use crate::auth::{Caller, Operation};
use crate::store::queries::{member, organization, share};
use crate::store::rows::member::{Member, role_from_word, role_word};
use crate::store::rows::user::{MEMBER, SERVICE, User};
use crate::store::{self, Connection};

impl People {
    /// The members of the workspace.
    pub async fn members(&self, caller: &Caller) -> Result<MemberList, Error> {
        authorize(caller, Operation::MemberList)?;
        let workspace = caller.workspace;
        let rows = self.database.with_tenant(workspace, move |conn| member::member_list(conn, workspace)).await?;
        Ok(MemberList { items: rows.into_iter().map(view).collect::<Result<_, _>>()? })
    }

    /// Makes an account of the organisation a member.
    pub async fn member_add(&self, caller: &Caller, wanted: MemberCreate) -> Result<MemberView, Error> {
        authorize(caller, Operation::MemberAdd)?;
        let email = wanted.email.as_deref().map(check_email).transpose()?;
        if wanted.user_id.is_some() == email.is_some() {
            return Err(Error::Invalid("name either `user_id` or `email`".to_owned()));
        }
        let now = self.clock.now();
        let expires_at = end(wanted.role, wanted.expires_in_days, now)?;
        let (workspace, organization) = (caller.workspace, caller.organization);
        let act = Act::of(caller, Operation::MemberAdd, now);
        let added = self.database.with_tenant(workspace, move |conn| {
            let user = member::colleague(conn, organization.0, wanted.user_id, email.as_deref())?;
            if user.kind != SERVICE
                && let Err(refused) = one_more_member(conn, user.id)?
            {
                return Ok(Err(refused));
            }
            let role = role_word(wanted.role).to_owned();
            let row = Member { workspace_id: workspace.0, user_id: user.id, role, created_at: now, expires_at };
            member::member_insert(conn, &row)?;
            act.on("member", user.id).saying(&row.role).after(&state(&row)).write(conn)?;
            Ok(Ok((row, user)))
        });
        let added = added.await.map_err(|error| match error {
            store::Error::Conflict(_) => Error::Conflict("this account is a member already: change its role".to_owned()),
            store::Error::NotFound => {
                Error::Conflict("no account of the organisation has this id or address: invite it with a link".to_owned())
            }
            other => Error::Store(other),
        })??;
        self.authenticator.forget_user(UserId(added.1.id));
        Ok(view(added)?)
    }

    /// Gives a member another role.
    pub async fn member_update(&self, caller: &Caller, id: UserId, wanted: MemberUpdate) -> Result<MemberView, Error> {
        authorize(caller, Operation::MemberUpdate)?;
        let now = self.clock.now();
        let expires_at = end(wanted.role, wanted.expires_in_days, now)?;
        let (workspace, act) = (caller.workspace, Act::of(caller, Operation::MemberUpdate, now));
        let changed = self.database.with_tenant(workspace, move |conn| {
            let alone = member::other_admins(conn, workspace, id)? == 0;
            let (row, user) = member::member_get(conn, workspace, id)?;
            let stays = wanted.role == Role::Admin && expires_at.is_none();
            if is_lasting_admin(&row) && alone && !stays {
                return Ok(Err(last_admin()));
            }
            let after = Member { role: role_word(wanted.role).to_owned(), expires_at, ..row.clone() };
            member::member_update(conn, (workspace, id), &after.role, expires_at)?;
            let words = format!("{} to {}", row.role, after.role);
            act.on("member", id).saying(words).before(&state(&row)).after(&state(&after)).write(conn)?;
            Ok(Ok((after, user)))
        });
        let changed = changed.await.map_err(Error::of("member"))??;
        self.authenticator.forget_user(id);
        Ok(view(changed)?)
    }

    /// Removes a member, and what is shared with it.
    pub async fn member_remove(&self, caller: &Caller, id: UserId) -> Result<(), Error> {
        authorize(caller, Operation::MemberRemove)?;
        self.remove(caller, Operation::MemberRemove, id).await
    }

    /// Lets the caller go.
    pub async fn workspace_leave(&self, caller: &Caller) -> Result<(), Error> {
        authorize(caller, Operation::WorkspaceLeave)?;
        self.remove(caller, Operation::WorkspaceLeave, caller.user).await
    }

    async fn remove(&self, caller: &Caller, operation: Operation, id: UserId) -> Result<(), Error> {
        let (workspace, act) = (caller.workspace, Act::of(caller, operation, self.clock.now()));
        let removed = self.database.with_tenant(workspace, move |conn| {
            let alone = member::other_admins(conn, workspace, id)? == 0;
            let (row, _) = member::member_get(conn, workspace, id)?;
            if is_lasting_admin(&row) && alone {
                return Ok(Err(last_admin()));
            }
            share::share_delete_of(conn, workspace, id.0)?;
            member::member_delete(conn, workspace, id)?;
            act.on("member", id).saying(&row.role).before(&state(&row)).write(conn)?;
            Ok(Ok(()))
        });
        removed.await.map_err(Error::of("member"))??;
        self.authenticator.forget_user(id);
        Ok(())
    }

    /// Makes an account for a program, which is a member at once. Its tokens are made by admins of the workspace.
    pub async fn service_account_create(&self, caller: &Caller, wanted: ServiceAccountCreate) -> Result<MemberView, Error> {
        authorize(caller, Operation::ServiceAccountCreate)?;
        check_text("name", &wanted.name, 100)?;
        if wanted.role == Role::Guest {
            return Err(Error::Invalid("a service account is no guest: its tokens can expire instead".to_owned()));
        }
        let (now, workspace) = (self.clock.now(), caller.workspace);
        let user = User { kind: SERVICE.to_owned(), ..person(caller.organization.0, wanted.name, None, now) };
        let role = role_word(wanted.role).to_owned();
        let row = Member { workspace_id: workspace.0, user_id: user.id, role, created_at: now, expires_at: None };
        let act = Act::of(caller, Operation::ServiceAccountCreate, now);
        let made = self.database.engine(move |conn| {
            organization::user_insert(conn, &user)?;
            member::member_insert(conn, &row)?;
            act.on("member", user.id).saying(&row.role).after(&state(&row)).write_as_engine(conn)?;
            Ok((row, user))
        });
        Ok(view(made.await?)?)
    }
}

/// A new person.
pub(super) fn person(organization: uuid::Uuid, name: String, email: Option<String>, now: DateTime<Utc>) -> User {
    User {
        id: UserId::new(now).0,
        organization_id: organization,
        name,
        email,
        created_at: now,
        kind: crate::store::rows::user::PERSON.to_owned(),
        organization_role: MEMBER.to_owned(),
        erased_at: None,
    }
}

/// When a membership ends. A guest's always does.
pub(super) fn end(role: Role, days: Option<u32>, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, Error> {
    match (role, days) {
        (Role::Guest, None) => Err(Error::Invalid("a guest must have an end: say `expires_in_days`".to_owned())),
        (_, None) => Ok(None),
        (_, Some(days @ 1..=3650)) => Ok(Some(now + TimeDelta::days(days.into()))),
        (_, Some(days)) => Err(Error::Invalid(format!("the days until the end must be 1 to 3650, not {days}"))),
    }
}

fn is_lasting_admin(row: &Member) -> bool {
    row.role == role_word(Role::Admin) && row.expires_at.is_none()
}

fn last_admin() -> Error {
    Error::Conflict("this is the last admin of the workspace: make another member admin first".to_owned())
}

/// What of a membership can change.
fn state(row: &Member) -> (&str, Option<DateTime<Utc>>) {
    (&row.role, row.expires_at)
}

/// The kind of account that the database calls `word`.
pub(super) fn kind(word: &str) -> UserKind {
    if word == SERVICE { UserKind::Service } else { UserKind::Person }
}

fn view((row, user): (Member, User)) -> Result<MemberView, store::Error> {
    Ok(MemberView {
        user_id: UserId(row.user_id),
        name: user.name,
        email: user.email,
        kind: kind(&user.kind),
        role: role_from_word(&row.role)?,
        created_at: row.created_at,
        expires_at: row.expires_at,
    })
}

/// Whether `user` is a service account and a member: whose tokens others may make.
pub(super) fn service_account(conn: &mut Connection, workspace: WorkspaceId, user: UserId) -> Result<Member, store::Error> {
    let (row, user) = member::member_get(conn, workspace, user)?;
    if user.kind == SERVICE { Ok(row) } else { Err(store::Error::NotFound) }
}
