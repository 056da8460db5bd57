//! From a secret to a caller, with a short memory so that a busy client costs no query per request.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use thiserror::Error as ThisError;
use tidemill_common::clock::Clock;
use tidemill_common::ids::{OrganizationId, TokenId, UserId, WorkspaceId};
use uuid::Uuid;

use super::{Caller, Secret, policy};
use crate::store::queries::account::{self, Selector};
use crate::store::rows::member::role_from_word;
use crate::store::{self, Database};

/// How long a verified token is believed: a revoked one works on other nodes for no longer than this.
const BELIEVED: TimeDelta = TimeDelta::seconds(5);

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

/// A token's hash and the workspace that it was asked to act on.
type Key = ([u8; 32], Option<String>);

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
        let key = (secret.hash(), workspace.map(str::to_owned));
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

    async fn look_up(&self, (hash, workspace): Key, now: DateTime<Utc>) -> Result<Caller, Error> {
        let found = self
            .database
            .engine(move |conn| {
                let Some(owner) = account::token_owner(conn, &hash, now)? else { return Ok(Err(Error::Unauthenticated)) };
                let own = Selector::Id(owner.token.workspace_id);
                let asked = workspace.map(|text| Uuid::parse_str(&text).map_or(Selector::Slug(text), Selector::Id));
                let missing = if asked.is_some() { Error::NoWorkspace } else { Error::Unauthenticated };
                let Some((workspace, role)) = account::membership(conn, owner.user.id, &asked.unwrap_or(own))? else {
                    return Ok(Err(missing));
                };
                account::token_touch(conn, &owner.token, now)?;
                Ok(Ok(Caller {
                    user: UserId(owner.user.id),
                    user_name: owner.user.name.into(),
                    organization: OrganizationId(owner.user.organization_id),
                    workspace: WorkspaceId(workspace.id),
                    workspace_slug: workspace.slug.into(),
                    role: policy::lesser(role_from_word(&owner.token.role)?, role_from_word(&role)?),
                    token: TokenId(owner.token.id),
                }))
            })
            .await;
        found?
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
    async fn a_verified_token_costs_no_query_for_five_seconds_and_no_longer() {
        let (database, clock, authenticator, secret) = first_account().await;
        let caller = authenticator.authenticate(secret.reveal(), None).await.unwrap();
        assert_eq!((&*caller.workspace_slug, caller.role), ("main", Role::Admin));
        database.execute("UPDATE tidemill.tokens SET revoked_at = now()");
        clock.advance(TimeDelta::milliseconds(4_999));
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
