//! What starts executions, as the plan knows it.

mod call;
mod condition;
mod event;
mod form;
mod path;
mod schedule;
mod webhook;

use std::sync::Arc;

pub use call::CallTrigger;
pub use condition::{Check, ConditionTrigger, Items, On, Seen, When};
pub use event::{EventTrigger, InternalEvent, Listen};
pub use form::{FieldKind, FormField, FormTrigger, choice_text, form_fields};
pub use path::{WebhookPath, key_fits, literal_first};
pub use schedule::{ScheduleTrigger, WrittenSchedule};
pub use webhook::{Cors, DeliveryLimit, Proof, Respond, WebhookTrigger};

/// One trigger of a workflow version.
#[derive(Debug)]
pub struct Trigger {
    /// Unique in the workflow.
    pub id: Arc<str>,
    /// What it listens to.
    pub kind: TriggerKind,
}

/// What a trigger listens to.
#[derive(Debug)]
pub enum TriggerKind {
    /// HTTP requests to a path on this server.
    Webhook(WebhookTrigger),
    /// The clock.
    Schedule(Box<ScheduleTrigger>),
    /// Something that is looked at now and then.
    Condition(Box<ConditionTrigger>),
    /// What happens inside.
    Event(EventTrigger),
    /// A page that asks for the input.
    Form(Box<FormTrigger>),
    /// Steps of other workflows.
    Call(CallTrigger),
}

impl TriggerKind {
    /// The word behind `type`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Webhook(_) => "webhook",
            Self::Schedule(_) => "schedule",
            Self::Condition(_) => "condition",
            Self::Event(_) => "event",
            Self::Form(_) => "form",
            Self::Call(_) => "call",
        }
    }
}

impl TriggerKind {
    /// The address that it answers to, below the workspace's.
    #[must_use]
    pub fn path(&self) -> Option<&WebhookPath> {
        match self {
            Self::Webhook(webhook) => Some(&webhook.path),
            Self::Form(form) => Some(&form.webhook.path),
            Self::Schedule(_) | Self::Condition(_) | Self::Event(_) | Self::Call(_) => None,
        }
    }

    /// The internal events that it waits for.
    #[must_use]
    pub fn listen(&self) -> Option<&Listen> {
        match self {
            Self::Event(event) => Some(&event.listen),
            Self::Condition(condition) => match &condition.when {
                When::Happened(listen) => Some(listen),
                When::Every { .. } => None,
            },
            Self::Webhook(_) | Self::Schedule(_) | Self::Form(_) | Self::Call(_) => None,
        }
    }
}
