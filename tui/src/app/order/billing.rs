//! Orders about the plan.

use uuid::Uuid;

/// How one gets to a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// It is greater: at once.
    Up,
    /// The same, for nothing at first.
    Trial,
    /// It is less: when the period ends.
    Down,
    /// It is the present one, and was to end: it stays.
    Keep,
}

/// An order about the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BillingOrder {
    /// Go to a plan.
    Change(Way, String),
    /// End the subscription to this plan with the period.
    Cancel(Uuid, String),
    /// Replay deliveries that the plan refused.
    RefusedReplay(Vec<Uuid>),
}

impl BillingOrder {
    /// What it is about, for people.
    pub fn about(&self) -> String {
        match self {
            Self::Change(_, plan) | Self::Cancel(_, plan) => format!("the plan {plan}"),
            Self::RefusedReplay(_) => "refused deliveries".into(),
        }
    }

    /// What was done.
    pub fn verbed(&self) -> &'static str {
        match self {
            Self::Change(..) => "chosen",
            Self::Cancel(..) => "cancelled",
            Self::RefusedReplay(_) => "replayed",
        }
    }
}
