//! Settings: theme and mouse, which are this terminal's; context, account and versions, which are told.

use super::State;
use super::access;
use super::list::List;
use crate::app::action::Action;
use crate::app::state::Root;
use crate::app::state::look::Token;

/// The screen's state.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings {
    /// The rows.
    pub list: List<Setting>,
}

/// A row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Setting {
    /// The colours.
    Theme,
    /// Whose the mouse is.
    Mouse,
    /// The server's address.
    Server,
    /// The context that was chosen.
    Context,
    /// Whether anything may be changed.
    Mode,
    /// The workspace.
    Workspace,
    /// Who asks.
    Account,
    /// What the account may do.
    Role,
    /// The organization.
    Organization,
    /// The password.
    Password,
    /// The second factor.
    SecondFactor,
    /// Devices that ask to be signed in.
    Devices,
    /// What the server keeps about the account.
    Data,
    /// This program.
    Program,
    /// The server's version and database.
    Version,
    /// How well code is locked up.
    Sandbox,
    /// Where the session is kept.
    Session,
}

/// What a row says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Its name.
    pub label: &'static str,
    /// What it is set to.
    pub value: String,
    /// What that means, or how it is changed.
    pub about: String,
    /// Whether it is worth a look.
    pub token: Token,
    /// What `enter` does.
    pub action: Option<Action>,
}

impl Setting {
    /// Every row, from top to bottom.
    pub const ALL: [Self; 17] = [
        Self::Theme,
        Self::Mouse,
        Self::Server,
        Self::Context,
        Self::Mode,
        Self::Workspace,
        Self::Account,
        Self::Role,
        Self::Organization,
        Self::Password,
        Self::SecondFactor,
        Self::Devices,
        Self::Data,
        Self::Program,
        Self::Version,
        Self::Sandbox,
        Self::Session,
    ];

    /// What it says in `state`.
    pub fn said(self, state: &State) -> Said {
        match self {
            Self::Theme => {
                said("theme", state.colors.name(), "T or enter takes the next; NO_COLOR takes none").does(Action::Theme)
            }
            Self::Mouse => {
                let whose = if state.mouse { "ours: clicks and wheel" } else { "the terminal's: select text" };
                said("mouse", whose, "M or enter gives it to the other").does(Action::Mouse)
            }
            Self::Password => said("password", "is never shown", "e sets another; other sessions end").does(Action::Edit),
            Self::SecondFactor => said("second factor", "an authenticator app", "e switches it on or off").does(Action::Edit),
            Self::Devices => said("devices", "show a code to sign in", "e takes the code, and signs one in").does(Action::Edit),
            Self::Data => said("your data", "kept by the server", "S saves it; D erases your account").does(Action::Save),
            Self::Program => said("this program", env!("CARGO_PKG_VERSION"), "tidemill --version says the same"),
            Self::Session => match &state.place.session {
                Some(path) => said("session", path, "keeps screens, filters, cursors and views; never an action"),
                None => said("session", "is not kept", "there is no directory for state: XDG_STATE_HOME, HOME"),
            },
            Self::Version | Self::Sandbox => self.of_server(state),
            Self::Workspace | Self::Account | Self::Role | Self::Organization => self.of_account(state),
            Self::Server | Self::Context | Self::Mode => self.of_place(state),
        }
    }

    fn of_place(self, state: &State) -> Said {
        let place = &state.place;
        match (self, &place.context) {
            (Self::Server, _) => said("server", &place.host, "enter shows how it is").does(Action::Go(Root::Server)),
            (Self::Context, Some(name)) if place.protected.is_some() => {
                said("context", name, "PROTECTED: whatever changes something asks for its name").worth(Token::Err)
            }
            (Self::Context, Some(name)) => said("context", name, "tidemill ctx lists others; tidemill tui -C NAME opens one"),
            (Self::Context, None) => said("context", "none", "tidemill ctx add NAME URL keeps one"),
            _ if place.readonly => said("mode", "read-only", "nothing on the server can be changed").worth(Token::Warn),
            _ => said("mode", "may change things", "tidemill tui --readonly shows only"),
        }
    }

    fn of_account(self, state: &State) -> Said {
        let label = match self {
            Self::Workspace => "workspace",
            Self::Account => "account",
            Self::Role => "role",
            _ => "organization",
        };
        let Some(account) = &state.account else {
            return said(label, "not known yet", "^r asks the server again").worth(Token::Muted);
        };
        let workspace = &account.workspace;
        match self {
            Self::Workspace if workspace.delete_after.is_some() => {
                said(label, &workspace.slug, "it was deleted, and can be restored for a while").worth(Token::Err)
            }
            Self::Workspace if workspace.archived_at.is_some() => {
                said(label, &workspace.slug, "it is archived: read only").worth(Token::Warn)
            }
            Self::Workspace => said(label, &workspace.slug, "tidemill tui --workspace NAME opens another"),
            Self::Account => {
                let email = account.email.clone().unwrap_or_else(|| account.user_id.to_string());
                said(label, &account.name, &format!("{email}; e renames it")).does(Action::Edit)
            }
            Self::Role => {
                said(label, access::word(workspace.role), access::about(workspace.role)).does(Action::Go(Root::Members))
            }
            _ if account.organization_admin => {
                said(label, &account.organization_name, "you administer it; e renames it").does(Action::Edit)
            }
            _ => said(label, &account.organization_name, "its admins see plans, invoices and users"),
        }
    }

    fn of_server(self, state: &State) -> Said {
        let label = if self == Self::Version { "server version" } else { "sandbox" };
        let Some(facts) = &state.server else {
            return said(label, "not known yet", "^r asks the server again").worth(Token::Muted);
        };
        match (self, &facts.ready, &facts.health.sandbox) {
            (Self::Version, Ok(ready), _) => {
                said(label, &facts.health.version, &format!("PostgreSQL {}, schema {}", ready.postgres, ready.schema))
            }
            (Self::Version, Err(failure), _) => said(label, &facts.health.version, &failure.message).worth(Token::Err),
            (_, _, Some(sandbox)) if sandbox.available => {
                said(label, sandbox.level.as_str(), "code steps run locked up").worth(Token::Ok)
            }
            (_, _, Some(sandbox)) => said(label, sandbox.level.as_str(), "code steps are refused").worth(Token::Err),
            (_, _, None) => said(label, "unknown", "the step host has not started").worth(Token::Warn),
        }
        .does(Action::Go(Root::Server))
    }
}

fn said(label: &'static str, value: &str, about: &str) -> Said {
    Said { label, value: value.to_owned(), about: about.to_owned(), token: Token::Head, action: None }
}

impl Said {
    fn does(self, action: Action) -> Self {
        Self { action: Some(action), ..self }
    }

    fn worth(self, token: Token) -> Self {
        Self { token, ..self }
    }
}

impl Settings {
    /// Takes all rows.
    pub fn refresh(&mut self) {
        self.list.set_keys(Setting::ALL.to_vec());
    }
}
