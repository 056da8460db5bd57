//! Forms: a page that is shown, and answers that are sent.

use serde_json::{Map, Value, json};
use tidemill_common::event::TriggerOrigin;
use tidemill_common::ids::ExecutionId;

use super::body::{BodyError, parse};
use super::request::Request;
use super::routes::Route;
use super::surroundings::same_site;
use super::webhook::{Answer, Body, DeliveryError, Webhooks};
use crate::budget::HANDLED;
use crate::domain::payload;
use crate::domain::workflow::plan::{FormTrigger, TriggerKind};
use crate::journal::Delivery;

/// The hidden field that tells two sendings of one page from the sendings of two pages.
pub const DELIVERY_FIELD: &str = "_delivery";

/// What a form shows.
#[derive(Debug)]
pub enum Shown {
    /// The questions: with what was answered before, and what is wrong with it.
    Questions {
        /// What was sent: names and values.
        sent: Vec<(String, String)>,
        /// What is wrong.
        errors: Vec<String>,
        /// Names this page.
        delivery: String,
    },
    /// The answers have arrived; an execution has started.
    Thanks(ExecutionId),
}

impl Webhooks {
    /// Shows a form, or takes its answers.
    pub async fn form(
        &self,
        route: &Route,
        form: &FormTrigger,
        request: &Request<'_>,
        body: Body,
    ) -> Result<Shown, DeliveryError> {
        let page = || self.next_id().to_string();
        if request.method == "GET" {
            return Ok(Shown::Questions { sent: Vec::new(), errors: Vec::new(), delivery: page() });
        }
        if !same_site(request) {
            return Err(DeliveryError::Address);
        }
        let Body { bytes, mut share } = body;
        let Sent { texts: sent, files } = Sent::read(form, request, &bytes).await?;
        let input = form.input(&sent, files);
        if let Some(share) = &mut share {
            share.set(payload::weight(&input) + (HANDLED - 2) * bytes.len() as u64);
        }
        drop(bytes);
        if let Err(errors) = route.plan.check_input(&input) {
            return Ok(Shown::Questions { sent, errors, delivery: page() });
        }
        let key = sent.iter().find(|(name, _)| name == DELIVERY_FIELD).map(|(_, value)| value.clone());
        let key = key.filter(|key| !key.is_empty() && key.len() <= 64 && key.is_ascii());
        let source = format!("form:{}:{}", route.workflow_uid, route.trigger_id());
        let delivery = key.map(|key| Delivery { source, key: key.replace('\0', "") });
        match self.admit(route, &form.webhook, (trigger(route, &input), share), delivery).await? {
            Answer::Accepted { execution_id, .. } => Ok(Shown::Thanks(execution_id)),
            // A form never waits for an answer.
            _ => Err(DeliveryError::Unknown),
        }
    }
}

/// What was sent: names and texts, and files by their field.
#[derive(Default)]
struct Sent {
    texts: Vec<(String, String)>,
    files: Map<String, Value>,
}

impl Sent {
    /// Reads a body as a browser sends it: only a form that asks for files takes them.
    async fn read(form: &FormTrigger, request: &Request<'_>, body: &[u8]) -> Result<Self, BodyError> {
        let content_type = request.header("content-type").unwrap_or_default();
        let media_type = content_type.to_ascii_lowercase();
        if media_type.starts_with("application/x-www-form-urlencoded") {
            let texts = url::form_urlencoded::parse(body).into_owned().collect();
            return Ok(Self { texts, files: Map::new() });
        }
        if !(form.takes_files() && media_type.starts_with("multipart/form-data")) {
            return Err(BodyError::Unsupported(media_type.chars().take(100).collect()));
        }
        let mut sent = Self::default();
        if let Value::Object(fields) = parse(Some(content_type), body).await? {
            for (name, value) in fields {
                let values = if let Value::Array(values) = value { values } else { vec![value] };
                for value in values {
                    sent.add(&name, value);
                }
            }
        }
        Ok(sent)
    }

    fn add(&mut self, name: &str, value: Value) {
        match value {
            Value::String(text) => self.texts.push((name.to_owned(), text)),
            // Where no file is chosen, browsers send an empty one without a name.
            file if file["file_name"] == "" && file["size"] == 0 => {}
            file => drop(self.files.insert(name.to_owned(), file)),
        }
    }
}

fn trigger(route: &Route, body: &Value) -> Value {
    let params: serde_json::Map<String, Value> =
        route.params.iter().map(|(name, value)| (name.to_string(), Value::from(value.as_str()))).collect();
    json!({"body": body, "params": params, "test": route.test})
}

impl Route {
    /// The form, if it is one.
    #[must_use]
    pub fn form(&self) -> Option<&FormTrigger> {
        match self.kind() {
            TriggerKind::Form(form) => Some(form),
            _ => None,
        }
    }

    /// What started an execution by this route.
    pub(super) fn origin(&self) -> TriggerOrigin {
        TriggerOrigin { kind: self.kind().as_str().into(), id: Some(self.trigger_id().clone()) }
    }
}
