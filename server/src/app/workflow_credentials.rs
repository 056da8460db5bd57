//! Which credentials a file may name: those that its sender may have steps use.

use std::collections::BTreeSet;

use tidemill_common::api::share::{Permission, Shareable};
use tidemill_common::api::workflow::Diagnostic;
use tidemill_common::ids::WorkflowUid;

use super::access::{Reach, reach};
use super::error::Error;
use super::workflow::{Workflows, diagnostic_at};
use super::workflow_view::plan;
use crate::auth::{Caller, Operation};
use crate::domain::workflow::plan::Plan;
use crate::store::queries::workflow;
use crate::store::{self, Connection};

impl Workflows {
    /// Refuses a file that names a credential which its sender may not use: one of another workspace that isn't shared, or, for
    /// somebody who may edit this workflow and no other, one that neither the workflow uses already nor is shared.
    pub(super) async fn check_credentials(&self, caller: &Caller, source: &str, file: &Plan) -> Result<(), Error> {
        let names = file.all_credential_names();
        if names.is_empty() {
            return Ok(());
        }
        let wanted = names.iter().map(ToString::to_string).collect();
        let refused = match self.versions.not_shared(caller.workspace, caller.user, wanted).await? {
            Some(refused) => Some(refused),
            None => self.beyond_share(caller, file, &names).await?,
        };
        refused.map_or(Ok(()), |name| Err(Error::WorkflowInvalid(vec![not_shared(source, &name)])))
    }

    async fn beyond_share(&self, caller: &Caller, file: &Plan, names: &BTreeSet<&str>) -> Result<Option<String>, Error> {
        let Reach::Shared(..) = reach(caller, Operation::WorkflowApply)? else { return Ok(None) };
        let granted = |name: &str| {
            let is_it = |grant: &crate::auth::Grant| {
                grant.kind == Shareable::Credential && grant.object == name && grant.permission == Permission::Use
            };
            name.contains('/') || caller.grants.iter().any(is_it)
        };
        let missing: Vec<String> = names.iter().filter(|name| !granted(name)).map(ToString::to_string).collect();
        if missing.is_empty() {
            return Ok(None);
        }
        let (workspace, plans, id) = (caller.workspace, self.versions.plans().clone(), file.id.to_string());
        let before = self.database.with_tenant(workspace, move |conn: &mut Connection| {
            match workflow::workflow_get(conn, workspace, &id) {
                Ok(row) => plan(conn, workspace, &plans, WorkflowUid(row.uid), row.version),
                Err(store::Error::NotFound) => Ok(None),
                Err(error) => Err(error),
            }
        });
        let before = before.await?;
        let used = before.as_ref().map(|plan| plan.all_credential_names()).unwrap_or_default();
        Ok(missing.into_iter().find(|name| !used.contains(name.as_str())))
    }
}

fn not_shared(source: &str, name: &str) -> Diagnostic {
    let message = format!("the credential `{name}` is not one that you may have steps use");
    let (slug, own) = name.split_once('/').map_or((None, name), |(slug, own)| (Some(slug), own));
    let place = slug.map_or_else(|| "this workspace".to_owned(), |slug| format!("the workspace `{slug}`"));
    Diagnostic {
        suggestion: Some(format!(
            "an editor of {place} shares it with you, or with your workspace: `tidemill share add credential/{own} --may use`"
        )),
        ..diagnostic_at(source, source.find(name), "credential_not_shared", message)
    }
}
