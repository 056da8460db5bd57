//! What there is to list, and what is special about each.

use chrono::{DateTime, Utc};
use tidemill_common::ids::SubscriptionId;

use super::audit::AuditFilter;
use super::entry::{Column, Entry, Line};
use super::{
    approvals, audit, credentials, customers, dead_letters, deliveries, invites, invoices, members, metrics, nodes, orders,
    organizations, plans, quota, refused, secrets, server, sessions, shares, subscriptions, tokens, triggers, usage, users,
    workspaces,
};
use crate::app::action::Action;
use crate::app::data::{Data, Query};
use crate::app::keymap::Scope;
use crate::app::state::access::Need;

/// What a listing lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// The causes of open dead letters.
    Causes,
    /// The open dead letters with one cause.
    DeadLetters(String),
    /// Steps that wait for an approval.
    Approvals,
    /// The triggers of all workflows.
    Triggers,
    /// How the workflows' executions went.
    Metrics,
    /// How the steps of one workflow went.
    Steps(String),
    /// The workspace's secrets.
    Secrets,
    /// The workspace's credentials.
    Credentials,
    /// The workspace's API tokens.
    Tokens,
    /// What the server says about itself.
    Server,
    /// The server processes.
    Nodes,
    /// The workspace's members.
    Members,
    /// The workspace's open invites.
    Invites,
    /// What is shared with somebody.
    Shares,
    /// Who changed what.
    Audit(AuditFilter),
    /// What the plan allows, and what is used.
    Quota,
    /// The plans.
    Plans,
    /// The organization's invoices.
    Invoices,
    /// What happened to the organization's plan.
    BillingEvents,
    /// Deliveries that the plan refused.
    Refused,
    /// Addresses that are told of events.
    Subscriptions,
    /// What one of them was told.
    Deliveries(SubscriptionId, String),
    /// Orders about many executions.
    Orders,
    /// The users of the organization.
    Users,
    /// The account's workspaces.
    Workspaces,
    /// Where the account is signed in.
    Sessions,
    /// What was used, period by period.
    Usage,
    /// What customers bring and cost.
    Customers,
    /// The organizations of the server.
    Organizations,
}

/// What is special about a listing.
#[derive(Debug)]
pub struct Spec {
    /// What is listed, in the plural.
    pub noun: &'static str,
    /// The columns.
    pub columns: &'static [Column],
    /// What an empty list says: why, and what to do.
    pub empty: &'static [&'static str],
    /// The most useful actions.
    pub hints: &'static [Action],
    /// Where keys are looked up.
    pub scopes: &'static [Scope],
    /// Who may read it.
    pub reads: Need,
    /// Who may change it.
    pub changes: Need,
}

