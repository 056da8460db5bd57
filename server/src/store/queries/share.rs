//! What is shared with whom.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text, Timestamptz, Uuid as SqlUuid};
use tidemill_common::api::share::Shareable;
use tidemill_common::ids::{ShareId, WorkspaceId};
use uuid::Uuid;

use crate::store::rows::share::{Share, kind_word};
use crate::store::schema::{shares, users, workflows, workspaces};
use crate::store::{Error, Statement};

/// Something that is shared with a user.
#[derive(Debug, QueryableByName)]
pub struct GrantRow {
    /// The workspace that it belongs to.
    #[diesel(sql_type = SqlUuid)]
    pub workspace_id: Uuid,
    /// The workspace's slug.
    #[diesel(sql_type = Text)]
    pub slug: String,
    /// What kind of thing: a word.
    #[diesel(sql_type = Text)]
    pub object_kind: String,
    /// Which one.
    #[diesel(sql_type = Text)]
    pub object_id: String,
    /// The workflow's id, when it is one that still exists.
    #[diesel(sql_type = Nullable<Text>)]
    pub name: Option<String>,
    /// What the user may do: a word.
    #[diesel(sql_type = Text)]
    pub permission: String,
    /// Until when.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub expires_at: Option<DateTime<Utc>>,
}

/// What is shared with `user` at `now`, in `workspace` or in all, as a user or as a member of a workspace. Runs as the engine.
pub fn share_grants(
    conn: &mut PgConnection,
    user: Uuid,
    workspace: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<Vec<GrantRow>, Error> {
    let rows = Statement::new(
        "WITH me AS (SELECT $1::uuid AS user_id, $2::uuid AS workspace_id, $3::timestamptz AS now)
         SELECT s.workspace_id, o.slug, s.object_kind, s.object_id, w.id AS name, s.permission, s.expires_at
         FROM me
         JOIN shares s ON s.user_id = me.user_id OR s.to_workspace IN (
             SELECT m.workspace_id FROM members m
             WHERE m.user_id = me.user_id AND m.role <> 'guest' AND (m.expires_at IS NULL OR m.expires_at > me.now))
         JOIN workspaces o ON o.id = s.workspace_id AND o.delete_after IS NULL
         LEFT JOIN workflows w ON s.object_kind = 'workflow' AND w.workspace_id = s.workspace_id AND w.uid::text = s.object_id
         WHERE (me.workspace_id IS NULL OR s.workspace_id = me.workspace_id)
           AND (s.expires_at IS NULL OR s.expires_at > me.now)
         ORDER BY o.slug, s.object_kind, s.id",
    )
    .bind::<SqlUuid, _>(user)
    .bind::<Nullable<SqlUuid>, _>(workspace)
    .bind::<Timestamptz, _>(now)
    .load(conn)?;
    Ok(rows)
}

/// A share with what people read instead of ids.
#[derive(Debug, Queryable)]
pub struct NamedShare {
    /// The share.
    pub share: Share,
    /// The user's name.
    pub user_name: Option<String>,
    /// The slug of the workspace that it is shared with.
    pub to_slug: Option<String>,
}

/// The workspace's shares, newest first.
pub fn share_list(conn: &mut PgConnection, workspace: WorkspaceId) -> Result<Vec<NamedShare>, Error> {
    let rows: Vec<(Share, Option<String>, Option<String>)> = shares::table
        .left_join(users::table.on(shares::user_id.eq(users::id.nullable())))
        .left_join(workspaces::table.on(shares::to_workspace.eq(workspaces::id.nullable())))
        .filter(shares::workspace_id.eq(workspace.0))
        .order(shares::id.desc())
        .select((Share::as_select(), users::name.nullable(), workspaces::slug.nullable()))
        .load(conn)?;
    Ok(rows.into_iter().map(|(share, user_name, to_slug)| NamedShare { share, user_name, to_slug }).collect())
}

/// The ids of these workflows by uid: what people call what is shared.
pub fn workflow_names(conn: &mut PgConnection, workspace: WorkspaceId) -> Result<Vec<(Uuid, String)>, Error> {
    Ok(workflows::table.filter(workflows::workspace_id.eq(workspace.0)).select((workflows::uid, workflows::id)).load(conn)?)
}

/// Shares a thing, or changes the permission of the share that there is.
pub fn share_put(conn: &mut PgConnection, share: &Share) -> Result<Share, Error> {
    let same = shares::table
        .filter(shares::workspace_id.eq(share.workspace_id))
        .filter(shares::object_kind.eq(&share.object_kind))
        .filter(shares::object_id.eq(&share.object_id))
        .filter(shares::user_id.is_not_distinct_from(share.user_id))
        .filter(shares::to_workspace.is_not_distinct_from(share.to_workspace));
    let changed = diesel::update(same)
        .set((shares::permission.eq(&share.permission), shares::expires_at.eq(share.expires_at)))
        .returning(Share::as_select())
        .get_result(conn)
        .optional()?;
    match changed {
        Some(changed) => Ok(changed),
        None => Ok(diesel::insert_into(shares::table).values(share).returning(Share::as_select()).get_result(conn)?),
    }
}

/// Ends a share. [`Error::NotFound`] when there is none.
pub fn share_delete(conn: &mut PgConnection, workspace: WorkspaceId, id: ShareId) -> Result<Share, Error> {
    let deleted = diesel::delete(shares::table.find((workspace.0, id.0))).returning(Share::as_select()).get_result(conn);
    Ok(deleted?)
}

/// Ends what is shared with a user who is no member any more.
pub fn share_delete_of(conn: &mut PgConnection, workspace: WorkspaceId, user: Uuid) -> Result<usize, Error> {
    let of_user = shares::table.filter(shares::workspace_id.eq(workspace.0)).filter(shares::user_id.eq(user));
    Ok(diesel::delete(of_user).execute(conn)?)
}

/// Ends what is shared of a thing that is gone.
pub fn share_delete_object(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    kind: Shareable,
    object: &str,
) -> Result<usize, Error> {
    let of_object = shares::table
        .filter(shares::workspace_id.eq(workspace.0))
        .filter(shares::object_kind.eq(kind_word(kind)))
        .filter(shares::object_id.eq(object));
    Ok(diesel::delete(of_object).execute(conn)?)
}
