//! Workflows: applied from files, read, deleted. Activation is in `workflow_activation`.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use tidemill_common::api::share::Shareable;
use tidemill_common::api::workflow::{
    ApplyOutcome, Diagnostic, ValidationView, VersionList, VersionView, WorkflowApplied, WorkflowDetail, WorkflowPage,
};
use tidemill_common::clock::Clock;
use tidemill_common::ids::WorkflowUid;
use tidemill_common::limits::WORKFLOW_BYTES;

use super::access::{authorize, reach};
use super::audit::Act;
use super::code;
use super::error::Error;
use super::page::{self, PageRequest};
use super::workflow_view::{outline, plan, view, views};
use super::{workflow_apply, workflow_cycle};
use crate::auth::{Caller, Operation};
use crate::domain::workflow::compile;
use crate::domain::workflow::plan::Plan;
use crate::executor::{Plans, Versions};
use crate::runner::code::CodeRunner;
use crate::store::queries::{workflow, workflow_version};
use crate::store::rows::workflow_version::WorkflowVersion;
use crate::store::{self, Database};

/// Workflows of a workspace.
#[derive(Clone)]
pub struct Workflows {
    pub(super) database: Database,
    pub(super) plans: Plans,
    pub(super) versions: Versions,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) activated: Activated,
    pub(super) code: CodeRunner,
}

/// Called when triggers have changed: webhook addresses and schedules are looked up anew.
pub type Activated = Arc<dyn Fn() + Send + Sync>;

/// What `If-Match` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfMatch {
    /// `*`: any version, but the workflow must exist.
    Exists,
    /// This version must be the newest.
    Version(i32),
}

impl Workflows {
    /// Workflows in `database`, compiled as `versions`.
    pub fn new(database: Database, versions: Versions, clock: Arc<dyn Clock>, activated: Activated, code: CodeRunner) -> Self {
        Self { database, plans: versions.plans().clone(), versions, clock, activated, code }
    }

    /// A page of workflows, by id.
    pub async fn list(&self, caller: &Caller, request: PageRequest) -> Result<WorkflowPage, Error> {
        let only = reach(caller, Operation::WorkflowList)?.only(Shareable::Workflow);
        let (size, after) = (request.size()?, request.after()?);
        let (workspace, slug, plans) = (caller.workspace, Arc::clone(&caller.workspace_slug), self.plans.clone());
        let (items, next_cursor) = self
            .database
            .with_tenant(workspace, move |conn| {
                let mut rows = workflow::workflow_list(conn, workspace, only.as_deref(), after.as_deref(), page::rows(size))?;
                let next = page::cut(&mut rows, size, |row| row.id.clone());
                Ok((views(conn, workspace, &slug, &plans, rows)?, next))
            })
            .await?;
        Ok(WorkflowPage { items, next_cursor })
    }

    /// A workflow, whole.
    pub async fn view(&self, caller: &Caller, id: &str) -> Result<WorkflowDetail, Error> {
        reach(caller, Operation::WorkflowView)?.workflow(id)?;
        let (workspace, slug, plans) = (caller.workspace, Arc::clone(&caller.workspace_slug), self.plans.clone());
        let id = known_id(id)?;
        self.database
            .with_tenant(workspace, move |conn| {
                let row = workflow::workflow_get(conn, workspace, &id)?;
                let (uid, version) = (WorkflowUid(row.uid), row.version);
                let source = workflow_version::version_get(conn, workspace, uid, version)?.source;
                let steps = plan(conn, workspace, &plans, uid, version)?.map(|plan| outline(&plan)).unwrap_or_default();
                Ok(WorkflowDetail { workflow: view(conn, workspace, &slug, &plans, row)?, source, steps })
            })
            .await
            .map_err(Error::of("workflow"))
    }

