//! Typed ids. Each is a `UUIDv7` (RFC 9562 §5.7), so that ids sort by the time of their making.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::{NoContext, Timestamp, Uuid};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(poem_openapi::NewType))]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id made of `now` and random bits.
            #[must_use]
            pub fn new(now: DateTime<Utc>) -> Self {
                Self(uuid_at(now))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }
    };
}

/// An id made of `now` and random bits, for what has no type of its own.
#[must_use]
pub fn uuid_at(now: DateTime<Utc>) -> Uuid {
    let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
    Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, now.timestamp_subsec_nanos()))
}

id!(
    /// An organisation: who pays.
    OrganizationId
);
id!(
    /// A workspace: the tenant.
    WorkspaceId
);
id!(
    /// A person or a service account.
    UserId
);
id!(
    /// An API token (never the token itself).
    TokenId
);
id!(
    /// Somewhere that a user is signed in.
    SessionId
);
id!(
    /// A share of a thing with somebody.
    ShareId
);
id!(
    /// An invite into a workspace.
    InviteId
);
id!(
    /// A workflow's internal id; users address a workflow by the `id` of its file.
    WorkflowUid
);
id!(
    /// A subscription: an address outside that is told of events.
    SubscriptionId
);
id!(
    /// One event that a subscription is told.
    SubscriptionDeliveryId
);
id!(
    /// One execution of a workflow version.
    ExecutionId
);
id!(
    /// A server process; a new one at each start.
    NodeId
);

impl ExecutionId {
    /// The id made of `now` and `bits`, always the same. Six of the bits give way to those of the version.
    #[must_use]
    pub fn with_bits(now: DateTime<Utc>, bits: [u8; 10]) -> Self {
        let millis = u64::try_from(now.timestamp_millis()).unwrap_or_default();
        Self(uuid::Builder::from_unix_timestamp_millis(millis, &bits).into_uuid())
    }

    /// When the execution was admitted: the time within its id, to the millisecond.
    #[must_use]
    pub fn admitted_at(self) -> DateTime<Utc> {
        let (seconds, nanos) = self.0.get_timestamp().map_or((0, 0), |t| t.to_unix());
        DateTime::from_timestamp(i64::try_from(seconds).unwrap_or_default(), nanos).unwrap_or_default()
    }

    /// The last eight hexadecimal digits: enough to tell executions of one screen apart.
    #[must_use]
    pub fn short(self) -> String {
        let text = self.0.simple().to_string();
        text[text.len() - 8..].to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_execution_id_carries_its_time() {
        let now = DateTime::from_timestamp_millis(1_790_000_000_123).unwrap();
        assert_eq!(ExecutionId::new(now).admitted_at(), now);
    }

    #[test]
    fn an_id_of_given_bits_carries_its_time_too() {
        let now = DateTime::from_timestamp_millis(1_790_000_000_123).unwrap();
        let id = ExecutionId::with_bits(now, [7; 10]);
        assert_eq!((id.admitted_at(), id), (now, ExecutionId::with_bits(now, [7; 10])));
        assert_ne!(id, ExecutionId::with_bits(now, [8; 10]));
        assert_eq!(id.0.get_version_num(), 7);
    }

    #[test]
    fn ids_sort_by_time() {
        let earlier = ExecutionId::new(DateTime::from_timestamp_millis(1_000).unwrap());
        let later = ExecutionId::new(DateTime::from_timestamp_millis(2_000).unwrap());
        assert!(earlier < later);
    }
}
