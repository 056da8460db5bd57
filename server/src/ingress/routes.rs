//! From a webhook's address to the trigger behind it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tidemill_common::ids::{WorkflowUid, WorkspaceId};

use crate::domain::signature::Scheme;
use crate::domain::workflow::plan::{Plan, TriggerKind, WebhookAuth, WebhookTrigger};
use crate::executor::{VersionError, Versions};
use crate::store::Database;
use crate::store::queries::version;

/// How long an answer is used before it is looked up again: after that, what another node activated is seen here. What this
/// node activates is seen at once.
const FRESH: Duration = Duration::from_secs(1);
/// How many addresses are kept.
const KEPT: usize = 10_000;

/// The trigger behind an address.
#[derive(Debug)]
pub struct Route {
    /// The tenant.
    pub workspace_id: WorkspaceId,
    /// The workflow.
    pub workflow_uid: WorkflowUid,
    /// The active version.
    pub version: i32,
    /// The same, compiled.
    pub plan: Arc<Plan>,
    /// The trigger's place in the plan.
    trigger: usize,
    /// How the sender proves who it is, and the secret that it must know for that.
    pub proof: Option<(Scheme, Vec<u8>)>,
}

impl Route {
    /// The trigger's id in the workflow file.
    #[must_use]
    pub fn trigger_id(&self) -> &Arc<str> {
        &self.plan.triggers[self.trigger].id
    }

    /// The trigger.
    #[must_use]
    pub fn webhook(&self) -> Option<&WebhookTrigger> {
        match &self.plan.triggers[self.trigger].kind {
            TriggerKind::Webhook(webhook) => Some(webhook),
            TriggerKind::Schedule(_) => None,
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

    /// The active trigger behind `/hooks/<workspace>/<path>`.
    pub async fn find(&self, workspace: &str, path: &str) -> Result<Found, VersionError> {
        if [workspace, path].iter().any(|text| text.contains('\0')) {
            // No text in the database has one, and asking would be an error.
            return Ok(None);
        }
        let key = (workspace.to_owned(), path.to_owned());
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
        let found = match self.look_up(workspace, path).await {
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

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn look_up(&self, workspace: &str, path: &str) -> Result<Found, VersionError> {
        let (slug, wanted) = (workspace.to_owned(), path.to_owned());
        let row = self.database.engine(move |connection| Ok(version::webhook(connection, &slug, &wanted)?)).await;
        let Some(row) = row? else { return Ok(None) };
        let (workspace_id, workflow_uid) = (WorkspaceId(row.workspace_id), WorkflowUid(row.workflow_uid));
        let plan = self.versions.plan((workspace_id, workflow_uid, row.version)).await?;
        let Some(trigger) = plan.triggers.iter().position(|trigger| *trigger.id == row.trigger_id) else {
            return Ok(None);
        };
        let mut route = Route { workspace_id, workflow_uid, version: row.version, plan, trigger, proof: None };
        if let Some((scheme, name)) = route.webhook().and_then(|webhook| webhook.auth.proof()) {
            let values = self.versions.secrets(workspace_id, vec![name.to_owned()]).await?;
            let secret = values.get(name).map(|value| webhook_secret(&route, value)).unwrap_or_default();
            route.proof = Some((scheme, secret));
        }
        Ok(Some(Arc::new(route)))
    }
}

/// What the sender must know: the secret itself, or with basic authentication user name and password.
fn webhook_secret(route: &Route, value: &str) -> Vec<u8> {
    match route.webhook().map(|webhook| &webhook.auth) {
        Some(WebhookAuth::Basic(basic)) => format!("{}:{value}", basic.username).into_bytes(),
        _ => value.as_bytes().to_vec(),
    }
}
