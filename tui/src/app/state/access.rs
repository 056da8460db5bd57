//! What the account may do, as far as screens say so before the server does: the server decides.

use tidemill_common::api::account::AccountView;
use tidemill_common::api::workspace::Role;

/// Who may do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Every account.
    Account,
    /// Who may read the workspace.
    Viewer,
    /// Who may change the workspace.
    Editor,
    /// Who administers the workspace.
    Admin,
    /// Who administers the organization.
    Organization,
}

impl Need {
    /// Who that is, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Account => "every account",
            Self::Viewer => "viewers, editors and admins of the workspace",
            Self::Editor => "editors and admins of the workspace",
            Self::Admin => "admins of the workspace",
            Self::Organization => "admins of the organization",
        }
    }

    /// Why `account` may not, if it is known not to.
    pub fn refusal(self, account: Option<&AccountView>) -> Option<String> {
        let account = account?;
        let role = account.workspace.role;
        let may = match self {
            Self::Account => true,
            Self::Viewer => role != Role::Guest,
            Self::Editor => matches!(role, Role::Editor | Role::Admin),
            Self::Admin => role == Role::Admin,
            Self::Organization => account.organization_admin,
        };
        let you = match self {
            Self::Organization => "you are none of them".to_owned(),
            _ => format!("you are {} here", word(role)),
        };
        (!may).then(|| format!("only {} may: {you}", self.words()))
    }
}

/// The word for a role.
pub fn word(role: Role) -> &'static str {
    match role {
        Role::Admin => "admin",
        Role::Editor => "editor",
        Role::Viewer => "viewer",
        Role::Guest => "guest",
    }
}

/// What a role may do, in a few words.
pub fn about(role: Role) -> &'static str {
    match role {
        Role::Admin => "everything, members included",
        Role::Editor => "create, edit, execute",
        Role::Viewer => "read",
        Role::Guest => "what is shared, until the membership ends",
    }
}

/// The role with this word.
pub fn role(word: &str) -> Role {
    match word {
        "admin" => Role::Admin,
        "editor" => Role::Editor,
        "guest" => Role::Guest,
        _ => Role::Viewer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::state::samples;

    #[test]
    fn a_role_is_refused_what_it_may_not_and_nothing_is_refused_before_it_is_known() {
        let mut account = samples::account();
        for (role, least) in [(Role::Guest, 1), (Role::Viewer, 2), (Role::Editor, 3), (Role::Admin, 4)] {
            account.workspace.role = role;
            let needs = [Need::Account, Need::Viewer, Need::Editor, Need::Admin];
            let may = needs.iter().filter(|need| need.refusal(Some(&account)).is_none()).count();
            assert_eq!(may, least, "{role:?}");
        }
        account.organization_admin = false;
        assert!(Need::Organization.refusal(Some(&account)).is_some_and(|why| why.contains("organization")));
        assert_eq!(Need::Organization.refusal(None), None);
    }
}
