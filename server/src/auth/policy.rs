//! The authorisation table: each operation of the API, where it reaches, and the least role that may do it.
//!
//! [`super::policy_table`] has the rows; the use cases ask it through `app::access`. A test compares it with the OpenAPI document and the live router, so that a
//! route without a row fails the build; `docs/permissions.md` shows it, and a test holds the two together.

use std::collections::BTreeSet;

use tidemill_common::api::share::Permission;
use tidemill_common::api::workspace::Role;

pub use super::policy_table::Operation;

/// What an operation reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// The caller's own account: no role is needed.
    Account,
    /// The workspace of the request, in the role that the caller has there.
    Workspace,
    /// The whole organisation, for its admins.
    Organization,
    /// The whole server, for the admins of the organisation that operates it.
    Server,
}

/// The operations that need no token. Nothing else is public.
pub const PUBLIC: [&str; 11] = [
    "pricing_view",
    "health_view",
    "ready_view",
    "metrics_view",
    "workflow_schema",
    "session_create",
    "password_reset",
    "device_begin",
    "device_redeem",
    "invite_show",
    "invite_accept",
];

/// The operations that are WebSockets, which an OpenAPI document can't describe.
pub const STREAMS: [Operation; 2] = [Operation::ExecutionStream, Operation::WorkspaceStream];

/// How the name of an operation that changes nothing ends.
const READING: [&str; 7] = ["_view", "_list", "_events", "_stream", "_validate", "_export", "_explain"];

impl Operation {
    /// Whether it changes nothing.
    pub fn reads(self) -> bool {
        READING.iter().any(|end| self.id().ends_with(end))
    }

    /// What it is about: the noun that its name begins with.
    pub fn noun(self) -> &'static str {
        if let Some(noun) = ["dead_letter", "refused_delivery"].into_iter().find(|noun| self.id().starts_with(noun)) {
            return noun;
        }
        self.id().split('_').next().unwrap_or_default()
    }

    /// Whether one of a token's `scopes` covers it: `workflow:read`, `workflow:write` (which reads as well).
    pub fn is_in(self, scopes: &[String]) -> bool {
        scopes.iter().any(|scope| match scope.split_once(':') {
            Some((noun, "write")) => noun == self.noun(),
            Some((noun, "read")) => noun == self.noun() && self.reads(),
            _ => false,
        })
    }

    /// Whether it can be done in a workspace that is archived.
    pub fn is_for_archived(self) -> bool {
        let ends_it = matches!(self, Self::WorkspaceUnarchive | Self::WorkspaceDelete | Self::WorkspaceLeave);
        ends_it || self.reads() || self.scope() != Scope::Workspace || self.is_for_deleted()
    }

    /// Whether it can be done in a workspace that was deleted and is not gone yet.
    pub fn is_for_deleted(self) -> bool {
        matches!(self, Self::WorkspaceRestore | Self::WorkspaceView) || self.scope() == Scope::Account
    }
}

/// The words that a token's scopes may be.
pub fn scope_words() -> BTreeSet<String> {
    let both = |operation: &Operation| ["read", "write"].map(|verb| format!("{}:{verb}", operation.noun()));
    Operation::ALL.iter().flat_map(both).collect()
}

/// How much a role may do, to compare roles by.
fn rank(role: Role) -> u8 {
    match role {
        Role::Guest => 0,
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

/// Whether a share with `given` is enough for `operation`.
pub fn share_permits(given: Permission, operation: Operation) -> bool {
    operation.permission().is_some_and(|needed| given.covers(needed))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLES: [Role; 4] = [Role::Guest, Role::Viewer, Role::Editor, Role::Admin];

    const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/permissions.md");
    const PREFACE: &str = "# Who may do what\n\nThe authorisation table, written by a test from `server/src/auth/policy_table.rs`: each \
        operation of the API, the least role\nthat may do it, and the share that is enough for one thing. \\\n**account**: your own, \
        no role needed. **organization**: for its admins. **server**: for admins of the organization\nthat runs the server. **with**: what the \
        organization's plan must have.\n\n\
        | operation | reaches | least role | or a share to | with |\n|---|---|---|---|---|\n";

    fn row(operation: Operation) -> String {
        let scope = format!("{:?}", operation.scope()).to_lowercase();
        let role = match operation.scope() {
            Scope::Workspace => format!("{:?}", operation.least_role()).to_lowercase(),
            _ => String::new(),
        };
        let share = operation.permission().map(|permission| format!("{permission:?}").to_lowercase()).unwrap_or_default();
        let feature = operation.feature().map(tidemill_common::api::plan::Feature::as_str).unwrap_or_default();
        format!("| `{}` | {scope} | {role} | {share} | {feature} |\n", operation.id())
    }

    #[test]
    fn the_documented_table_is_the_present_one() {
        let present = PREFACE.to_owned() + &Operation::ALL.iter().map(|operation| row(*operation)).collect::<Vec<_>>().concat();
        if std::env::var_os("UPDATE_OPENAPI").is_some() {
            std::fs::write(DOCUMENT, &present).unwrap();
        }
        let kept = std::fs::read_to_string(DOCUMENT).unwrap();
        assert!(kept == present, "docs/permissions.md is old: run the tests once with UPDATE_OPENAPI=1");
    }

    #[test]
    fn roles_are_ordered() {
        for pair in ROLES.windows(2) {
            assert!(covers(pair[1], pair[0]) && !covers(pair[0], pair[1]));
        }
        assert_eq!(lesser(Role::Admin, Role::Viewer), Role::Viewer);
        assert_eq!(lesser(Role::Guest, Role::Admin), Role::Guest);
    }

    #[test]
    fn a_viewer_changes_nothing_of_others() {
        for operation in Operation::ALL.iter().filter(|operation| operation.scope() != Scope::Account) {
            let own = *operation == Operation::WorkspaceLeave;
            // Who may approve is said by the step.
            let asks_step = matches!(operation, Operation::ExecutionApprove | Operation::ExecutionReject);
            let fits = operation.reads() || own || asks_step || covers(operation.least_role(), Role::Editor);
            assert!(fits, "{}", operation.id());
        }
    }

    #[test]
    fn a_guest_reaches_only_what_is_shared() {
        for operation in Operation::ALL.iter().filter(|operation| operation.least_role() == Role::Guest) {
            let own = matches!(operation, Operation::WorkspaceLeave | Operation::WorkspaceView);
            assert!(own || operation.scope() == Scope::Account, "{}", operation.id());
        }
    }

    #[test]
    fn what_a_share_permits_is_no_more_than_the_roles_are_for() {
        for operation in Operation::ALL {
            match operation.permission() {
                Some(Permission::View) => assert!(operation.reads(), "{}", operation.id()),
                Some(Permission::Execute | Permission::Edit) => {
                    assert_eq!(operation.least_role(), Role::Editor, "{}", operation.id());
                }
                Some(Permission::Use) | None => {}
            }
        }
    }

    #[test]
    fn scopes_are_nouns_with_a_verb() {
        let words = scope_words();
        assert!(words.contains("workflow:read") && words.contains("dead_letter:write") && !words.contains("dead:read"));
        let scopes = ["workflow:read".to_owned(), "execution:write".to_owned()];
        assert!(Operation::WorkflowVersionView.is_in(&scopes) && !Operation::WorkflowApply.is_in(&scopes));
        assert!(Operation::ExecutionCancel.is_in(&scopes) && Operation::ExecutionView.is_in(&scopes));
        assert!(!Operation::SecretList.is_in(&scopes) && !Operation::SecretList.is_in(&["*".to_owned(), "secret".to_owned()]));
    }
}
