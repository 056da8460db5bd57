//! Orders about what connects the workspace with others: credentials and subscriptions.

use tidemill_common::api::credential::CredentialPut;
use tidemill_common::api::subscription::{SubscriptionCreate, SubscriptionUpdate};
use tidemill_common::ids::{SubscriptionDeliveryId, SubscriptionId};

/// An order about a connection. Names are for people.
#[derive(Debug, Clone, PartialEq)]
pub enum ConnectOrder {
    /// Keep a credential.
    CredentialPut(String, Box<CredentialPut>),
    /// Remove a credential.
    CredentialDelete(String),
    /// Have an address told of events.
    SubscriptionCreate(SubscriptionCreate),
    /// Change a subscription, or switch it on or off.
    SubscriptionUpdate(SubscriptionId, String, Box<SubscriptionUpdate>),
    /// Give a subscription another signing key.
    SubscriptionRotate(SubscriptionId, String),
    /// Deliver the event `test`.
    SubscriptionTest(SubscriptionId, String),
    /// Remove a subscription.
    SubscriptionDelete(SubscriptionId, String),
    /// Make an address at which the newest version's trigger (workflow, trigger) takes deliveries for a while.
    TriggerTest(String, String),
    /// Deliver an event again.
    Redeliver(SubscriptionId, SubscriptionDeliveryId, String),
}

impl ConnectOrder {
    /// What it is about, for people.
    pub fn about(&self) -> String {
        match self {
            Self::SubscriptionCreate(wanted) => wanted.name.clone().unwrap_or_else(|| wanted.url.clone()),
            Self::CredentialPut(name, _)
            | Self::CredentialDelete(name)
            | Self::SubscriptionUpdate(_, name, _)
            | Self::SubscriptionRotate(_, name)
            | Self::SubscriptionTest(_, name)
            | Self::SubscriptionDelete(_, name)
            | Self::Redeliver(_, _, name) => name.clone(),
            Self::TriggerTest(workflow, trigger) => format!("{workflow}/{trigger}"),
        }
    }

    /// What was done.
    pub fn verbed(&self) -> &'static str {
        match self {
            Self::CredentialPut(..) => "kept",
            Self::CredentialDelete(_) | Self::SubscriptionDelete(..) => "removed",
            Self::SubscriptionCreate(_) => "made",
            Self::SubscriptionUpdate(_, _, wanted) => match wanted.enabled {
                Some(true) => "enabled",
                Some(false) => "disabled",
                None => "changed",
            },
            Self::SubscriptionRotate(..) => "given another key",
            Self::SubscriptionTest(..) => "tried: enter shows what came of it",
            Self::Redeliver(..) => "on its way again",
            Self::TriggerTest(..) => "given an address",
        }
    }

    /// The order that takes it back, if there is one.
    pub fn undo(&self) -> Option<Self> {
        match self {
            Self::SubscriptionUpdate(id, name, wanted) => {
                let enabled = Some(!wanted.enabled?);
                let back = SubscriptionUpdate { enabled, ..SubscriptionUpdate::default() };
                Some(Self::SubscriptionUpdate(*id, name.clone(), Box::new(back)))
            }
            _ => None,
        }
    }
}
