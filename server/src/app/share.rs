//! Shares: a thing of the workspace for a member or another workspace, beyond their roles.

use std::collections::HashMap;

use chrono::TimeDelta;
use tidemill_common::api::share::{Permission, ShareCreate, ShareList, ShareView, Shareable, SharedList, SharedView};
use tidemill_common::ids::{ExecutionId, ShareId, UserId, WorkspaceId};

use super::access::authorize;
use super::audit::Act;
use super::error::Error;
use super::people::People;
use crate::auth::{Caller, Operation};
use crate::store::queries::share::{self, GrantRow, NamedShare};
use crate::store::queries::{credential, execution, member, workflow, workspace};
use crate::store::rows::share::{Share, kind_from_word, kind_word, permission_from_word, permission_word};
use crate::store::{self, Connection};

impl People {
    /// The workspace's shares.
    pub async fn shares(&self, caller: &Caller) -> Result<ShareList, Error> {
        authorize(caller, Operation::ShareList)?;
        let workspace = caller.workspace;
        let read = move |conn: &mut Connection| Ok((share::share_list(conn, workspace)?, names(conn, workspace)?));
        let (rows, names) = self.database.with_tenant(workspace, read).await?;
        Ok(ShareList { items: rows.into_iter().map(|row| view(row, &names)).collect::<Result<_, _>>()? })
    }

    /// What is shared with the caller, in whichever workspace.
    pub async fn shared(&self, caller: &Caller) -> Result<SharedList, Error> {
        authorize(caller, Operation::SharedList)?;
        let (user, now) = (caller.user, self.clock.now());
        let rows = self.database.engine(move |conn| share::share_grants(conn, user.0, None, now)).await?;
        Ok(SharedList { items: rows.into_iter().filter_map(|row| shared(row).transpose()).collect::<Result<_, _>>()? })
    }

    /// Shares a thing, or changes what a share permits.
    pub async fn share_create(&self, caller: &Caller, wanted: ShareCreate) -> Result<ShareView, Error> {
        authorize(caller, Operation::ShareCreate)?;
        let (now, workspace) = (self.clock.now(), caller.workspace);
        let row = new_row(caller, &wanted, now)?;
        let act = Act::of(caller, Operation::ShareCreate, now);
        let made = self.database.with_tenant(workspace, move |conn| {
            let Some(object_id) = object(conn, workspace, &wanted)? else {
                return Ok(Err(Error::NotFound("thing to share")));
            };
            let mut row = Share { object_id, ..row };
            let (mut user_name, mut to_slug) = (None, None);
            if let Some(user) = wanted.user_id {
                let Some((_, user)) = optional(member::member_get(conn, workspace, user))? else {
                    return Ok(Err(Error::NotFound("member")));
                };
                (row.user_id, user_name) = (Some(user.id), Some(user.name));
            } else if let Some(slug) = wanted.workspace {
                let found = optional(workspace::workspace_by_slug(conn, &slug.replace('\0', "")))?;
                let Some(to) = found.filter(|to| to.id != workspace.0) else {
                    return Ok(Err(Error::Conflict("there is no other workspace with this slug".to_owned())));
                };
                (row.to_workspace, to_slug) = (Some(to.id), Some(to.slug));
            }
            let share = share::share_put(conn, &row)?;
            let to = user_name.as_deref().or(to_slug.as_deref()).unwrap_or_default();
            let words = format!("{} `{}` with {to}: {}", share.object_kind, wanted.object_id, share.permission);
            let names = names(conn, workspace)?;
            act.on("share", share.id).saying(words).after(&(&share.object_id, &share.permission)).write(conn)?;
            view(NamedShare { share, user_name, to_slug }, &names).map(Ok)
        });
        let made = made.await??;
        if let Some(user) = made.user_id {
            self.authenticator.forget_user(user);
        }
        self.authenticator.forget_workspace(workspace);
        Ok(made)
    }

    /// Ends a share.
    pub async fn share_revoke(&self, caller: &Caller, id: ShareId) -> Result<(), Error> {
        authorize(caller, Operation::ShareRevoke)?;
        let (workspace, act) = (caller.workspace, Act::of(caller, Operation::ShareRevoke, self.clock.now()));
        let ended = self.database.with_tenant(workspace, move |conn| {
            let share = share::share_delete(conn, workspace, id)?;
            act.on("share", id).saying(share.object_kind.as_str()).before(&(&share.object_id, &share.permission)).write(conn)
        });
        ended.await.map_err(Error::of("share"))?;
        self.authenticator.forget_workspace(workspace);
        Ok(())
    }
}