impl Subject {
    /// What is special about it.
    pub fn spec(&self) -> &'static Spec {
        match self {
            Self::Causes => &dead_letters::CAUSES,
            Self::DeadLetters(_) => &dead_letters::LETTERS,
            Self::Approvals => &approvals::SPEC,
            Self::Triggers => &triggers::SPEC,
            Self::Metrics => &metrics::WORKFLOWS,
            Self::Steps(_) => &metrics::STEPS,
            Self::Secrets => &secrets::SPEC,
            Self::Credentials => &credentials::SPEC,
            Self::Tokens => &tokens::SPEC,
            Self::Server => &server::SPEC,
            Self::Nodes => &nodes::SPEC,
            Self::Members => &members::SPEC,
            Self::Invites => &invites::SPEC,
            Self::Shares => &shares::SPEC,
            Self::Audit(_) => &audit::SPEC,
            Self::Quota => &quota::SPEC,
            Self::Plans => &plans::SPEC,
            Self::Invoices => &invoices::SPEC,
            Self::BillingEvents => &invoices::EVENTS,
            Self::Refused => &refused::SPEC,
            Self::Subscriptions => &subscriptions::SPEC,
            Self::Deliveries(..) => &deliveries::SPEC,
            Self::Orders => &orders::SPEC,
            Self::Users => &users::SPEC,
            Self::Workspaces => &workspaces::SPEC,
            Self::Sessions => &sessions::SPEC,
            Self::Usage => &usage::SPEC,
            Self::Customers => &customers::SPEC,
            Self::Organizations => &organizations::SPEC,
        }
    }

    /// What has to be read.
    pub fn query(&self) -> Query {
        match self {
            Self::Causes => Query::Causes,
            Self::DeadLetters(fingerprint) => Query::DeadLetters(fingerprint.clone()),
            Self::Approvals => Query::Approvals,
            Self::Triggers => Query::Workflows,
            Self::Metrics => Query::Metrics(None),
            Self::Steps(workflow) => Query::Metrics(Some(workflow.clone())),
            Self::Secrets => Query::Secrets,
            Self::Credentials => Query::Credentials,
            Self::Tokens => Query::Tokens,
            Self::Server => Query::Server,
            Self::Nodes => Query::Nodes,
            Self::Members => Query::Members,
            Self::Invites => Query::Invites,
            Self::Shares => Query::Shares,
            Self::Audit(filter) => Query::Audit(filter.clone()),
            Self::Quota | Self::Plans => Query::Plan,
            Self::Invoices => Query::Invoices,
            Self::BillingEvents => Query::BillingEvents,
            Self::Refused => Query::Refused,
            Self::Subscriptions => Query::Subscriptions,
            Self::Deliveries(id, _) => Query::Deliveries(*id),
            Self::Orders => Query::Orders,
            Self::Users => Query::Users,
            Self::Workspaces => Query::Workspaces,
            Self::Sessions => Query::Sessions,
            Self::Usage => Query::Usage,
            Self::Customers => Query::Customers,
            Self::Organizations => Query::Organizations,
        }
    }

    /// Its part of the crumbs.
    pub fn crumb(&self) -> String {
        match self {
            Self::DeadLetters(name) | Self::Steps(name) | Self::Deliveries(_, name) => name.clone(),
            other => other.spec().noun.to_owned(),
        }
    }

    /// The rows of what was read at `now`.
    pub fn entries(&self, data: &Data, now: DateTime<Utc>) -> Vec<Entry> {
        match (self, data) {
            (Self::Causes, Data::Causes(list)) => list.items.iter().map(dead_letters::cause).collect(),
            (Self::DeadLetters(_), Data::DeadLetters(page)) => page.items.iter().map(dead_letters::letter).collect(),
            (Self::Approvals, Data::Approvals(list)) => list.items.iter().map(approvals::entry).collect(),
            (Self::Triggers, Data::Workflows(page)) => page.items.iter().flat_map(triggers::entries).collect(),
            (Self::Metrics, Data::Metrics(metrics)) => metrics.items.iter().map(metrics::workflow).collect(),
            (Self::Steps(id), Data::Metrics(metrics)) => metrics::steps(id, metrics),
            (Self::Secrets, Data::Secrets(list)) => list.items.iter().map(secrets::entry).collect(),
            (Self::Credentials, Data::Credentials(list)) => list.items.iter().map(credentials::entry).collect(),
            (Self::Tokens, Data::Tokens(list)) => list.items.iter().map(tokens::entry).collect(),
            (Self::Server, Data::Server(facts)) => server::entries(facts),
            (Self::Nodes, Data::Nodes(list)) => list.items.iter().map(nodes::entry).collect(),
            (Self::Members, Data::Members(list)) => list.items.iter().map(members::entry).collect(),
            (Self::Invites, Data::Invites(list)) => list.items.iter().map(invites::entry).collect(),
            (Self::Shares, Data::Shares(list)) => list.items.iter().map(shares::entry).collect(),
            (Self::Audit(_), Data::Audit(page)) => page.items.iter().map(audit::entry).collect(),
            (Self::Quota, Data::Plan(facts)) => quota::entries(facts, now),
            (Self::Plans, Data::Plan(facts)) => plans::entries(facts),
            (Self::Invoices, Data::Invoices(list)) => list.items.iter().map(invoices::entry).collect(),
            (Self::BillingEvents, Data::BillingEvents(list)) => list.items.iter().map(invoices::event).collect(),
            (Self::Refused, Data::Refused(page)) => page.items.iter().map(refused::entry).collect(),
            (Self::Subscriptions, Data::Subscriptions(list)) => list.items.iter().map(subscriptions::entry).collect(),
            (Self::Deliveries(_, name), Data::Deliveries(page)) => {
                page.items.iter().map(|item| deliveries::entry(name, item)).collect()
            }
            (Self::Orders, Data::Orders(list)) => list.items.iter().map(orders::entry).collect(),
            (Self::Users, Data::Users(list)) => list.items.iter().map(users::entry).collect(),
            (Self::Workspaces, Data::Workspaces(list)) => list.items.iter().map(workspaces::entry).collect(),
            (Self::Sessions, Data::Sessions(list)) => list.items.iter().map(sessions::entry).collect(),
            (Self::Usage, Data::Usage(list)) => list.items.iter().map(usage::entry).collect(),
            (Self::Customers, Data::Customers(spans)) => spans.iter().map(customers::entry).collect(),
            (Self::Organizations, Data::Organizations(list)) => list.items.iter().map(organizations::entry).collect(),
            // An answer to another question.
            _ => Vec::new(),
        }
    }

    /// What is said above the rows of what was read at `now`.
    pub fn banner(&self, data: &Data, now: DateTime<Utc>) -> Vec<Line> {
        match (self, data) {
            (Self::Nodes, Data::Nodes(list)) => nodes::banner(list),
            (Self::Quota | Self::Plans, Data::Plan(facts)) => quota::banner(facts, now),
            (Self::Audit(filter), Data::Audit(page)) => audit::banner(filter, page),
            (Self::Deliveries(..), Data::Deliveries(page)) => deliveries::banner(page),
            _ => Vec::new(),
        }
    }
}
