//! A form is filled in: what it sends, or what is wrong with it.

mod account;
mod billing;
mod bulk;
mod connect;
mod house;
mod people;

use serde_json::Value;
use tidemill_common::api::approval::{ApprovalDecision, StepDecision, StepOutcome};
use tidemill_common::api::control::{ExecutionRetry, RetryFrom};
use tidemill_common::api::dead_letter::{DeadLetterDiscard, DeadLetterReplay};
use tidemill_common::api::secret::SecretPut;
use tidemill_common::ids::ExecutionId;

pub use bulk::bulk;

use crate::app::order::{BillingOrder, Order, Way};
use crate::app::state::form::{Entry, Form, Purpose};
use crate::app::state::schema::{self, Kind};

/// The field that is wrong, and why.
type Wrong = (String, String);

/// The orders of a form that is filled in.
///
/// # Errors
///
/// The field that is wrong, and what would be right.
pub fn orders(form: &Form) -> Result<Vec<Order>, Wrong> {
    for field in &form.fields {
        if let Entry::Word(word) = &field.entry
            && field.line.text().trim() != word
        {
            return Err((field.label.clone(), format!("type {word} to do it; esc does nothing")));
        }
    }
    let one = |order| Ok(vec![order]);
    match &form.purpose {
        Purpose::Send(orders) => Ok(orders.clone()),
        Purpose::Start(workflow) => one(Order::Start { workflow: workflow.clone(), input: input(form)? }),
        Purpose::Retry(id, before) => one(retry(form, *id, before)?),
        Purpose::Replay { ids, causes } => {
            let (canary, rate) = (number(form, "canary")?.unwrap_or(0), number(form, "rate")?);
            Ok(each(ids, causes, |ids, fingerprint| {
                Order::Replay(DeadLetterReplay { ids, fingerprint, from: from(form), canary, rate, patch: None })
            }))
        }
        Purpose::Discard { ids, causes } => {
            let reason = needed(form, "reason")?;
            Ok(each(ids, causes, |ids, fingerprint| {
                Order::Discard(DeadLetterDiscard { ids, fingerprint, reason: reason.clone() })
            }))
        }
        Purpose::Approval(decision, yes) => {
            let answer = decision.form.as_ref().filter(|_| *yes).and_then(schema::of_schema);
            let answer = answer.map(|_| schema::value(&form.fields)).transpose()?;
            let (step, iteration) = (Some(decision.step.clone()), decision.iteration);
            let said = ApprovalDecision { step, iteration, comment: comment(form), answer };
            one(Order::Approve { id: decision.id, yes: *yes, decision: Box::new(said) })
        }
        Purpose::Lost(decision) => {
            let outcome = match form.text("outcome") {
                "retry" => StepOutcome::Retry,
                "succeed" => StepOutcome::Succeed,
                _ => StepOutcome::Fail,
            };
            let (step, iteration) = (Some(decision.step.clone()), decision.iteration);
            let said = StepDecision { outcome, step, iteration, output: None, reason: comment(form) };
            one(Order::Decide(decision.id, Box::new(said)))
        }
        Purpose::Secret => {
            let name = needed(form, "name")?;
            let value = hidden(form, "value");
            if value.is_empty() {
                return Err(("value".into(), "a secret has at least one character".into()));
            }
            one(Order::SecretPut(name, SecretPut { value: value.to_owned() }))
        }
        Purpose::Token => one(people::token(form)?),
        Purpose::MemberAdd => one(people::member(form)?),
        Purpose::MemberUpdate(user, name) => one(people::role(form, *user, name)?),
        Purpose::UserRole(user, name) => one(house::role(form, *user, name)),
        Purpose::Workspace => one(house::workspace(form)?),
        Purpose::Organization => one(house::organization(form)?),
        Purpose::OrganizationPlan(id, name) => one(house::organization_plan(form, *id, name)?),
        Purpose::Password => one(account::password(form)?),
        Purpose::SecondFactor => one(account::second_factor(form)?),
        Purpose::FirstCode => one(account::first_code(form)?),
        Purpose::Device => one(account::device(form)?),
        Purpose::Rename(named) => one(house::rename(form, named)?),
        Purpose::Spent => one(billing::spent(form)?),
        Purpose::PlanPut => one(billing::plan(form)?),
        Purpose::Invite => one(people::invite(form)?),
        Purpose::Share => one(people::share(form)?),
        Purpose::Credential => one(connect::credential(form)?),
        Purpose::Subscription(before) => one(connect::subscription(form, before.as_ref())?),
        Purpose::Plan(plan, way) => {
            let way = if form.text("trial") == "yes" { Way::Trial } else { *way };
            one(Order::Billing(BillingOrder::Change(way, plan.clone())))
        }
        // They send nothing: an editor opens, the server is asked, a view is kept, a file is written.
        Purpose::Write | Purpose::Bulk | Purpose::View | Purpose::Save(_) => Ok(Vec::new()),
    }
}

/// One order about `ids`, or one per cause.
fn each(
    ids: &[ExecutionId],
    causes: &[(String, i64)],
    order: impl Fn(Vec<ExecutionId>, Option<String>) -> Order,
) -> Vec<Order> {
    if causes.is_empty() {
        return vec![order(ids.to_vec(), None)];
    }
    causes.iter().map(|(fingerprint, _)| order(Vec::new(), Some(fingerprint.clone()))).collect()
}

/// What was filled in under `label`, which must not be empty.
pub fn needed(form: &Form, label: &str) -> Result<String, Wrong> {
    match form.text(label) {
        "" => Err((label.to_owned(), format!("{label} is needed"))),
        text => Ok(text.to_owned()),
    }
}

/// What was typed unseen under `label`: blanks at its ends belong to it.
fn hidden<'a>(form: &'a Form, label: &str) -> &'a str {
    form.fields.iter().find(|field| field.label == label).map_or("", |field| field.line.text())
}

fn comment(form: &Form) -> Option<String> {
    filled(form, "comment")
}

fn number(form: &Form, label: &str) -> Result<Option<u32>, Wrong> {
    match form.text(label) {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| (label.to_owned(), format!("“{text}” is not a whole number"))),
    }
}

/// What was filled in under `label`, if anything was.
fn filled(form: &Form, label: &str) -> Option<String> {
    Some(form.text(label)).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// The words that were filled in under `label`, with commas or blanks between.
fn words(form: &Form, label: &str) -> Vec<String> {
    let parts = form.text(label).split([',', ' ']).map(str::trim);
    parts.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn from(form: &Form) -> RetryFrom {
    if form.text("from") == "start" { RetryFrom::Start } else { RetryFrom::Failed }
}

/// The input of an execution: as JSON, or field by field.
fn input(form: &Form) -> Result<Value, Wrong> {
    match form.fields.iter().find(|field| field.entry == Entry::Json) {
        Some(field) if field.line.text().trim().is_empty() => Ok(Value::Null),
        Some(field) => Kind::Json.read(field.line.text()).map_err(|why| (field.label.clone(), why)),
        None => schema::value(&form.fields),
    }
}

/// The old input is only sent when it was edited: it stays as it was otherwise, headers and all.
fn retry(form: &Form, id: ExecutionId, before: &Value) -> Result<Order, Wrong> {
    let has_input = form.fields.iter().any(|field| field.entry == Entry::Json);
    let input = if has_input { Some(input(form)?).filter(|input| input != before) } else { None };
    Ok(Order::Retry(id, Box::new(ExecutionRetry { from: from(form), input, ..ExecutionRetry::default() })))
}
