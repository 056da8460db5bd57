//! The `with` of `email.send` and `webhook.send` steps.

use super::expressions::Context;
use super::http::{credential, is_dynamic};
use crate::domain::workflow::document::{Content, Cursor, Fields, Found, Problems, shorten};
use crate::domain::workflow::plan::Work;

/// The fields of `email.send`.
pub(super) const EMAIL_FIELDS: [&str; 10] =
    ["credential", "from", "to", "cc", "bcc", "reply_to", "subject", "text", "html", "attachments"];
/// The fields of `webhook.send`.
pub(super) const WEBHOOK_FIELDS: [&str; 4] = ["credential", "url", "type", "data"];

/// `email.send`: a message, and the credential of the server that takes it.
pub(super) fn email(with: &Cursor<'_>, context: &mut Context<'_>, problems: &mut Problems<'_>) -> Option<Work> {
    let fields = with.fields(problems)?;
    fields.expect(problems, &EMAIL_FIELDS, &["headers"]);
    named(&fields, context, problems);
    fields.required(problems, "from");
    if ["to", "cc", "bcc"].iter().all(|key| fields.get(key).is_none()) {
        with.report(problems, Found::new("missing_field", format!("{} needs a recipient: `to`, `cc` or `bcc`", with.path)));
    }
    for key in ["from", "reply_to", "subject", "text", "html"] {
        if let Some(field) = fields.get(key) {
            field.text(problems);
        }
    }
    for key in ["to", "cc", "bcc"] {
        if let Some(field) = fields.get(key).filter(|field| !matches!(field.node.content, Content::Text(_))) {
            for item in field.list(problems).unwrap_or_default() {
                item.text(problems);
            }
        }
    }
    if let Some(field) = fields.get("attachments").filter(|field| !is_dynamic(field)) {
        for item in field.list(problems).unwrap_or_default().iter().filter(|item| !is_dynamic(item)) {
            attachment(item, problems);
        }
    }
    context.resume_urls = true;
    let template = context.template_of(&fields, &EMAIL_FIELDS[1..], &[], problems);
    context.resume_urls = false;
    template.map(Work::Email)
}

fn attachment(item: &Cursor<'_>, problems: &mut Problems<'_>) {
    let Some(fields) = item.fields(problems) else { return };
    fields.expect(problems, &["name", "base64", "text", "content_type"], &["payload"]);
    fields.required(problems, "name");
    if ["base64", "text"].into_iter().filter(|key| fields.get(key).is_some()).count() != 1 {
        let found = Found::new("missing_field", format!("{} needs its content, once", item.path));
        item.report(problems, found.hint("give `base64` or `text`"));
    }
}

/// `webhook.send`: a delivery, and the credential that signs it.
pub(super) fn webhook(with: &Cursor<'_>, context: &mut Context<'_>, problems: &mut Problems<'_>) -> Option<Work> {
    let fields = with.fields(problems)?;
    fields.expect(problems, &WEBHOOK_FIELDS, &["headers"]);
    named(&fields, context, problems);
    if let Some(text) = fields.required(problems, "url").and_then(|field| field.text(problems).map(|text| (field, text)))
        && !["http://", "https://", "{{", "{%"].iter().any(|start| text.1.value.starts_with(start))
    {
        let found = Found::new("invalid_url", format!("`{}` is not a web address", shorten(&text.1.value)));
        text.0.report(problems, found.hint("it starts with https:// or http://"));
    }
    if let Some(field) = fields.required(problems, "type") {
        field.text(problems);
    }
    context.resume_urls = true;
    let template = context.template_of(&fields, &WEBHOOK_FIELDS[1..], &[], problems);
    context.resume_urls = false;
    template.map(Work::Webhook)
}

fn named(fields: &Fields<'_>, context: &mut Context<'_>, problems: &mut Problems<'_>) {
    if let Some(field) = fields.required(problems, "credential") {
        context.used_credential = credential(&field, problems);
    }
}
