//! A workspace's tokens.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use tidemill_common::ids::{TokenId, WorkspaceId};

use crate::store::Error;
use crate::store::rows::token::Token;
use crate::store::schema::tokens;

/// The tokens that are not revoked, newest first.
pub fn token_list(conn: &mut PgConnection, workspace: WorkspaceId) -> Result<Vec<Token>, Error> {
    Ok(tokens::table
        .filter(tokens::workspace_id.eq(workspace.0))
        .filter(tokens::revoked_at.is_null())
        .order(tokens::id.desc())
        .select(Token::as_select())
        .load(conn)?)
}

/// Adds a token.
pub fn token_insert(conn: &mut PgConnection, token: &Token) -> Result<(), Error> {
    diesel::insert_into(tokens::table).values(token).execute(conn)?;
    Ok(())
}

/// Revokes a token. [`Error::NotFound`] when there is none, or it is revoked already.
pub fn token_revoke(conn: &mut PgConnection, workspace: WorkspaceId, id: TokenId, now: DateTime<Utc>) -> Result<Token, Error> {
    Ok(diesel::update(tokens::table.find((workspace.0, id.0)).filter(tokens::revoked_at.is_null()))
        .set(tokens::revoked_at.eq(now))
        .returning(Token::as_returning())
        .get_result(conn)?)
}
