//! Who is behind a token, and the first account of all. These run as the engine: no workspace is known yet.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::dsl::exists;
use diesel::prelude::*;
use uuid::Uuid;

use crate::store::Error;
use crate::store::rows::member::Member;
use crate::store::rows::organization::Organization;
use crate::store::rows::token::Token;
use crate::store::rows::user::User;
use crate::store::rows::workspace::Workspace;
use crate::store::schema::{members, organizations, tokens, users, workspaces};

/// A token that works, and its user.
#[derive(Debug)]
pub struct TokenOwner {
    /// The token.
    pub token: Token,
    /// Its user.
    pub user: User,
}

/// The token with this hash and its user, unless it is unknown, revoked or expired.
pub fn token_owner(conn: &mut PgConnection, hash: &[u8], now: DateTime<Utc>) -> Result<Option<TokenOwner>, Error> {
    let found = tokens::table
        .inner_join(users::table.on(users::id.eq(tokens::user_id)))
        .filter(tokens::hash.eq(hash))
        .filter(tokens::revoked_at.is_null())
        .filter(tokens::expires_at.is_null().or(tokens::expires_at.gt(now)))
        .select((Token::as_select(), User::as_select()))
        .first(conn)
        .optional()?;
    Ok(found.map(|(token, user)| TokenOwner { token, user }))
}

/// Notes that a token was used, at most once a minute.
pub fn token_touch(conn: &mut PgConnection, token: &Token, now: DateTime<Utc>) -> Result<(), Error> {
    if token.last_used_at.is_some_and(|last| now - last < TimeDelta::minutes(1)) {
        return Ok(());
    }
    diesel::update(tokens::table.find((token.workspace_id, token.id))).set(tokens::last_used_at.eq(now)).execute(conn)?;
    Ok(())
}

/// Which workspace a request is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selector {
    /// By id.
    Id(Uuid),
    /// By slug.
    Slug(String),
    /// The one that the user has been a member of for the longest time.
    First,
}

/// A workspace that a user may look into, whatever there is to see.
#[derive(Debug)]
pub struct Membership {
    /// The workspace.
    pub workspace: Workspace,
    /// The role's word; absent when the user is no member, and only sees what is shared.
    pub role: Option<String>,
}

/// The workspace, if it exists, and the role of `user` in it, if the user is a member at `now`.
pub fn membership(
    conn: &mut PgConnection,
    user: Uuid,
    selector: &Selector,
    now: DateTime<Utc>,
) -> Result<Option<Membership>, Error> {
    let member = members::workspace_id
        .eq(workspaces::id)
        .and(members::user_id.eq(user))
        .and(members::expires_at.is_null().or(members::expires_at.gt(now)));
    let query = workspaces::table
        .left_join(members::table.on(member))
        .select((Workspace::as_select(), members::role.nullable()))
        .order((members::created_at, workspaces::id))
        .into_boxed();
    let query = match selector {
        Selector::Id(id) => query.filter(workspaces::id.eq(*id)),
        Selector::Slug(slug) => query.filter(workspaces::slug.eq(slug.clone())),
        Selector::First => query.filter(members::role.is_not_null()).filter(workspaces::delete_after.is_null()),
    };
    let found: Option<(Workspace, Option<String>)> = query.first(conn).optional()?;
    Ok(found.map(|(workspace, role)| Membership { workspace, role }))
}

/// Whether the organisation operates the server.
pub fn organization_operates(conn: &mut PgConnection, id: Uuid) -> Result<bool, Error> {
    Ok(organizations::table.find(id).select(organizations::operator).first(conn)?)
}

/// An organisation's name.
pub fn organization_name(conn: &mut PgConnection, id: Uuid) -> Result<String, Error> {
    Ok(organizations::table.find(id).select(organizations::name).first(conn)?)
}

/// A user.
pub fn user(conn: &mut PgConnection, id: Uuid) -> Result<User, Error> {
    Ok(users::table.find(id).select(User::as_select()).first(conn)?)
}

/// Everything that the first start makes.
#[derive(Debug)]
pub struct FirstAccount {
    /// The organisation that installs the server.
    pub organization: Organization,
    /// Its first user.
    pub user: User,
    /// Its first workspace.
    pub workspace: Workspace,
    /// The user's membership in it.
    pub member: Member,
    /// The user's token.
    pub token: Token,
}

/// Makes the first account, unless there is one. Returns whether it did; servers that start at once wait for each other.
pub fn account_bootstrap(conn: &mut PgConnection, first: &FirstAccount) -> Result<bool, Error> {
    diesel::sql_query("SELECT pg_advisory_xact_lock(7205602)").execute(conn)?;
    if diesel::select(exists(organizations::table.select(organizations::id))).get_result(conn)? {
        return Ok(false);
    }
    diesel::insert_into(organizations::table).values(&first.organization).execute(conn)?;
    diesel::insert_into(users::table).values(&first.user).execute(conn)?;
    workspace_insert(conn, &first.workspace, &first.member)?;
    diesel::insert_into(tokens::table).values(&first.token).execute(conn)?;
    Ok(true)
}

/// Makes a workspace with its first member. [`Error::Conflict`] when the slug is taken.
pub fn workspace_insert(conn: &mut PgConnection, workspace: &Workspace, member: &Member) -> Result<(), Error> {
    workspace_insert_empty(conn, workspace)?;
    diesel::insert_into(members::table).values(member).execute(conn)?;
    Ok(())
}

/// Makes a workspace that nobody is a member of yet. [`Error::Conflict`] when the slug is taken.
pub fn workspace_insert_empty(conn: &mut PgConnection, workspace: &Workspace) -> Result<(), Error> {
    diesel::insert_into(workspaces::table).values(workspace).execute(conn)?;
    Ok(())
}
