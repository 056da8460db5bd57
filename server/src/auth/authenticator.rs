//! From a secret to a caller, with a short memory so that a busy client costs no query per request.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use thiserror::Error as ThisError;
use tidemill_common::api::plan::Feature;
use tidemill_common::api::share::Permission;
use tidemill_common::api::workspace::Role;
use tidemill_common::clock::Clock;
use tidemill_common::ids::{OrganizationId, TokenId, UserId, WorkspaceId};
use uuid::Uuid;

use super::{Caller, Grant, Kind, Secret, WorkspaceState, policy};
use crate::store::queries::account::{self, Membership, Selector};
use crate::store::queries::plan;
use crate::store::queries::session;
use crate::store::queries::share::{self, GrantRow};
use crate::store::rows::member::role_from_word;
use crate::store::rows::share::{kind_from_word, permission_from_word};
use crate::store::rows::token::Token;
use crate::store::rows::user::{ADMIN, SERVICE, User};
use crate::store::rows::workspace::Workspace;
use crate::store::{self, Connection, Database};

/// How long a verified token is believed. Whoever looks again every [`RECHECKED`], as open WebSockets do, learns within five
/// seconds of what was taken away, on any node.
const BELIEVED: TimeDelta = TimeDelta::seconds(2);

/// How often something that stays open asks whether it still may.
pub const RECHECKED: std::time::Duration = std::time::Duration::from_millis(2_500);

/// How long a session may rest before it ends.
pub const IDLE: TimeDelta = TimeDelta::days(14);

/// Verified tokens that are remembered at most.
const REMEMBERED: usize = 10_000;

/// Why there is no caller.
#[derive(Debug, ThisError)]
pub enum Error {
    /// No token, or one that is misspelt, unknown, revoked or expired.
    #[error("no valid token")]
    Unauthenticated,
    /// The `Tidemill-Workspace` header names a workspace that doesn't exist or that the user is no member of.
    #[error("no such workspace")]
    NoWorkspace,
    /// The database could not be asked.
    #[error("the token could not be looked up")]
    Store(#[from] store::Error),
}

/// What opens, its hash, and the workspace that it was asked to act on.
type Key = (Kind, [u8; 32], Option<String>);

/// Callers, and until when they are believed.
type Memory = HashMap<Key, (Caller, DateTime<Utc>)>;

/// Finds whose a token is. Cheap to clone; clones share their memory.
#[derive(Clone)]
pub struct Authenticator {
    database: Database,
    clock: Arc<dyn Clock>,
    memory: Arc<Mutex<Memory>>,
}

impl Authenticator {
    /// An authenticator that remembers nothing yet.
    pub fn new(database: Database, clock: Arc<dyn Clock>) -> Self {
        Self { database, clock, memory: Arc::default() }
    }

    /// The caller behind `secret`, acting on `workspace` (slug or id) or else on the token's own workspace.
    pub async fn authenticate(&self, secret: &str, workspace: Option<&str>) -> Result<Caller, Error> {
        let secret = Secret::parse(secret).ok_or(Error::Unauthenticated)?;
        let key = (secret.kind(), secret.hash(), workspace.map(str::to_owned));
        let now = self.clock.now();
        if let Some(caller) = self.recall(&key, now) {
            return Ok(caller);
        }
        let caller = self.look_up(key.clone(), now).await?;
        self.remember(key, caller.clone(), now);
        Ok(caller)
    }

    /// Forgets a token at once, because it was revoked here.
    pub fn forget(&self, token: TokenId) {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, (caller, _)| caller.token != token);
    }

