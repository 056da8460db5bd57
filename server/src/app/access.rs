//! May this caller do this? The authorisation table applied: role, scopes, state of the workspace, shares.

use tidemill_common::api::plan::Feature;
use tidemill_common::api::share::Shareable;
use tidemill_common::api::workspace::Role;
use tidemill_common::ids::{ExecutionId, WorkflowUid};

use super::Error;
use crate::auth::policy::{self, Scope};
use crate::auth::{Caller, Grant, Operation, WorkspaceState};

/// Refuses a caller who may not do `operation` to everything that it reaches.
pub(super) fn authorize(caller: &Caller, operation: Operation) -> Result<(), Error> {
    check_scopes_and_state(caller, operation)?;
    let has_scope = match operation.scope() {
        Scope::Account => return Ok(()),
        Scope::Workspace => true,
        Scope::Organization => caller.organization_admin,
        Scope::Server => caller.operator,
    };
    let least = operation.least_role();
    if !has_scope {
        return Err(Error::NotOrganizationAdmin(operation.scope()));
    }
    // Admins of an organisation need no role in one of its workspaces to do what concerns the whole.
    if operation.scope() != Scope::Workspace || policy::covers(caller.role, least) {
        return require(caller, operation.feature());
    }
    Err(Error::Forbidden { role: caller.role, least })
}

fn check_scopes_and_state(caller: &Caller, operation: Operation) -> Result<(), Error> {
    if caller.scopes.as_deref().is_some_and(|scopes| !operation.is_in(scopes)) {
        return Err(Error::OutOfScope(operation));
    }
    match caller.state {
        WorkspaceState::Deleted(at) if !operation.is_for_deleted() && operation.scope() == Scope::Workspace => {
            Err(Error::Conflict(format!(
                "the workspace was deleted and goes for good on {}: an admin can restore it until then",
                at.format("%Y-%m-%d")
            )))
        }
        WorkspaceState::Archived if !operation.is_for_archived() => {
            Err(Error::Conflict("the workspace is archived, hence read only: an admin can unarchive it".to_owned()))
        }
        _ => Ok(()),
    }
}

/// Refuses what the organization's plan doesn't have. The one place where features are checked; which operation needs which one is
/// in the authorisation table.
fn require(caller: &Caller, feature: Option<Feature>) -> Result<(), Error> {
    match feature {
        Some(feature) if !caller.features.contains(&feature) => Err(Error::NotInPlan(feature)),
        _ => Ok(()),
    }
}

/// What of a workspace an operation may reach.
#[derive(Debug, Clone)]
pub(super) enum Reach {
    /// Everything.
    Everything,
    /// What is shared with the caller, and what the role is told about the rest.
    Shared(Vec<Grant>, Role),
}

/// What `operation` may reach: everything that the role covers, else what is shared with the caller. The things must be checked
/// with [`Reach::workflow`] or [`Reach::execution`].
pub(super) fn reach(caller: &Caller, operation: Operation) -> Result<Reach, Error> {
    match authorize(caller, operation) {
        Ok(()) => Ok(Reach::Everything),
        Err(refused @ Error::Forbidden { .. }) => {
            let enough = |grant: &&Grant| policy::share_permits(grant.permission, operation);
            let grants: Vec<_> = caller.grants.iter().filter(enough).cloned().collect();
            // To a guest, what is not shared is not there, also when nothing is.
            let none_for_guests = caller.role == Role::Guest && operation.permission().is_some();
            if grants.is_empty() && !none_for_guests { Err(refused) } else { Ok(Reach::Shared(grants, caller.role)) }
        }
        Err(other) => Err(other),
    }
}

impl Reach {
    /// Refuses a workflow, called `id`, that is out of reach.
    pub(super) fn workflow(&self, id: &str) -> Result<(), Error> {
        let is_shared = |grant: &Grant| grant.kind == Shareable::Workflow && grant.name.as_deref() == Some(id);
        self.check(is_shared, "workflow")
    }

    /// Refuses an execution that is out of reach: it is shared itself, or its workflow is.
    pub(super) fn execution(&self, id: ExecutionId, workflow: WorkflowUid) -> Result<(), Error> {
        let (id, workflow) = (id.to_string(), workflow.to_string());
        let is_shared = |grant: &Grant| match grant.kind {
            Shareable::Workflow => grant.object == workflow,
            Shareable::Execution => grant.object == id,
            Shareable::Credential => false,
        };
        self.check(is_shared, "execution")
    }

    fn check(&self, is_shared: impl Fn(&Grant) -> bool, noun: &'static str) -> Result<(), Error> {
        match self {
            Self::Everything => Ok(()),
            Self::Shared(grants, _) if grants.iter().any(is_shared) => Ok(()),
            Self::Shared(_, Role::Guest) => Err(Error::NotFound(noun)),
            Self::Shared(_, role) => Err(Error::Forbidden { role: *role, least: Role::Editor }),
        }
    }

