//! Webhook triggers. How their senders are verified is in `senders`, who may come at all in `visitors`.

use std::time::Duration;

use tidemill_common::limits::{RESPOND_SECONDS, RESPOND_SECONDS_MOST, WEBHOOK_BODY_BYTES};

use super::{ids, senders, visitors};
use crate::domain::workflow::document::{Cursor, Fields, Found, Problems, shorten};
use crate::domain::workflow::plan::{Respond, Trigger, TriggerKind, WebhookPath, WebhookTrigger};

/// The fields of a webhook.
pub(super) const FIELDS: [&str; 12] = [
    "id",
    "type",
    "path",
    "methods",
    "auth",
    "respond",
    "respond_within",
    "dedupe_header",
    "rate_limit",
    "max_body_bytes",
    "cors",
    "allow_ips",
];
const LATER_FIELDS: [&str; 3] = ["if", "filter", "response"];
const METHODS: [&str; 5] = ["POST", "PUT", "PATCH", "DELETE", "GET"];

/// Reads a webhook trigger.
pub(super) fn webhook(fields: &Fields<'_>, problems: &mut Problems<'_>) -> Option<WebhookTrigger> {
    fields.expect(problems, &FIELDS, &LATER_FIELDS);
    let path = path(fields, problems);
    let methods = methods(fields, problems);
    let auth = fields.get("auth").map_or(Some(None), |field| senders::auth(&field, problems));
    let words = ["immediately", "when_finished", "step"];
    let respond = fields.get("respond").map_or(Some("immediately"), |field| field.word(problems, &words));
    let respond_within = fields.get("respond_within").map_or(Some(Duration::from_secs(RESPOND_SECONDS)), |field| {
        ids::duration(&field, problems, Duration::from_secs(1), Duration::from_secs(RESPOND_SECONDS_MOST))
    });
    let dedupe_header = fields.get("dedupe_header").and_then(|field| senders::header(&field, problems));
    let rate_limit = fields.get("rate_limit").and_then(|field| visitors::rate_limit(&field, problems));
    let most = u32::try_from(WEBHOOK_BODY_BYTES).unwrap_or(u32::MAX);
    let max_body_bytes = fields.get("max_body_bytes").map_or(Some(most), |field| field.integer(problems, 1, most));
    let cors = fields.get("cors").and_then(|field| visitors::cors(&field, problems));
    let allow_ips = fields.get("allow_ips").map_or_else(|| Some(Vec::new()), |field| visitors::networks(&field, problems));
    Some(WebhookTrigger {
        path: path?,
        methods: methods?,
        auth: auth?,
        respond: match respond? {
            "when_finished" => Respond::WhenFinished,
            "step" => Respond::Step,
            _ => Respond::Immediately,
        },
        respond_within: respond_within?,
        dedupe_header,
        rate_limit,
        max_body_bytes: usize::try_from(max_body_bytes?).unwrap_or(WEBHOOK_BODY_BYTES),
        cors,
        allow_ips: allow_ips?,
    })
}

/// The field `path`.
pub(super) fn path(fields: &Fields<'_>, problems: &mut Problems<'_>) -> Option<WebhookPath> {
    let field = fields.required(problems, "path")?;
    let text = field.text(problems)?;
    let why = match WebhookPath::parse(&text.value) {
        Ok(path) => return Some(path),
        Err(why) => why,
    };
    let trimmed = text.value.trim_matches('/');
    let likely = (trimmed != text.value && WebhookPath::parse(trimmed).is_ok()).then_some(trimmed);
    let message = format!("`{}` is not a webhook path: {why}", shorten(&text.value));
    field.report(problems, Found::new("invalid_path", message).hint("an example is orders/new").meant(likely));
    None
}

fn methods(fields: &Fields<'_>, problems: &mut Problems<'_>) -> Option<Vec<&'static str>> {
    let Some(field) = fields.get("methods") else { return Some(vec!["POST"]) };
    let items = field.list(problems)?;
    if items.is_empty() {
        field.report(problems, Found::new("out_of_range", "a webhook needs at least one method"));
        return None;
    }
    let mut methods: Vec<&'static str> = Vec::new();
    let mut fine = true;
    for item in items {
        match item.word(problems, &METHODS) {
            Some(method) if !methods.contains(&method) => methods.push(method),
            Some(_) => {}
            None => fine = false,
        }
    }
    fine.then_some(methods)
}

/// No two triggers of a workflow may answer to the same path.
pub(super) fn distinct_paths<'t>(
    items: &[Cursor<'_>],
    read: impl Iterator<Item = &'t Option<Trigger>>,
    problems: &mut Problems<'_>,
) {
    let mut seen: Vec<String> = Vec::new();
    for (item, trigger) in items.iter().zip(read) {
        let Some(path) = trigger.as_ref().and_then(|trigger| trigger.kind.path()) else { continue };
        let key = path.key();
        if seen.contains(&key) {
            let message = format!("two triggers answer to {}", path.as_str());
            item.report(problems, Found::new("duplicate_path", message).hint("one trigger can have several `methods`"));
        }
        seen.push(key);
    }
}

/// A webhook that answers with a step needs one.
pub(super) fn needs_respond_step(triggers: &[Trigger]) -> bool {
    triggers.iter().any(|trigger| matches!(&trigger.kind, TriggerKind::Webhook(webhook) if webhook.respond == Respond::Step))
}
