//! Form triggers.

use std::time::Duration;

use tidemill_common::limits::RESPOND_SECONDS;

use super::{visitors, webhooks};
use crate::domain::workflow::document::{Cursor, Fields, Found, Problems};
use crate::domain::workflow::inputs::InputSchema;
use crate::domain::workflow::plan::{FormTrigger, Respond, Trigger, TriggerKind, WebhookTrigger, form_fields};

/// The fields of a form.
pub(super) const FIELDS: [&str; 10] =
    ["id", "type", "path", "title", "description", "submit", "thanks", "redirect", "rate_limit", "allow_ips"];
/// Longest text on the page, in characters.
const LONGEST: usize = 2000;
/// Largest body of a form that is sent, in bytes.
const BODY_BYTES: usize = 256 * 1024;

/// Reads a form trigger. What it asks is known when `inputs` has been read: [`ask`].
pub(super) fn form(fields: &Fields<'_>, problems: &mut Problems<'_>) -> Option<FormTrigger> {
    fields.expect(problems, &FIELDS, &["auth", "cors"]);
    let path = webhooks::path(fields, problems);
    let title = text(fields, "title", problems)?;
    let description = text(fields, "description", problems)?;
    let submit = text(fields, "submit", problems)?;
    let thanks = text(fields, "thanks", problems)?;
    let redirect = redirect(fields, problems)?;
    let rate_limit = fields.get("rate_limit").and_then(|field| visitors::rate_limit(&field, problems));
    let allow_ips = fields.get("allow_ips").map_or_else(|| Some(Vec::new()), |field| visitors::networks(&field, problems));
    let path = path?;
    Some(FormTrigger {
        title: title.unwrap_or_else(|| path.as_str().to_owned()),
        webhook: WebhookTrigger {
            path,
            methods: vec!["GET", "POST"],
            auth: None,
            respond: Respond::Immediately,
            respond_within: Duration::from_secs(RESPOND_SECONDS),
            dedupe_header: None,
            rate_limit,
            max_body_bytes: BODY_BYTES,
            cors: None,
            allow_ips: allow_ips?,
        },
        description,
        submit: submit.unwrap_or_else(|| "Send".to_owned()),
        thanks: thanks.unwrap_or_else(|| "Thank you. Your answers have arrived.".to_owned()),
        redirect,
        fields: Vec::new(),
    })
}

/// Some text, or none; nothing at all when what stands there is no text.
#[expect(clippy::option_option, reason = "the outer one says whether it could be read, as everywhere in this room")]
fn text(fields: &Fields<'_>, key: &str, problems: &mut Problems<'_>) -> Option<Option<String>> {
    let Some(field) = fields.get(key) else { return Some(None) };
    let text = field.text(problems)?;
    if text.value.chars().count() > LONGEST {
        field.report(problems, Found::new("out_of_range", format!("`{key}` may have {LONGEST} characters")));
        return None;
    }
    Some(Some(text.value.clone()))
}

#[expect(clippy::option_option, reason = "the outer one says whether it could be read, as everywhere in this room")]
fn redirect(fields: &Fields<'_>, problems: &mut Problems<'_>) -> Option<Option<String>> {
    let Some(to) = text(fields, "redirect", problems)? else { return Some(None) };
    let fine = url::Url::parse(&to).is_ok_and(|url| matches!(url.scheme(), "https" | "http"));
    if !fine {
        let field = fields.get("redirect")?;
        field.report(problems, Found::new("invalid_url", "a form goes on to a web address").hint("it starts with https://"));
        return None;
    }
    Some(Some(to))
}

/// Gives every form its questions.
pub(super) fn ask(list: &Cursor<'_>, triggers: &mut [Trigger], inputs: Option<&InputSchema>, problems: &mut Problems<'_>) {
    let Some(items) = list.list(problems) else { return };
    for (item, trigger) in items.iter().zip(triggers) {
        let TriggerKind::Form(form) = &mut trigger.kind else { continue };
        let asked = inputs.map_or_else(
            || Err("a form asks for the workflow's `inputs`, and there are none".to_owned()),
            |inputs| form_fields(inputs.schema()),
        );
        match asked {
            Ok(fields) => form.fields = fields,
            Err(why) => {
                let found = Found::new("invalid_form", why);
                item.report(problems, found.hint("an example is {type: object, properties: {name: {type: string}}}"));
            }
        }
    }
}
