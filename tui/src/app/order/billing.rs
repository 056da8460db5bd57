//! Orders about the plan.

use tidemill_common::api::billing::AcquisitionCost;
use tidemill_common::api::plan::PlanPut;
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
#[derive(Debug, Clone, PartialEq)]
pub enum BillingOrder {
    /// Go to a plan.
    Change(Way, String),
    /// End the subscription to this plan with the period.
    Cancel(Uuid, String),
    /// Replay deliveries that the plan refused.
    RefusedReplay(Vec<Uuid>),
    /// Make an address where this plan is paid.
    Checkout(String),
    /// Make an address where cards are changed.
    Portal,
    /// Say that the invoice of this number was paid.
    Paid(Uuid, String),
    /// Say what winning customers cost in a month.
    Spent(AcquisitionCost),
    /// Make or replace a plan.
    PlanPut(String, Box<PlanPut>),
    /// Delete a plan.
    PlanDelete(String),
}

impl BillingOrder {
    /// What it is about, for people.
    pub fn about(&self) -> String {
        match self {
            Self::RefusedReplay(_) => "refused deliveries".into(),
            Self::Change(_, plan)
            | Self::Cancel(_, plan)
            | Self::Checkout(plan)
            | Self::PlanPut(plan, _)
            | Self::PlanDelete(plan) => format!("the plan {plan}"),
            Self::Portal => "the page for cards".into(),
            Self::Spent(cost) => format!("what {} cost", cost.month.format("%Y-%m")),
            Self::Paid(_, number) => format!("the invoice {number}"),
        }
    }

    /// What was done.
    pub fn verbed(&self) -> &'static str {
        match self {
            Self::Change(..) => "chosen",
            Self::Cancel(..) => "cancelled",
            Self::RefusedReplay(_) => "replayed",
            Self::Checkout(_) | Self::Portal => "opened",
            Self::Spent(_) => "noted",
            Self::Paid(..) => "noted as paid",
            Self::PlanPut(..) => "kept",
            Self::PlanDelete(_) => "deleted",
        }
    }
}
