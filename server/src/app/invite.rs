//! Invites: links into a workspace. Looking at one changes nothing; accepting it makes a member, and an account where there is none.

use chrono::{DateTime, TimeDelta, Utc};
use tidemill_common::api::account::AccountView;
use tidemill_common::api::member::{InviteAccept, InviteCreate, InviteCreated, InviteList, InviteShow, InviteView};
use tidemill_common::api::share::Permission;
use tidemill_common::api::workspace::Role;
use tidemill_common::ids::{InviteId, OrganizationId, ShareId, UserId, WorkspaceId};

use super::access::authorize;
use super::audit::Act;
use super::error::{Error, check_text};
use super::member::{end, person};
use super::people::{People, check_email, new_secret};
use super::quota::one_more_member_of;
use super::sign_in::Claim;
use super::workspace::view as workspace_view;
use crate::auth::{Caller, Kind, Operation, Secret, policy};
use crate::store::queries::invite::{self, OpenInvite};
use crate::store::queries::{member, organization, share, sign_in, workflow};
use crate::store::rows::invite::Invite;
use crate::store::rows::member::{Member, role_from_word, role_word};
use crate::store::rows::share::{Share, permission_word};
use crate::store::rows::user::{ADMIN, User};
use crate::store::{self, Connection};

/// Hours until a link ends when nobody says.
const HOURS: u32 = 72;

impl People {
    /// The workspace's invites that can still be accepted.
    pub async fn invites(&self, caller: &Caller) -> Result<InviteList, Error> {
        authorize(caller, Operation::InviteList)?;
        let (workspace, now) = (caller.workspace, self.clock.now());
        let rows = self.database.with_tenant(workspace, move |conn| invite::invite_list(conn, workspace, now)).await?;
        Ok(InviteList { items: rows.into_iter().map(view).collect::<Result<_, _>>()? })
    }

    /// Makes an invite.
    pub async fn invite_create(&self, caller: &Caller, wanted: InviteCreate) -> Result<InviteCreated, Error> {
        authorize(caller, Operation::InviteCreate)?;
        if !policy::covers(caller.role, wanted.role) {
            return Err(Error::Forbidden { role: caller.role, least: wanted.role });
        }
        if wanted.organization_admin && !(caller.organization_admin && caller.home == caller.organization) {
            return Err(Error::NotOrganizationAdmin(policy::Scope::Organization));
        }
        let (now, workspace) = (self.clock.now(), caller.workspace);
        let secret = new_secret(Kind::Invite)?;
        let row = new_row(workspace, caller.user, &secret, &wanted, now)?;
        let act = Act::of(caller, Operation::InviteCreate, now);
        let made = self.database.with_tenant(workspace, move |conn| {
            let mut row = row;
            for id in &wanted.workflows {
                match workflow::workflow_get(conn, workspace, &id.replace('\0', "")) {
                    Ok(found) => row.workflow_uids.push(found.uid),
                    Err(store::Error::NotFound) => return Ok(Err(Error::NotFound("workflow"))),
                    Err(error) => return Err(error),
                }
            }
            invite::invite_insert(conn, &row)?;
            act.on("invite", row.id).saying(&row.role).write(conn)?;
            Ok(Ok(row))
        });
        let invite = view(made.await??)?;
        Ok(InviteCreated { link: self.link("invite", secret.reveal()), secret: secret.reveal().to_owned(), invite })
    }

    /// Revokes an invite.
    pub async fn invite_revoke(&self, caller: &Caller, id: InviteId) -> Result<(), Error> {
        authorize(caller, Operation::InviteRevoke)?;
        let (workspace, now) = (caller.workspace, self.clock.now());
        let act = Act::of(caller, Operation::InviteRevoke, now);
        let revoked = self.database.with_tenant(workspace, move |conn| {
            invite::invite_revoke(conn, workspace, id, now)?;
            act.on("invite", id).write(conn)
        });
        revoked.await.map_err(Error::of("invite"))
    }

