//! Orders about members, invites and shares.

use tidemill_common::api::member::{InviteCreate, MemberCreate, MemberUpdate, ServiceAccountCreate};
use tidemill_common::api::share::{Permission, Shareable};
use tidemill_common::ids::{InviteId, ShareId, UserId};

/// An order about people.
#[derive(Debug, Clone, PartialEq)]
pub enum PeopleOrder {
    /// Make an account of the organization a member.
    MemberAdd(MemberCreate),
    /// Make a service account.
    ServiceAccountCreate(ServiceAccountCreate),
    /// Change what the member of this name may do.
    MemberUpdate(UserId, String, MemberUpdate),
    /// Remove the member of this name.
    MemberRemove(UserId, String),
    /// Make an invite.
    InviteCreate(InviteCreate),
    /// End the invite that is for this.
    InviteRevoke(InviteId, String),
    /// Share a thing.
    ShareCreate(Box<ShareWish>),
    /// End the share of this thing.
    ShareRevoke(ShareId, String),
}

/// What is to be shared, and with whom, as it was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareWish {
    /// What kind of thing.
    pub kind: Shareable,
    /// Which one.
    pub which: String,
    /// A member by e-mail address, name or id; or a workspace by `@slug`.
    pub with: String,
    /// What they may do.
    pub may: Permission,
    /// Days until it ends.
    pub days: Option<u32>,
}

impl PeopleOrder {
    /// What it is about, for people.
    pub fn about(&self) -> String {
        match self {
            Self::MemberAdd(member) => {
                member.email.clone().or_else(|| member.user_id.map(|id| id.to_string())).unwrap_or_default()
            }
            Self::ServiceAccountCreate(account) => account.name.clone(),
            Self::InviteCreate(invite) => invite.email.clone().unwrap_or_else(|| "the invite".into()),
            Self::ShareCreate(wish) => wish.which.clone(),
            Self::MemberUpdate(_, name, _)
            | Self::MemberRemove(_, name)
            | Self::InviteRevoke(_, name)
            | Self::ShareRevoke(_, name) => name.clone(),
        }
    }

    /// What was done: `removed`.
    pub fn verbed(&self) -> &'static str {
        match self {
            Self::MemberAdd(_) => "added",
            Self::ServiceAccountCreate(_) | Self::InviteCreate(_) => "made",
            Self::MemberUpdate(..) => "changed",
            Self::MemberRemove(..) => "removed",
            Self::InviteRevoke(..) => "revoked",
            Self::ShareCreate(_) => "shared",
            Self::ShareRevoke(..) => "not shared any more",
        }
    }
}