    /// Forgets everything about a user, because a membership, a role or a share of it changed here.
    pub fn forget_user(&self, user: UserId) {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, (caller, _)| caller.user != user);
    }

    /// Forgets everything about a workspace, because it changed here.
    pub fn forget_workspace(&self, workspace: WorkspaceId) {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, (caller, _)| caller.workspace != workspace);
    }

    async fn look_up(&self, (kind, hash, workspace): Key, now: DateTime<Utc>) -> Result<Caller, Error> {
        let asked = workspace.map(|text| Uuid::parse_str(&text).map_or(Selector::Slug(text), Selector::Id));
        let found = self.database.engine(move |conn| {
            let Some(bearer) = bearer(conn, kind, &hash, now)? else { return Ok(Err(Error::Unauthenticated)) };
            let missing = if asked.is_some() { Error::NoWorkspace } else { Error::Unauthenticated };
            let caller = caller(conn, bearer, asked, now)?;
            Ok(caller.ok_or(missing))
        });
        found.await?
    }

    fn recall(&self, key: &Key, now: DateTime<Utc>) -> Option<Caller> {
        let memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let (caller, until) = memory.get(key)?;
        (*until > now).then(|| caller.clone())
    }

    fn remember(&self, key: Key, caller: Caller, now: DateTime<Utc>) {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        if memory.len() >= REMEMBERED {
            memory.retain(|_, (_, until)| *until > now);
        }
        if memory.len() < REMEMBERED {
            memory.insert(key, (caller, now + BELIEVED));
        }
    }
}

/// A token or session that is good, and its user.
struct Bearer {
    user: User,
    token: Option<Token>,
    id: Uuid,
}

fn bearer(conn: &mut Connection, kind: Kind, hash: &[u8], now: DateTime<Utc>) -> Result<Option<Bearer>, store::Error> {
    match kind {
        Kind::Token => {
            let Some(owner) = account::token_owner(conn, hash, now)? else { return Ok(None) };
            account::token_touch(conn, &owner.token, now)?;
            Ok(Some(Bearer { id: owner.token.id, user: owner.user, token: Some(owner.token) }))
        }
        Kind::Session => {
            let Some((session, user)) = session::session_owner(conn, hash, now, IDLE)? else { return Ok(None) };
            session::session_touch(conn, &session, now)?;
            Ok(Some(Bearer { id: session.id, user, token: None }))
        }
        Kind::Invite | Kind::Reset | Kind::Device => Ok(None),
    }
}

/// The caller, unless there is nothing for the bearer in the workspace.
fn caller(
    conn: &mut Connection,
    Bearer { user, token, id }: Bearer,
    asked: Option<Selector>,
    now: DateTime<Utc>,
) -> Result<Option<Caller>, store::Error> {
    let own = token.as_ref().map_or(Selector::First, |token| Selector::Id(token.workspace_id));
    let Some(Membership { workspace, role }) = account::membership(conn, user.id, &asked.unwrap_or(own), now)? else {
        return Ok(None);
    };
    let elsewhere = |only: &Vec<Uuid>| !only.contains(&workspace.id);
    if token.as_ref().and_then(|token| token.workspaces.as_ref()).is_some_and(elsewhere) {
        return Ok(None);
    }
    let most = token.as_ref().map_or(Ok(Role::Admin), |token| role_from_word(&token.role))?;
    let held = role.as_deref().map(role_from_word).transpose()?;
    let role = policy::lesser(most, held.unwrap_or(Role::Guest));
    // Who may edit everything anyway needs no shares.
    let mut grants = if policy::covers(role, Role::Editor) { Vec::new() } else { grants(conn, user.id, workspace.id, now)? };
    // A token that is to do less than its user reads what is shared, and no more.
    if !policy::covers(most, held.unwrap_or(Role::Editor)) {
        grants.retain(|grant| grant.permission == Permission::View);
    }
    if held.is_none() && grants.is_empty() {
        return Ok(None);
    }
    let organization_admin = user.organization_role == ADMIN && most == Role::Admin;
    let operator = organization_admin && account::organization_operates(conn, user.organization_id)?;
    let organization = OrganizationId(workspace.organization_id);
    let features = plan::plan_features(conn, organization)?;
    Ok(Some(Caller {
        user: UserId(user.id),
        user_name: user.name.into(),
        is_service: user.kind == SERVICE,
        home: OrganizationId(user.organization_id),
        organization_admin,
        operator,
        organization,
        features: features.iter().filter_map(|word| Feature::from_word(word)).collect(),
        workspace: WorkspaceId(workspace.id),
        state: state(&workspace),
        workspace_slug: workspace.slug.into(),
        role,
        token: TokenId(id),
        signed_in: token.is_none(),
        scopes: token.and_then(|token| token.scopes).map(Into::into),
        grants: grants.into(),
        address: None,
    }))
}

