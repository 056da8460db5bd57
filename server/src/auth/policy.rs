//! The authorisation table: each operation of the API and the least role that may do it.
//!
//! A test compares it with the OpenAPI document, so that a route without a row fails the build.

use tidemill_common::api::workspace::Role;

macro_rules! operations {
    ($($name:ident = $id:literal: $role:ident),+ $(,)?) => {
        /// An operation that needs a token.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Operation {
            $(#[doc = concat!("`", $id, "`")] $name,)+
        }

        impl Operation {
            /// Every operation.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// Its `operationId`.
            pub fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)+ }
            }

            /// The least role that may do it.
            pub fn least_role(self) -> Role {
                match self { $(Self::$name => Role::$role,)+ }
            }
        }
    };
}

operations! {
    AccountView = "account_view": Viewer,
    WorkspaceList = "workspace_list": Viewer,
    WorkspaceCreate = "workspace_create": Admin,
    TokenList = "token_list": Admin,
    TokenCreate = "token_create": Admin,
    TokenRevoke = "token_revoke": Admin,
    SecretList = "secret_list": Editor,
    SecretPut = "secret_put": Editor,
    SecretDelete = "secret_delete": Editor,
    CredentialList = "credential_list": Editor,
    CredentialView = "credential_view": Editor,
    CredentialPut = "credential_put": Editor,
    CredentialDelete = "credential_delete": Editor,
    WorkflowList = "workflow_list": Viewer,
    WorkflowView = "workflow_view": Viewer,
    WorkflowApply = "workflow_apply": Editor,
    WorkflowValidate = "workflow_validate": Viewer,
    WorkflowDelete = "workflow_delete": Editor,
    WorkflowActivate = "workflow_activate": Editor,
    WorkflowDeactivate = "workflow_deactivate": Editor,
    WorkflowVersionList = "workflow_version_list": Viewer,
    WorkflowVersionView = "workflow_version_view": Viewer,
    TriggerList = "trigger_list": Viewer,
    TriggerView = "trigger_view": Viewer,
    TriggerTest = "trigger_test": Editor,
    ScheduleExplain = "schedule_explain": Viewer,
    CodeExecute = "code_execute": Editor,
    ExecutionCreate = "execution_create": Editor,
    ExecutionList = "execution_list": Viewer,
    ExecutionView = "execution_view": Viewer,
    ExecutionEvents = "execution_events": Viewer,
    ExecutionStream = "execution_stream": Viewer,
    ExecutionCancel = "execution_cancel": Editor,
    ExecutionPause = "execution_pause": Editor,
    ExecutionResume = "execution_resume": Editor,
    ExecutionMetricsView = "execution_metrics_view": Viewer,
    ExecutionWhyView = "execution_why_view": Viewer,
    ExecutionRetry = "execution_retry": Editor,
    NodeList = "node_list": Viewer,
    ApprovalList = "approval_list": Viewer,
    ExecutionApprove = "execution_approve": Viewer,
    ExecutionReject = "execution_reject": Viewer,
    ExecutionDecide = "execution_decide": Editor,
    ExecutionBulkCreate = "execution_bulk_create": Editor,
    ExecutionBulkList = "execution_bulk_list": Viewer,
    ExecutionBulkStop = "execution_bulk_stop": Editor,
    DeadLetterList = "dead_letter_list": Viewer,
    DeadLetterCauseList = "dead_letter_cause_list": Viewer,
    DeadLetterReplay = "dead_letter_replay": Editor,
    DeadLetterDiscard = "dead_letter_discard": Editor,
    WorkspaceStream = "workspace_stream": Viewer,
}

/// The operations that need no token. Nothing else is public.
pub const PUBLIC: [&str; 4] = ["health_view", "ready_view", "metrics_view", "workflow_schema"];

/// The operations that are WebSockets, which an OpenAPI document can't describe.
pub const STREAMS: [Operation; 2] = [Operation::ExecutionStream, Operation::WorkspaceStream];

/// How much a role may do, to compare roles by.
fn rank(role: Role) -> u8 {
    match role {
        Role::Viewer => 1,
        Role::Editor => 2,
        Role::Admin => 3,
    }
}

/// Whether `role` may do what `least` may do.
pub fn covers(role: Role, least: Role) -> bool {
    rank(role) >= rank(least)
}

/// The lesser of two roles.
pub fn lesser(one: Role, other: Role) -> Role {
    if covers(one, other) { other } else { one }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_ordered() {
        assert!(covers(Role::Admin, Role::Editor) && covers(Role::Editor, Role::Viewer));
        assert!(!covers(Role::Viewer, Role::Editor) && !covers(Role::Editor, Role::Admin));
        assert_eq!(lesser(Role::Admin, Role::Viewer), Role::Viewer);
        assert_eq!(lesser(Role::Viewer, Role::Admin), Role::Viewer);
    }

    #[test]
    fn a_viewer_changes_nothing() {
        for operation in Operation::ALL {
            let reads = ["_view", "_list", "_events", "_stream", "_validate", "_explain"]
                .iter()
                .any(|end| operation.id().ends_with(end));
            // Who may approve is said by the step.
            let asks_step = matches!(operation, Operation::ExecutionApprove | Operation::ExecutionReject);
            assert!(reads || asks_step || operation.least_role() != Role::Viewer, "{}", operation.id());
        }
    }
}
