//! Orders about the organization's users, the account's workspaces and its sessions.

use tidemill_common::api::billing_subscription::BillingSubscriptionUpdate;
use tidemill_common::api::organization::{OrganizationCreate, OrganizationRole};
use tidemill_common::api::workspace::WorkspaceCreate;
use tidemill_common::ids::{OrganizationId, SessionId, UserId};

/// An order about the house that the workspaces stand in. Names are for people.
#[derive(Debug, Clone, PartialEq)]
pub enum HouseOrder {
    /// Give the user of this name another role in the organization.
    UserRole(UserId, String, OrganizationRole),
    /// Make a link with which the user of this name sets a new password.
    PasswordLink(UserId, String),
    /// Erase the user of this name.
    UserErase(UserId, String),
    /// Make a workspace.
    WorkspaceCreate(WorkspaceCreate),
    /// Give one of these another name.
    Rename(Named, String),
    /// Archive a workspace, bring it back, or restore one that was deleted.
    WorkspaceTurn(String, Turn),
    /// Delete a workspace; it can be restored for a while.
    WorkspaceDelete(String),
    /// Leave a workspace.
    WorkspaceLeave(String),
    /// End a session.
    SessionEnd(SessionId, String),
    /// Make an organization with a first workspace.
    OrganizationCreate(OrganizationCreate),
    /// Put the organization of this name on a plan.
    OrganizationPlan(OrganizationId, String, BillingSubscriptionUpdate),
}

/// What has a name for people that can be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// The workspace with this slug.
    Workspace(String),
    /// The account of whoever asks.
    Account,
    /// Its organization.
    Organization,
}

impl Named {
    /// What it is, for people.
    pub fn about(&self) -> &str {
        match self {
            Self::Workspace(slug) => slug,
            Self::Account => "your account",
            Self::Organization => "the organization",
        }
    }
}

/// What becomes of a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It is read only from now on.
    Archive,
    /// It is not any more.
    Unarchive,
    /// It is not deleted after all.
    Restore,
}

impl Turn {
    /// The word for it, in questions and in addresses.
    pub fn word(self) -> &'static str {
        match self {
            Self::Archive => "archive",
            Self::Unarchive => "unarchive",
            Self::Restore => "restore",
        }
    }
}

impl HouseOrder {
    /// What it is about, for people.
    pub fn about(&self) -> String {
        match self {
            Self::WorkspaceCreate(wanted) => wanted.slug.clone(),
            Self::Rename(named, _) => named.about().to_owned(),
            Self::OrganizationCreate(wanted) => wanted.name.clone(),
            Self::UserRole(_, name, _)
            | Self::PasswordLink(_, name)
            | Self::UserErase(_, name)
            | Self::WorkspaceTurn(name, _)
            | Self::WorkspaceDelete(name)
            | Self::WorkspaceLeave(name)
            | Self::SessionEnd(_, name)
            | Self::OrganizationPlan(_, name, _) => name.clone(),
        }
    }

    /// What was done.
    pub fn verbed(&self) -> &'static str {
        match self {
            Self::UserRole(..) | Self::OrganizationPlan(..) => "changed",
            Self::PasswordLink(..) | Self::WorkspaceCreate(_) | Self::OrganizationCreate(_) => "made",
            Self::UserErase(..) => "erased",
            Self::Rename(..) => "renamed",
            Self::WorkspaceTurn(_, Turn::Archive) => "archived",
            Self::WorkspaceTurn(_, Turn::Unarchive) => "brought back",
            Self::WorkspaceTurn(_, Turn::Restore) => "restored",
            Self::WorkspaceDelete(_) => "deleted: A restores it for 30 days",
            Self::WorkspaceLeave(_) => "left",
            Self::SessionEnd(..) => "ended",
        }
    }

    /// The order that takes it back, if there is one.
    pub fn undo(&self) -> Option<Self> {
        match self {
            Self::WorkspaceTurn(slug, Turn::Archive) => Some(Self::WorkspaceTurn(slug.clone(), Turn::Unarchive)),
            Self::WorkspaceTurn(slug, Turn::Unarchive) => Some(Self::WorkspaceTurn(slug.clone(), Turn::Archive)),
            _ => None,
        }
    }
}
