//! What the server gives as a file, and where it goes.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::app::state::listing::AuditFilter;

/// Something that the server gives as a file.
#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    /// The entries of the workspace's audit log that pass.
    Audit(AuditFilter),
    /// All that the server keeps about the account.
    Account,
    /// The invoice of this number, as a page.
    Invoice(Uuid, i64),
}

impl Given {
    /// What it is, for people.
    pub fn about(&self) -> String {
        match self {
            Self::Audit(_) => "the audit log".into(),
            Self::Account => "your data".into(),
            Self::Invoice(_, number) => format!("the invoice {number}"),
        }
    }

    /// A name for the file.
    pub fn name(&self, now: DateTime<Utc>) -> String {
        match self {
            Self::Audit(_) => format!("audit-log-{}.csv", now.format("%Y-%m-%d")),
            Self::Account => format!("account-{}.json", now.format("%Y-%m-%d")),
            Self::Invoice(_, number) => format!("invoice-{number}.html"),
        }
    }
}
