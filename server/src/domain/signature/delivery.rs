//! What a verified delivery says about itself: its id, and whether it only asks whether anybody is there.

use serde_json::{Value, json};

use super::{Headers, Scheme};

/// Longest id of a delivery that is looked at, in bytes.
const LONGEST: usize = 255;

/// The sender's own id of this delivery, by which a repeated delivery is known again; none where the scheme has no such thing.
/// `body` is the parsed body: where the id is in there, the signature covers it.
#[must_use]
pub fn delivery_id(scheme: &Scheme, headers: Headers<'_>, body: &Value) -> Option<String> {
    let header = |name| headers.only(name).ok().map(str::to_owned);
    let field = |name| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let id = match scheme {
        Scheme::StandardWebhooks => header("webhook-id").or_else(|| header("svix-id")),
        Scheme::Github => header("x-github-delivery"),
        Scheme::Stripe | Scheme::Discord => field("id"),
        // Events of the Events API; commands and buttons come as forms.
        Scheme::Slack => field("event_id").or_else(|| field("trigger_id")),
        Scheme::Shopify => header("x-shopify-webhook-id"),
        Scheme::Twilio => header("i-twilio-idempotency-token"),
        Scheme::Gitlab => header("idempotency-key"),
        Scheme::Linear => header("linear-delivery"),
        Scheme::Zendesk => header("x-zendesk-webhook-invocation-id"),
        Scheme::Hmac(_) | Scheme::Bearer | Scheme::ApiKey { .. } | Scheme::Basic { .. } => None,
    };
    id.filter(|id| is_delivery_id(id))
}

/// Whether `id` is short and made of visible ASCII characters.
pub(super) fn is_delivery_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= LONGEST && id.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The answer to a sender that only asks whether this address is alive and checks signatures.
#[derive(Debug, Clone, PartialEq)]
pub struct Handshake {
    /// The HTTP status.
    pub status: u16,
    /// The body, if there is one.
    pub body: Option<Value>,
}

/// How a verified delivery that is a mere question is answered. It starts nothing.
///
/// Discord asks with type 1 where interactions go and with type 0 where events go (an event's own type is 1 as well, but it has an
/// `event`); Slack asks with a challenge.
#[must_use]
pub fn handshake(scheme: &Scheme, body: &Value) -> Option<Handshake> {
    let kind = body.get("type")?;
    match scheme {
        Scheme::Discord if *kind == json!(1) && body.get("event").is_none() => {
            Some(Handshake { status: 200, body: Some(json!({"type": 1})) })
        }
        Scheme::Discord if *kind == json!(0) => Some(Handshake { status: 204, body: None }),
        Scheme::Slack if *kind == json!("url_verification") => {
            let challenge = body.get("challenge").and_then(Value::as_str)?;
            Some(Handshake { status: 200, body: Some(json!({ "challenge": challenge })) })
        }
        _ => None,
    }
}
