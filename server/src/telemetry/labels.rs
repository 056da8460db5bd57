//! What metrics are divided by. Every label has few values, known beforehand: nothing that a sender chooses becomes one.

use prometheus_client::encoding::EncodeLabelSet;

/// What became of a delivery to a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeliveryOutcome {
    /// Committed; it starts an execution.
    Admitted,
    /// Known already, by the sender's id of it.
    Duplicate,
    /// A question whether anybody is there, which was answered.
    Handshake,
    /// Its sender could not be verified.
    Unverified,
    /// Nobody listens at its path.
    NotFound,
    /// Too large, or not readable.
    Invalid,
    /// No room at the moment.
    Overloaded,
    /// The database could not be reached.
    Unavailable,
}

impl DeliveryOutcome {
    /// Every outcome.
    pub const ALL: [Self; 8] = [
        Self::Admitted,
        Self::Duplicate,
        Self::Handshake,
        Self::Unverified,
        Self::NotFound,
        Self::Invalid,
        Self::Overloaded,
        Self::Unavailable,
    ];

    /// The word in the label.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admitted => "admitted",
            Self::Duplicate => "duplicate",
            Self::Handshake => "handshake",
            Self::Unverified => "unverified",
            Self::NotFound => "not_found",
            Self::Invalid => "invalid",
            Self::Overloaded => "overloaded",
            Self::Unavailable => "unavailable",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct StatusLabel {
    pub(super) status: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct OutcomeLabel {
    pub(super) outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct StepLabels {
    pub(super) uses: &'static str,
    pub(super) status: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct RequestLabels {
    pub(super) method: &'static str,
    pub(super) route: &'static str,
    pub(super) status: u16,
}

/// `method` if it is one that is counted by itself, else `other`: a client can send any word.
pub(super) fn method_label(method: &str) -> &'static str {
    ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"].into_iter().find(|known| *known == method).unwrap_or("other")
}