    /// What an invite leads to.
    pub async fn invite_show(&self, secret: &str) -> Result<InviteShow, Error> {
        let (hash, now) = (invite_hash(secret)?, self.clock.now());
        let open = self.database.engine(move |conn| invite::invite_open(conn, &hash, now)).await.map_err(gone)?;
        Ok(InviteShow {
            organization_name: open.organization.name,
            workspace_name: open.workspace.name,
            workspace: open.workspace.slug,
            role: role_from_word(&open.invite.role)?,
            email: open.invite.email,
            invited_by: open.invited_by.unwrap_or_default(),
            expires_at: open.invite.expires_at,
            member_expires_at: open.invite.member_expires_at,
        })
    }

    /// Accepts an invite, with a new account or with the one that the address has.
    pub async fn invite_accept(
        &self,
        secret: &str,
        wanted: InviteAccept,
        address: Option<String>,
    ) -> Result<AccountView, Error> {
        let email = check_email(&wanted.email)?;
        let hash = invite_hash(secret)?;
        let shown = self.invite_show(secret).await?;
        if shown.email.is_some_and(|bound| bound != email) {
            return Err(Error::Conflict("this invite is for another address".to_owned()));
        }
        let known = email.clone();
        let known = self.database.engine(move |conn| Ok(sign_in::by_email(conn, &known)?.is_some())).await?;
        let (user, password) = if known {
            let claim = Claim { email: email.clone(), password: wanted.password, code: wanted.code, address: address.clone() };
            (Some(self.claim(claim).await?), None)
        } else {
            let name = wanted.name.unwrap_or_else(|| email.split('@').next().unwrap_or_default().to_owned());
            check_text("name", &name, 100)?;
            (None, Some((name, self.passwords.hash(wanted.password).await?)))
        };
        let now = self.clock.now();
        let accepted = self.database.engine(move |conn| {
            let open = invite::invite_open(conn, &hash, now)?;
            let who = user.as_ref().map(|user| user.id);
            if let Err(refused) = one_more_member_of(conn, OrganizationId(open.organization.id), who)? {
                return Ok(Err(refused));
            }
            let user = match (user, password) {
                (Some(user), _) => user,
                (None, password) => {
                    let (name, password) = password.unwrap_or_default();
                    newcomer(conn, &open, (name, email), &password, now)?
                }
            };
            accept(conn, &open, &user, now)?;
            let home = (OrganizationId(open.organization.id), UserId(user.id));
            let act = Act::by_user(home, "invite_accept", address, now).in_workspace(WorkspaceId(open.workspace.id));
            act.on("member", user.id).saying(&open.invite.role).write_as_engine(conn)?;
            Ok(Ok((open, user)))
        });
        let (open, user) = accepted.await.map_err(|error| match error {
            store::Error::Conflict(_) => {
                Error::Conflict("an account with this address was made meanwhile: try again".to_owned())
            }
            other => gone(other),
        })??;
        self.authenticator.forget_user(UserId(user.id));
        let role = open.invite.role.clone();
        Ok(AccountView {
            user_id: UserId(user.id),
            name: user.name,
            email: user.email,
            organization_id: OrganizationId(open.organization.id),
            organization_name: open.organization.name,
            organization_admin: user.organization_role == ADMIN,
            workspace: workspace_view(open.workspace, &role)?,
        })
    }
}

fn new_row(
    workspace: WorkspaceId,
    by: UserId,
    secret: &Secret,
    wanted: &InviteCreate,
    now: DateTime<Utc>,
) -> Result<Invite, Error> {
    let uses = wanted.uses.unwrap_or(1);
    let hours = wanted.expires_in_hours.unwrap_or(HOURS);
    if !(1..=1000).contains(&uses) || !(1..=720).contains(&hours) {
        return Err(Error::Invalid("`uses` must be 1 to 1000, and `expires_in_hours` 1 to 720".to_owned()));
    }
    if wanted.permission == Some(Permission::Use) {
        return Err(Error::Invalid("a workflow is shared to `view`, `execute` or `edit`".to_owned()));
    }
    Ok(Invite {
        workspace_id: workspace.0,
        id: InviteId::new(now).0,
        hash: secret.hash().to_vec(),
        role: role_word(wanted.role).to_owned(),
        organization_admin: wanted.organization_admin,
        email: wanted.email.as_deref().map(check_email).transpose()?,
        uses_left: i32::try_from(uses).unwrap_or(1),
        member_expires_at: end(wanted.role, wanted.member_expires_in_days, now)?,
        workflow_uids: Vec::new(),
        permission: Some(permission_word(wanted.permission.unwrap_or(Permission::View)).to_owned()),
        created_by: by.0,
        created_at: now,
        expires_at: now + TimeDelta::hours(hours.into()),
        revoked_at: None,
    })
}

