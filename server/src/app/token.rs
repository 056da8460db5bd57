//! API tokens.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use tidemill_common::api::token::{TokenCreate, TokenCreated, TokenList, TokenView};
use tidemill_common::clock::Clock;
use tidemill_common::ids::{TokenId, UserId, WorkspaceId};

use super::access::authorize;
use super::audit::Act;
use super::error::{Error, check_text};
use super::member::service_account;
use super::people::new_secret;
use crate::auth::{Authenticator, Caller, Kind, Operation, Secret, policy};
use crate::store::queries::token;
use crate::store::rows::member::{role_from_word, role_word};
use crate::store::rows::token::Token;
use crate::store::{self, Database};

/// API tokens of a workspace.
#[derive(Clone)]
pub struct Tokens {
    database: Database,
    authenticator: Authenticator,
    clock: Arc<dyn Clock>,
}

impl Tokens {
    /// Tokens in `database`; revoked ones are forgotten by `authenticator` at once.
    pub fn new(database: Database, authenticator: Authenticator, clock: Arc<dyn Clock>) -> Self {
        Self { database, authenticator, clock }
    }

    /// The workspace's tokens.
    pub async fn list(&self, caller: &Caller) -> Result<TokenList, Error> {
        authorize(caller, Operation::TokenList)?;
        let workspace = caller.workspace;
        let rows = self.database.with_tenant(workspace, move |conn| token::token_list(conn, workspace)).await?;
        Ok(TokenList { items: rows.into_iter().map(view).collect::<Result<_, _>>()? })
    }

    /// Makes a token of the caller.
    pub async fn create(&self, caller: &Caller, wanted: TokenCreate) -> Result<TokenCreated, Error> {
        authorize(caller, Operation::TokenCreate)?;
        check_text("name", &wanted.name, 100)?;
        let role = wanted.role.unwrap_or(caller.role);
        if !policy::covers(caller.role, role) {
            return Err(Error::Forbidden { role: caller.role, least: role });
        }
        let now = self.clock.now();
        let expires_at = match wanted.expires_in_days {
            None => None,
            Some(days @ 1..=3650) => Some(now + TimeDelta::days(days.into())),
            Some(days) => return Err(Error::Invalid(format!("`expires_in_days` must be 1 to 3650, not {days}"))),
        };
        check_scopes(caller, wanted.scopes.as_deref())?;
        let secret = new_secret(Kind::Token)?;
        let owner = wanted.service_account.unwrap_or(caller.user);
        let row = Token {
            expires_at,
            role: role_word(role).to_owned(),
            scopes: wanted.scopes,
            workspaces: wanted.workspaces.map(|ids| ids.into_iter().map(|id| id.0).collect()),
            ..new_row((caller.workspace, owner), wanted.name, &secret, now)
        };
        let (act, workspace) = (Act::of(caller, Operation::TokenCreate, now), caller.workspace);
        let made = row.clone();
        let inserted = self.database.with_tenant(workspace, move |conn| {
            if let Some(account) = wanted.service_account {
                service_account(conn, workspace, account)?;
            }
            token::token_insert(conn, &row)?;
            act.on("token", row.id).saying(format!("`{}` as {}", row.name, row.role)).write(conn)
        });
        inserted.await.map_err(Error::of("service account"))?;
        Ok(TokenCreated { secret: secret.reveal().to_owned(), token: view(made)? })
    }

    /// Revokes a token. On this node it stops working at once, on others within five seconds.
    pub async fn revoke(&self, caller: &Caller, id: TokenId) -> Result<(), Error> {
        authorize(caller, Operation::TokenRevoke)?;
        let (workspace, now) = (caller.workspace, self.clock.now());
        let act = Act::of(caller, Operation::TokenRevoke, now);
        let revoked = self.database.with_tenant(workspace, move |conn| {
            let row = token::token_revoke(conn, workspace, id, now)?;
            act.on("token", id).saying(format!("`{}`", row.name)).write(conn)
        });
        revoked.await.map_err(Error::of("token"))?;
        self.authenticator.forget(id);
        Ok(())
    }
}

/// Refuses scopes that are no words of ours, or more than the caller's token has.
fn check_scopes(caller: &Caller, wanted: Option<&[String]>) -> Result<(), Error> {
    let Some(wanted) = wanted else {
        let limited = caller.scopes.is_some();
        let words = "this token is limited to scopes: say which of them the new one has, as `scopes`";
        return if limited { Err(Error::Invalid(words.to_owned())) } else { Ok(()) };
    };
    let known = policy::scope_words();
    if let Some(unknown) = wanted.iter().find(|word| !known.contains(*word)) {
        let known = known.into_iter().collect::<Vec<_>>().join(", ");
        return Err(Error::Invalid(format!("`{unknown}` is no scope; there are {known}")));
    }
    let beyond = |word: &&String| caller.scopes.as_deref().is_some_and(|own| !own.contains(word));
    match wanted.iter().find(beyond) {
        Some(word) => Err(Error::Invalid(format!("this token has no scope `{word}` itself"))),
        None => Ok(()),
    }
}

/// The row of a new admin token that never expires.
pub(super) fn new_row((workspace, user): (WorkspaceId, UserId), name: String, secret: &Secret, now: DateTime<Utc>) -> Token {
    Token {
        workspace_id: workspace.0,
        id: TokenId::new(now).0,
        user_id: user.0,
        name,
        hash: secret.hash().to_vec(),
        last_four: secret.last_four().to_owned(),
        role: role_word(tidemill_common::api::workspace::Role::Admin).to_owned(),
        created_at: now,
        last_used_at: None,
        expires_at: None,
        revoked_at: None,
        scopes: None,
        workspaces: None,
    }
}

fn view(row: Token) -> Result<TokenView, store::Error> {
    Ok(TokenView {
        id: TokenId(row.id),
        name: row.name,
        last_four: row.last_four,
        role: role_from_word(&row.role)?,
        created_at: row.created_at,
        last_used_at: row.last_used_at,
        expires_at: row.expires_at,
        user_id: UserId(row.user_id),
        scopes: row.scopes,
        workspaces: row.workspaces.map(|ids| ids.into_iter().map(WorkspaceId).collect()),
    })
}