fn new_row(caller: &Caller, wanted: &ShareCreate, now: chrono::DateTime<chrono::Utc>) -> Result<Share, Error> {
    if wanted.user_id.is_some() == wanted.workspace.is_some() {
        return Err(Error::Invalid("name either `user_id` or `workspace`".to_owned()));
    }
    let fits = match wanted.object_kind {
        Shareable::Workflow => wanted.permission != Permission::Use,
        Shareable::Execution => matches!(wanted.permission, Permission::View | Permission::Execute),
        Shareable::Credential => wanted.permission == Permission::Use,
    };
    if !fits {
        let words =
            "a workflow is shared to `view`, `execute` or `edit`, an execution to `view` or `execute`, a credential to `use`";
        return Err(Error::Invalid(words.to_owned()));
    }
    let expires_at = match wanted.expires_in_days {
        None => None,
        Some(days @ 1..=3650) => Some(now + TimeDelta::days(days.into())),
        Some(days) => return Err(Error::Invalid(format!("`expires_in_days` must be 1 to 3650, not {days}"))),
    };
    Ok(Share {
        workspace_id: caller.workspace.0,
        id: ShareId::new(now).0,
        object_kind: kind_word(wanted.object_kind).to_owned(),
        object_id: String::new(),
        user_id: None,
        to_workspace: None,
        permission: permission_word(wanted.permission).to_owned(),
        created_by: caller.user.0,
        created_at: now,
        expires_at,
    })
}

/// What the database calls the thing, if there is one.
fn object(conn: &mut Connection, workspace: WorkspaceId, wanted: &ShareCreate) -> Result<Option<String>, store::Error> {
    let id = wanted.object_id.replace('\0', "");
    match wanted.object_kind {
        Shareable::Workflow => Ok(optional(workflow::workflow_get(conn, workspace, &id))?.map(|row| row.uid.to_string())),
        Shareable::Execution => match id.parse::<ExecutionId>() {
            Ok(id) => Ok(optional(execution::execution_get(conn, workspace, id))?.map(|row| row.id.to_string())),
            Err(_) => Ok(None),
        },
        Shareable::Credential => Ok(optional(credential::credential_find(conn, workspace, &id))?.map(|row| row.name)),
    }
}

fn optional<T>(found: Result<T, store::Error>) -> Result<Option<T>, store::Error> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(store::Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

type Names = HashMap<String, String>;

/// What people call the workspace's workflows, by uid.
fn names(conn: &mut Connection, workspace: WorkspaceId) -> Result<Names, store::Error> {
    let rows = share::workflow_names(conn, workspace)?;
    Ok(rows.into_iter().map(|(uid, id)| (uid.to_string(), id)).collect())
}

fn view(row: NamedShare, names: &Names) -> Result<ShareView, store::Error> {
    let NamedShare { share, user_name, to_slug } = row;
    Ok(ShareView {
        id: ShareId(share.id),
        object_kind: kind_from_word(&share.object_kind)?,
        object_id: names.get(&share.object_id).cloned().unwrap_or(share.object_id),
        user_id: share.user_id.map(UserId),
        user_name,
        workspace: to_slug,
        permission: permission_from_word(&share.permission)?,
        created_by: UserId(share.created_by),
        created_at: share.created_at,
        expires_at: share.expires_at,
    })
}

/// What a user sees of what is shared; nothing when the workflow was deleted.
fn shared(row: GrantRow) -> Result<Option<SharedView>, store::Error> {
    let object_kind = kind_from_word(&row.object_kind)?;
    let object_id = match (object_kind, row.name) {
        (Shareable::Workflow, None) => return Ok(None),
        (_, name) => name.unwrap_or(row.object_id),
    };
    Ok(Some(SharedView {
        workspace_id: WorkspaceId(row.workspace_id),
        workspace: row.slug,
        object_kind,
        object_id,
        permission: permission_from_word(&row.permission)?,
        expires_at: row.expires_at,
    }))
}