/// The row of the invite that leads the first admin into a new organisation.
pub(super) fn first_invite(
    workspace: WorkspaceId,
    by: UserId,
    secret: &Secret,
    email: Option<String>,
    now: DateTime<Utc>,
) -> Result<Invite, Error> {
    let wanted = InviteCreate {
        role: Role::Admin,
        organization_admin: true,
        email,
        uses: None,
        expires_in_hours: None,
        member_expires_in_days: None,
        workflows: Vec::new(),
        permission: None,
    };
    new_row(workspace, by, secret, &wanted, now)
}

/// The account of who has none yet.
fn newcomer(
    conn: &mut Connection,
    open: &OpenInvite,
    (name, email): (String, String),
    password: &str,
    now: DateTime<Utc>,
) -> Result<User, store::Error> {
    let mut user = person(open.organization.id, name, Some(email), now);
    if open.invite.organization_admin {
        ADMIN.clone_into(&mut user.organization_role);
    }
    organization::user_insert(conn, &user)?;
    sign_in::password_set(conn, UserId(user.id), password, now)?;
    Ok(user)
}

/// Makes `user` a member. Who is one already keeps the greater role, and what is lasting stays so.
fn accept(conn: &mut Connection, open: &OpenInvite, user: &User, now: DateTime<Utc>) -> Result<(), store::Error> {
    let OpenInvite { invite, workspace, .. } = open;
    let offered = role_from_word(&invite.role)?;
    let present = match member::member_get(conn, WorkspaceId(workspace.id), UserId(user.id)) {
        Ok((row, _)) if row.expires_at.is_none_or(|end| end > now) => Some(role_from_word(&row.role)?),
        Ok(_) | Err(store::Error::NotFound) => None,
        Err(error) => return Err(error),
    };
    if present.is_none_or(|present| !policy::covers(present, offered)) {
        member::member_put(
            conn,
            &Member {
                workspace_id: workspace.id,
                user_id: user.id,
                role: invite.role.clone(),
                created_at: now,
                expires_at: invite.member_expires_at,
            },
        )?;
    }
    if invite.organization_admin && user.organization_id == workspace.organization_id {
        organization::user_set_role(conn, UserId(user.id), ADMIN)?;
    }
    for uid in &invite.workflow_uids {
        share::share_put(
            conn,
            &Share {
                workspace_id: workspace.id,
                id: ShareId::new(now).0,
                object_kind: "workflow".to_owned(),
                object_id: uid.to_string(),
                user_id: Some(user.id),
                to_workspace: None,
                permission: invite.permission.clone().unwrap_or_else(|| permission_word(Permission::View).to_owned()),
                created_by: invite.created_by,
                created_at: now,
                expires_at: invite.member_expires_at,
            },
        )?;
    }
    invite::invite_used(conn, invite)
}

fn invite_hash(secret: &str) -> Result<[u8; 32], Error> {
    Secret::parse_as(Kind::Invite, secret).map(|secret| secret.hash()).ok_or_else(|| gone(store::Error::NotFound))
}

fn gone(error: store::Error) -> Error {
    Error::of("invite (any more)")(error)
}

fn view(row: Invite) -> Result<InviteView, store::Error> {
    Ok(InviteView {
        id: InviteId(row.id),
        role: role_from_word(&row.role)?,
        organization_admin: row.organization_admin,
        email: row.email,
        uses_left: row.uses_left,
        created_by: UserId(row.created_by),
        created_at: row.created_at,
        expires_at: row.expires_at,
        member_expires_at: row.member_expires_at,
    })
}
