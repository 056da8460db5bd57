//! From a webhook's address to the trigger behind it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use tidemill_common::ids::{WorkflowUid, WorkspaceId};

use super::request::Params;
use crate::domain::signature::Scheme;
use crate::domain::workflow::plan::{Plan, TriggerKind, WebhookTrigger, key_fits, literal_first};
use crate::executor::{VersionError, Versions};
use crate::store::Database;
use crate::store::queries::version::{self, WebhookRow};

/// How long an answer is used before it is looked up again: after that, what another node activated is seen here. What this
/// node activates is seen at once.
const FRESH: Duration = Duration::from_secs(1);
/// How many addresses are kept.
const KEPT: usize = 10_000;
/// Longest path, in bytes: a longer one has no trigger.
const LONGEST: usize = 4096;

/// The trigger behind an address.
#[derive(Debug)]
pub struct Route {
    /// The tenant.
    pub workspace_id: WorkspaceId,
    /// The workflow.
    pub workflow_uid: WorkflowUid,
    /// The version to execute.
    pub version: i32,
    /// The same, compiled.
    pub plan: Arc<Plan>,
    /// The trigger's place in the plan.
    trigger: usize,
    /// What the address says.
    pub(super) params: Params,
    /// How the sender proves who it is.
    pub(super) proof: Option<Check>,
    /// Whether it is a test address: the version need not be active.
    pub test: bool,
}

/// A proof with the secrets of the moment.
#[derive(Debug)]
pub(super) struct Check {
    pub(super) scheme: Scheme,
    pub(super) tolerance: Duration,
    pub(super) secrets: Vec<Vec<u8>>,
}

impl Route {
    /// The trigger's id in the workflow file.
    #[must_use]
    pub fn trigger_id(&self) -> &Arc<str> {
        &self.plan.triggers[self.trigger].id
    }

    /// What it is.
    pub(super) fn kind(&self) -> &TriggerKind {
        &self.plan.triggers[self.trigger].kind
    }

    /// How it is reached and guarded.
    #[must_use]
    pub fn webhook(&self) -> Option<&WebhookTrigger> {
        match self.kind() {
            TriggerKind::Webhook(webhook) => Some(webhook),
            TriggerKind::Form(form) => Some(&form.webhook),
            _ => None,
        }
    }
}

/// What a lookup found; the absence of a trigger is worth keeping as well.
type Found = Option<Arc<Route>>;

/// Addresses that were looked up lately. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Routes {
    database: Database,
    versions: Versions,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    routes: HashMap<(String, String), (Instant, Found)>,
    /// Counts the calls of [`Routes::forget`]: what was looked up before one of them is not kept after it.
    generation: u64,
}

impl Routes {
    /// No address yet.
    #[must_use]
    pub fn new(database: Database, versions: Versions) -> Self {
        Self { database, versions, kept: Arc::default() }
    }

    /// Forgets everything: on this node a workflow was activated or deactivated, or a secret was changed.
    pub fn forget(&self) {
        let mut kept = self.lock();
        kept.routes.clear();
        kept.generation += 1;
    }

    /// The active trigger behind `/hooks/<workspace>/<segments>`.
    pub async fn find(&self, workspace: &str, segments: &[String]) -> Result<Found, VersionError> {
        // No text in the database has a NUL character, and asking would be an error; here it keeps the segments apart.
        let path = segments.join("\0");
        if workspace.contains('\0') || path.matches('\0').count() + 1 != segments.len() || path.len() > LONGEST {
            return Ok(None);
        }
        let key = (workspace.to_owned(), path);
        let generation = {
            let mut kept = self.lock();
            if let Some((at, found)) = kept.routes.get_mut(&key) {
                if at.elapsed() < FRESH {
                    return Ok(found.clone());
                }
                // This request looks it up anew; the others go on with what is known.
                *at = Instant::now();
            }
            kept.generation
        };
        let found = match self.look_up(workspace, segments).await {
            Ok(found) => found,
            // Without a database nothing can be delivered anyway; then what is known may stay.
            Err(error @ VersionError::Store(_)) => return Err(error),
            Err(error) => {
                // What is known is wrong, say because its secret was removed: it must not open the door for anybody.
                self.lock().routes.remove(&key);
                return Err(error);
            }
        };
        let mut kept = self.lock();
        if kept.generation == generation {
            if kept.routes.len() >= KEPT {
                kept.routes.clear();
            }
            kept.routes.insert(key, (Instant::now(), found.clone()));
        }
        Ok(found)
    }

    /// The trigger behind a test address that still works at `now`; its version need not be active.
    pub async fn find_test(&self, token: &str, segments: &[String], now: DateTime<Utc>) -> Result<Found, VersionError> {
        let hash = Sha256::digest(token.as_bytes()).to_vec();
        let row = self.database.engine(move |connection| Ok(version::tested(connection, &hash, now)?)).await?;
        match row {
            None => Ok(None),
            Some(row) => self.route(row, segments, true).await,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn look_up(&self, workspace: &str, segments: &[String]) -> Result<Found, VersionError> {
        let (slug, path) = (workspace.to_owned(), segments.join("/"));
        let count = i32::try_from(segments.len()).unwrap_or(i32::MAX);
        let mut rows = self.database.engine(move |connection| Ok(version::webhooks(connection, &slug, &path, count)?)).await?;
        rows.retain(|row| key_fits(&row.path, segments));
        rows.sort_by_cached_key(|row| literal_first(&row.path));
        match rows.into_iter().next() {
            None => Ok(None),
            Some(row) => self.route(row, segments, false).await,
        }
    }

    /// The route to the trigger of a row; none when the segments are not its own.
    async fn route(&self, row: WebhookRow, segments: &[String], test: bool) -> Result<Found, VersionError> {
        let (workspace_id, workflow_uid) = (WorkspaceId(row.workspace_id), WorkflowUid(row.workflow_uid));
        let plan = self.versions.plan((workspace_id, workflow_uid, row.version)).await?;
        let found = plan.triggers.iter().enumerate().find(|(_, trigger)| *trigger.id == row.trigger_id);
        let Some((trigger, params)) =
            found.and_then(|(place, trigger)| Some((place, trigger.kind.path()?.parameters(segments)?)))
        else {
            return Ok(None);
        };
        let mut route = Route { workspace_id, workflow_uid, version: row.version, plan, trigger, params, proof: None, test };
        route.proof = self.check(&route).await?;
        Ok(Some(Arc::new(route)))
    }

    async fn check(&self, route: &Route) -> Result<Option<Check>, VersionError> {
        let Some(proof) = route.webhook().and_then(|webhook| webhook.auth.as_ref()) else { return Ok(None) };
        let names = proof.secrets.iter().map(ToString::to_string).collect();
        let values = self.versions.secrets(route.workspace_id, names).await?;
        let secret = |name: &Arc<str>| values.get(&**name).map(|value| value.as_bytes().to_vec()).unwrap_or_default();
        let secrets = proof.secrets.iter().map(secret).collect();
        Ok(Some(Check { scheme: proof.scheme.clone(), tolerance: proof.tolerance, secrets }))
    }
}