    /// The things of `kind` that lists are limited to; nothing when they are not.
    pub(super) fn only(&self, kind: Shareable) -> Option<Vec<uuid::Uuid>> {
        let Self::Shared(grants, _) = self else { return None };
        let of_kind = grants.iter().filter(|grant| grant.kind == kind);
        Some(of_kind.filter_map(|grant| grant.object.parse().ok()).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chrono::DateTime;
    use tidemill_common::api::share::Permission;
    use tidemill_common::ids::{OrganizationId, TokenId, UserId, WorkspaceId};

    use super::*;

    fn caller(role: Role, grants: Vec<Grant>) -> Caller {
        let now = DateTime::from_timestamp_millis(1).unwrap();
        Caller {
            user: UserId::new(now),
            user_name: "ann".into(),
            is_service: false,
            home: OrganizationId::new(now),
            organization_admin: false,
            operator: false,
            organization: OrganizationId::new(now),
            workspace: WorkspaceId::new(now),
            workspace_slug: "main".into(),
            state: WorkspaceState::Live,
            role,
            token: TokenId::new(now),
            signed_in: false,
            scopes: None,
            features: Arc::new([]),
            grants: grants.into(),
            address: None,
        }
    }

    #[test]
    fn what_the_plan_does_not_have_is_refused_even_to_admins() {
        let admin = caller(Role::Admin, Vec::new());
        assert!(matches!(authorize(&admin, Operation::AuditExport), Err(Error::NotInPlan(Feature::AuditExport))));
        let with_it = Caller { features: Arc::new([Feature::AuditExport]), ..admin };
        authorize(&with_it, Operation::AuditExport).unwrap();
        let viewer = Caller { role: Role::Viewer, ..with_it };
        assert!(matches!(authorize(&viewer, Operation::AuditExport), Err(Error::Forbidden { .. })));
    }

    fn shared(permission: Permission) -> (WorkflowUid, Grant) {
        let uid = WorkflowUid::new(DateTime::from_timestamp_millis(2).unwrap());
        let grant = Grant { kind: Shareable::Workflow, object: uid.to_string(), name: Some("w".to_owned()), permission };
        (uid, grant)
    }

    #[test]
    fn a_share_reaches_one_thing_and_permits_what_it_says() {
        let (uid, grant) = shared(Permission::Execute);
        let execution = ExecutionId::new(DateTime::from_timestamp_millis(3).unwrap());
        for role in [Role::Guest, Role::Viewer] {
            let caller = caller(role, vec![grant.clone()]);
            let start = reach(&caller, Operation::ExecutionCreate).unwrap();
            start.workflow("w").unwrap();
            assert!(start.workflow("other").is_err());
            reach(&caller, Operation::ExecutionCancel).unwrap().execution(execution, uid).unwrap();
            let other = WorkflowUid::new(DateTime::from_timestamp_millis(4).unwrap());
            assert!(reach(&caller, Operation::ExecutionCancel).unwrap().execution(execution, other).is_err());
            assert!(reach(&caller, Operation::WorkflowApply).and_then(|reach| reach.workflow("w")).is_err());
            assert!(authorize(&caller, Operation::ExecutionCreate).is_err(), "without a look at the thing it is refused");
            assert!(reach(&caller, Operation::SecretList).is_err());
        }
    }

    #[test]
    fn to_a_guest_what_is_not_shared_is_missing() {
        let guest = caller(Role::Guest, Vec::new());
        let refused = reach(&guest, Operation::WorkflowView).unwrap().workflow("w");
        assert!(matches!(refused, Err(Error::NotFound("workflow"))));
        assert_eq!(reach(&guest, Operation::WorkflowList).unwrap().only(Shareable::Workflow), Some(Vec::new()));
        assert!(matches!(reach(&guest, Operation::DeadLetterList), Err(Error::Forbidden { .. })));
    }

    #[test]
    fn scopes_archives_and_organizations_limit_even_admins() {
        let admin = caller(Role::Admin, Vec::new());
        authorize(&admin, Operation::SecretPut).unwrap();
        assert!(matches!(authorize(&admin, Operation::UserErase), Err(Error::NotOrganizationAdmin(_))));
        let scoped = Caller { scopes: Some(vec!["workflow:read".to_owned()].into()), ..admin.clone() };
        authorize(&scoped, Operation::WorkflowView).unwrap();
        assert!(matches!(authorize(&scoped, Operation::SecretPut), Err(Error::OutOfScope(_))));
        assert!(matches!(authorize(&scoped, Operation::AccountView), Err(Error::OutOfScope(_))));
        let archived = Caller { state: WorkspaceState::Archived, ..admin.clone() };
        authorize(&archived, Operation::WorkflowView).unwrap();
        authorize(&archived, Operation::WorkspaceUnarchive).unwrap();
        assert!(matches!(authorize(&archived, Operation::SecretPut), Err(Error::Conflict(_))));
        let deleted = Caller { state: WorkspaceState::Deleted(DateTime::default()), ..admin };
        authorize(&deleted, Operation::WorkspaceRestore).unwrap();
        authorize(&deleted, Operation::AccountView).unwrap();
        assert!(matches!(authorize(&deleted, Operation::WorkflowView), Err(Error::Conflict(_))));
    }
}
