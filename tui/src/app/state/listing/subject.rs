//! What there is to list, and what is special about each.

use super::entry::{Column, Entry};
use super::{approvals, dead_letters, metrics, secrets, server, tokens, triggers};
use crate::app::action::Action;
use crate::app::data::{Data, Query};
use crate::app::keymap::Scope;

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
    /// The workspace's API tokens.
    Tokens,
    /// What the server says about itself.
    Server,
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
            Self::Tokens => &tokens::SPEC,
            Self::Server => &server::SPEC,
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
            Self::Tokens => Query::Tokens,
            Self::Server => Query::Server,
        }
    }

    /// Its part of the crumbs.
    pub fn crumb(&self) -> String {
        match self {
            Self::DeadLetters(fingerprint) => fingerprint.clone(),
            Self::Steps(workflow) => workflow.clone(),
            other => other.spec().noun.to_owned(),
        }
    }

    /// The rows of what was read.
    pub fn entries(&self, data: &Data) -> Vec<Entry> {
        match (self, data) {
            (Self::Causes, Data::Causes(list)) => list.items.iter().map(dead_letters::cause).collect(),
            (Self::DeadLetters(_), Data::DeadLetters(page)) => page.items.iter().map(dead_letters::letter).collect(),
            (Self::Approvals, Data::Approvals(list)) => list.items.iter().map(approvals::entry).collect(),
            (Self::Triggers, Data::Workflows(page)) => page.items.iter().flat_map(triggers::entries).collect(),
            (Self::Metrics, Data::Metrics(metrics)) => metrics.items.iter().map(metrics::workflow).collect(),
            (Self::Steps(id), Data::Metrics(metrics)) => metrics::steps(id, metrics),
            (Self::Secrets, Data::Secrets(list)) => list.items.iter().map(secrets::entry).collect(),
            (Self::Tokens, Data::Tokens(list)) => list.items.iter().map(tokens::entry).collect(),
            (Self::Server, Data::Server(facts)) => server::entries(facts),
            // An answer to another question.
            _ => Vec::new(),
        }
    }
}