    /// Makes the workflow of a file, or its next version, or nothing when the newest version is the same file.
    pub async fn apply(
        &self,
        caller: &Caller,
        id: &str,
        source: String,
        if_match: Option<IfMatch>,
    ) -> Result<WorkflowApplied, Error> {
        reach(caller, Operation::WorkflowApply)?.workflow(id)?;
        let compiled = compile_file(source.clone()).await?;
        if &*compiled.id != id {
            return Err(Error::WorkflowInvalid(vec![wrong_id(&compiled.id, id)]));
        }
        self.check_credentials(caller, &source, &compiled).await?;
        let warnings = self.check_code(caller, &source, &compiled).await?;
        let file = workflow_apply::File {
            sha256: Sha256::digest(source.as_bytes()).to_vec(),
            source,
            plan: Arc::new(compiled),
            if_match,
            now: self.clock.now(),
            by: caller.user,
        };
        let (workspace, slug, plans) = (caller.workspace, Arc::clone(&caller.workspace_slug), self.plans.clone());
        let act = Act::of(caller, Operation::WorkflowApply, file.now);
        let done = self
            .database
            .with_tenant(workspace, move |conn| {
                if let Err(refused) = workflow_cycle::check(conn, workspace, &plans, &file.plan)? {
                    return Ok(Err(refused));
                }
                let (outcome, row) = match workflow_apply::apply(conn, workspace, &file)? {
                    Ok(done) => done,
                    Err(refused) => return Ok(Err(refused)),
                };
                if outcome != ApplyOutcome::Unchanged {
                    plans.remember(WorkflowUid(row.uid), row.version, &file.plan);
                }
                let act = act.on("workflow", &row.id).saying(format!("version {}", row.version)).after(&file.source);
                let workflow = view(conn, workspace, &slug, &plans, row)?;
                if outcome != ApplyOutcome::Unchanged {
                    act.write(conn)?;
                }
                Ok(Ok(WorkflowApplied { outcome, workflow, warnings }))
            })
            .await;
        match done {
            Ok(result) => result,
            Err(store::Error::Conflict(_)) => {
                Err(Error::Conflict("another request changed this workflow at the same moment: send it again".to_owned()))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Checks a file without keeping it.
    pub async fn validate(&self, caller: &Caller, source: String) -> Result<ValidationView, Error> {
        authorize(caller, Operation::WorkflowValidate)?;
        let checked = async {
            let plan = compile_file(source.clone()).await?;
            self.check_code(caller, &source, &plan).await.map(|warnings| (plan, warnings))
        };
        match checked.await {
            Ok((plan, warnings)) => Ok(ValidationView { valid: true, errors: Vec::new(), warnings, steps: outline(&plan) }),
            Err(Error::WorkflowInvalid(errors)) => {
                Ok(ValidationView { valid: false, errors, warnings: Vec::new(), steps: Vec::new() })
            }
            Err(error) => Err(error),
        }
    }

    async fn check_code(&self, caller: &Caller, source: &str, plan: &Plan) -> Result<Vec<Diagnostic>, Error> {
        let by_plan = code::by_plan(&self.database, caller, plan).await?;
        code::check(&self.code, source, plan, by_plan).await
    }

    /// Deletes a workflow and its triggers. Its versions stay for the executions that ran them.
    pub async fn delete(&self, caller: &Caller, id: &str) -> Result<(), Error> {
        authorize(caller, Operation::WorkflowDelete)?;
        let (workspace, id) = (caller.workspace, known_id(id)?);
        let act = Act::of(caller, Operation::WorkflowDelete, self.clock.now());
        let deleted = self.database.with_tenant(workspace, move |conn| {
            workflow::workflow_delete(conn, workspace, &id)?;
            act.on("workflow", &id).write(conn)
        });
        deleted.await.map_err(Error::of("workflow"))?;
        (self.activated)();
        Ok(())
    }

    /// The versions of a workflow, newest first.
    pub async fn versions(&self, caller: &Caller, id: &str) -> Result<VersionList, Error> {
        reach(caller, Operation::WorkflowVersionList)?.workflow(id)?;
        let (workspace, id) = (caller.workspace, known_id(id)?);
        let rows = self
            .database
            .with_tenant(workspace, move |conn| {
                let row = workflow::workflow_get(conn, workspace, &id)?;
                workflow_version::version_list(conn, workspace, WorkflowUid(row.uid))
            })
            .await
            .map_err(Error::of("workflow"))?;
        let view = |row: workflow_version::VersionHead| VersionView {
            version: row.version,
            sha256: hex::encode(row.sha256),
            created_at: row.created_at,
            source: None,
        };
        Ok(VersionList { items: rows.into_iter().map(view).collect() })
    }

    /// One version with its file.
    pub async fn version(&self, caller: &Caller, id: &str, version: i32) -> Result<VersionView, Error> {
        reach(caller, Operation::WorkflowVersionView)?.workflow(id)?;
        let (workspace, id) = (caller.workspace, known_id(id)?);
        let row: WorkflowVersion = self
            .database
            .with_tenant(workspace, move |conn| {
                let row = workflow::workflow_get(conn, workspace, &id)?;
                workflow_version::version_get(conn, workspace, WorkflowUid(row.uid), version)
            })
            .await
            .map_err(Error::of("workflow version"))?;
        Ok(VersionView {
            version: row.version,
            sha256: hex::encode(row.sha256),
            created_at: row.created_at,
            source: Some(row.source),
        })
    }
}

/// An id that a workflow may have: what can't be one is missing like any other.
pub(super) fn known_id(id: &str) -> Result<String, Error> {
    if id.contains('\0') { Err(Error::NotFound("workflow")) } else { Ok(id.to_owned()) }
}

/// Compiles a file away from the threads that answer requests.
async fn compile_file(source: String) -> Result<Plan, Error> {
    if source.len() > WORKFLOW_BYTES {
        return Err(Error::Invalid(format!(
            "a workflow file has at most {WORKFLOW_BYTES} bytes; this one has {}",
            source.len()
        )));
    }
    if let Some(diagnostic) = nul(&source) {
        return Err(Error::WorkflowInvalid(vec![diagnostic]));
    }
    let compiled = tokio::task::spawn_blocking(move || compile(&source)).await;
    let plan = compiled.map_err(|error| Error::Internal(error.to_string()))?.map_err(Error::WorkflowInvalid)?;
    if plan.name.contains('\0') {
        return Err(Error::WorkflowInvalid(vec![diagnostic("name", "nul_character", "the name holds a NUL character")]));
    }
    Ok(plan)
}

fn diagnostic(path: &str, code: &str, message: impl Into<String>) -> Diagnostic {
    Diagnostic { line: 1, column: 1, path: path.to_owned(), code: code.to_owned(), message: message.into(), suggestion: None }
}

/// The first NUL character, which neither YAML nor Postgres knows.
fn nul(source: &str) -> Option<Diagnostic> {
    let message = "the file holds a NUL character: save it as UTF-8 text";
    Some(diagnostic_at(source, Some(source.find('\0')?), "nul_character", message))
}

/// What is wrong at the byte `at` of the file.
pub(super) fn diagnostic_at(source: &str, at: Option<usize>, code: &str, message: impl Into<String>) -> Diagnostic {
    let before = at.and_then(|at| source.get(..at)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Diagnostic {
        line: u32::try_from(line).unwrap_or(u32::MAX),
        column: u32::try_from(column).unwrap_or(u32::MAX),
        ..diagnostic("", code, message)
    }
}

fn wrong_id(found: &str, wanted: &str) -> Diagnostic {
    Diagnostic {
        suggestion: Some(format!("send it to /api/workflows/{found}, or change the file's id to `{wanted}`")),
        ..diagnostic("id", "id_mismatch", format!("the file's id is `{found}`, the address says `{wanted}`"))
    }
}