fn grants(conn: &mut Connection, user: Uuid, workspace: Uuid, now: DateTime<Utc>) -> Result<Vec<Grant>, store::Error> {
    let grant = |row: GrantRow| {
        Ok(Grant {
            kind: kind_from_word(&row.object_kind)?,
            object: row.object_id,
            name: row.name,
            permission: permission_from_word(&row.permission)?,
        })
    };
    share::share_grants(conn, user, Some(workspace), now)?.into_iter().map(grant).collect()
}

fn state(workspace: &Workspace) -> WorkspaceState {
    match (workspace.delete_after, workspace.archived_at) {
        (Some(at), _) => WorkspaceState::Deleted(at),
        (None, Some(_)) => WorkspaceState::Archived,
        (None, None) => WorkspaceState::Live,
    }
}

#[cfg(test)]
mod tests {
    use tidemill_common::api::workspace::Role;
    use tidemill_common::clock::MockClock;

    use super::*;
    use crate::app::bootstrap::{FirstNames, bootstrap};
    use crate::store::tests::TestDatabase;

    async fn first_account() -> (TestDatabase, Arc<MockClock>, Authenticator, Secret) {
        let database = TestDatabase::migrated();
        let (store, clock) = (database.connect(), Arc::new(MockClock::new(Utc::now())));
        let secret = bootstrap(&store, &*clock, FirstNames::default()).await.unwrap().expect("the first start");
        assert!(bootstrap(&store, &*clock, FirstNames::default()).await.unwrap().is_none(), "there is an account already");
        let authenticator = Authenticator::new(store, clock.clone());
        (database, clock, authenticator, secret)
    }

    #[tokio::test]
    async fn a_verified_token_costs_no_query_for_two_seconds_and_no_longer() {
        let (database, clock, authenticator, secret) = first_account().await;
        let caller = authenticator.authenticate(secret.reveal(), None).await.unwrap();
        assert_eq!((&*caller.workspace_slug, caller.role), ("main", Role::Admin));
        database.execute("UPDATE tidemill.tokens SET revoked_at = now()");
        clock.advance(TimeDelta::milliseconds(1_999));
        assert_eq!(authenticator.authenticate(secret.reveal(), None).await.unwrap(), caller);
        clock.advance(TimeDelta::milliseconds(1));
        assert!(matches!(authenticator.authenticate(secret.reveal(), None).await, Err(Error::Unauthenticated)));
    }

    #[tokio::test]
    async fn the_lesser_of_the_two_roles_counts_and_nobody_acts_without_membership() {
        let (database, clock, authenticator, secret) = first_account().await;
        database.execute("UPDATE tidemill.members SET role = 'viewer'");
        assert_eq!(authenticator.authenticate(secret.reveal(), Some("main")).await.unwrap().role, Role::Viewer);
        database.execute("DELETE FROM tidemill.members");
        clock.advance(BELIEVED);
        assert!(matches!(authenticator.authenticate(secret.reveal(), Some("main")).await, Err(Error::NoWorkspace)));
        assert!(matches!(authenticator.authenticate(secret.reveal(), None).await, Err(Error::Unauthenticated)));
    }

    #[tokio::test]
    async fn a_token_notes_its_use_once_a_minute() {
        let (database, clock, authenticator, secret) = first_account().await;
        authenticator.authenticate(secret.reveal(), None).await.unwrap();
        database.execute("SELECT 1 / count(*) FROM tidemill.tokens WHERE last_used_at = created_at");
        clock.advance(TimeDelta::seconds(59));
        authenticator.authenticate(secret.reveal(), None).await.unwrap();
        database.execute("SELECT 1 / count(*) FROM tidemill.tokens WHERE last_used_at = created_at");
    }
}
