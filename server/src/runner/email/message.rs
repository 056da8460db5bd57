//! Builds a message. What an author gives never becomes a header of its own: nothing with a line break is taken.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lettre::Message;
use lettre::message::header::{self, ContentType};
use lettre::message::{Attachment, Mailbox, Mailboxes, MultiPart, SinglePart};
use serde_json::Value;

/// Most recipients of one message.
const RECIPIENTS: usize = 100;
/// Largest message, in bytes of attachments.
const ATTACHMENTS_BYTES: usize = 8 * 1024 * 1024;

/// A message that can be sent.
#[derive(Debug)]
pub(super) struct Built {
    /// Its `Message-ID`.
    pub(super) id: String,
    /// The message with its envelope.
    pub(super) message: Message,
}

/// Builds the message of a rendered `with`. `key` is the same for every attempt.
pub(super) fn build(with: &Value, key: &str) -> Result<Built, String> {
    let from: Mailbox = one(with, "from")?.ok_or("`with.from` is missing")?;
    let id = format!("<{}@{}>", &key[..32], from.email.domain());
    let (to, cc, bcc) = (several(with, "to")?, several(with, "cc")?, several(with, "bcc")?);
    let count = [&to, &cc, &bcc].into_iter().map(|boxes| boxes.iter().count()).sum::<usize>();
    if count == 0 || count > RECIPIENTS {
        return Err(format!("a message has 1 to {RECIPIENTS} recipients in `to`, `cc` and `bcc`; this one has {count}"));
    }
    let subject = text(with, "subject")?.unwrap_or_default();
    if subject.chars().any(char::is_control) {
        return Err("`with.subject` must be one line, without control characters".to_owned());
    }
    let mut builder = Message::builder().from(from).subject(subject).message_id(Some(id.clone()));
    if let Some(reply_to) = one(with, "reply_to")? {
        builder = builder.reply_to(reply_to);
    }
    if to.iter().next().is_some() {
        builder = builder.mailbox(header::To::from(to));
    }
    if cc.iter().next().is_some() {
        builder = builder.mailbox(header::Cc::from(cc));
    }
    if bcc.iter().next().is_some() {
        builder = builder.mailbox(header::Bcc::from(bcc));
    }
    let message = match (body(with)?, attachments(with)?) {
        (Body::One(part), attachments) if attachments.is_empty() => builder.singlepart(part),
        (Body::Both(parts), attachments) if attachments.is_empty() => builder.multipart(parts),
        (body, attachments) => {
            let first = match body {
                Body::One(part) => MultiPart::mixed().singlepart(part),
                Body::Both(parts) => MultiPart::mixed().multipart(parts),
            };
            builder.multipart(attachments.into_iter().fold(first, MultiPart::singlepart))
        }
    };
    Ok(Built { id, message: message.map_err(|error| format!("the message can't be built: {error}"))? })
}

/// What stands in a message.
enum Body {
    One(SinglePart),
    Both(MultiPart),
}

fn body(with: &Value) -> Result<Body, String> {
    match (text(with, "text")?, text(with, "html")?) {
        (Some(plain), Some(html)) => Ok(Body::Both(MultiPart::alternative_plain_html(plain, html))),
        (None, Some(html)) => Ok(Body::One(SinglePart::html(html))),
        (plain, None) => Ok(Body::One(SinglePart::plain(plain.unwrap_or_default()))),
    }
}

fn attachments(with: &Value) -> Result<Vec<SinglePart>, String> {
    let list = match &with["attachments"] {
        Value::Null => return Ok(Vec::new()),
        Value::Array(list) => list,
        _ => return Err("`with.attachments` must be a list".to_owned()),
    };
    let mut total = 0;
    let mut parts = Vec::new();
    for (index, item) in list.iter().enumerate() {
        let place = format!("with.attachments[{index}]");
        // A file that came with a delivery or an answer calls itself `file_name`.
        let name = item["name"]
            .as_str()
            .or(item["file_name"].as_str())
            .filter(|name| !name.is_empty() && !name.chars().any(char::is_control));
        let name = name.ok_or_else(|| format!("`{place}.name` must be one line of text"))?;
        let bytes = match (&item["base64"], &item["text"]) {
            (Value::String(encoded), Value::Null) => {
                STANDARD.decode(encoded.trim()).map_err(|error| format!("`{place}.base64` is not base64: {error}"))?
            }
            (Value::Null, Value::String(text)) => text.as_bytes().to_vec(),
            _ => return Err(format!("`{place}` needs its content, once: `base64` or `text`")),
        };
        total += bytes.len();
        if total > ATTACHMENTS_BYTES {
            return Err(format!("the attachments together are larger than {ATTACHMENTS_BYTES} bytes"));
        }
        let media_type = item["content_type"].as_str().unwrap_or("application/octet-stream");
        let media_type = ContentType::parse(media_type).map_err(|_| format!("`{place}.content_type` is not a media type"))?;
        parts.push(Attachment::new(name.to_owned()).body(bytes, media_type));
    }
    Ok(parts)
}

fn text(with: &Value, field: &str) -> Result<Option<String>, String> {
    match &with[field] {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        Value::Number(number) => Ok(Some(number.to_string())),
        _ => Err(format!("`with.{field}` must be text")),
    }
}

fn one(with: &Value, field: &str) -> Result<Option<Mailbox>, String> {
    let mut boxes = several(with, field)?.into_iter();
    match (boxes.next(), boxes.next()) {
        (found, None) => Ok(found),
        _ => Err(format!("`with.{field}` must be one address")),
    }
}

/// Addresses: a text with commas between them, or a list of texts.
fn several(with: &Value, field: &str) -> Result<Mailboxes, String> {
    let texts = match &with[field] {
        Value::Null => return Ok(Mailboxes::new()),
        Value::String(text) => vec![text.as_str()],
        Value::Array(list) => {
            let texts =
                list.iter().map(|item| item.as_str().ok_or_else(|| format!("`with.{field}` must be a list of addresses")));
            texts.collect::<Result<_, _>>()?
        }
        _ => return Err(format!("`with.{field}` must be an address or a list of them")),
    };
    let mut boxes = Mailboxes::new();
    for text in texts.into_iter().filter(|text| !text.trim().is_empty()) {
        let wrong = || {
            format!(
                "`with.{field}` has something that is not an address; it is written as ada@example.com or Ada <ada@example.com>"
            )
        };
        if text.chars().any(char::is_control) {
            return Err(wrong());
        }
        for found in text.parse::<Mailboxes>().map_err(|_| wrong())? {
            boxes.push(found);
        }
    }
    Ok(boxes)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const KEY: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    fn written(with: &Value) -> String {
        String::from_utf8(build(with, KEY).unwrap().message.formatted()).unwrap()
    }

    #[test]
    fn a_message_has_its_parts() {
        let with = json!({
            "from": "Shop <shop@example.com>", "to": ["ada@example.com", "Bob <bob@example.com>"], "cc": "c@example.com",
            "bcc": "hidden@example.com", "reply_to": "r@example.com", "subject": "Größe", "text": "hello", "html": "<b>hello</b>",
            "attachments": [{"name": "a.txt", "text": "hi", "content_type": "text/plain"}, {"name": "b.bin", "base64": "aGk="}],
        });
        let built = build(&with, KEY).unwrap();
        assert_eq!(built.message.envelope().to().len(), 4);
        let text = written(&with);
        for part in [
            "From: Shop <shop@example.com>",
            "Cc: c@example.com",
            "Reply-To: r@example.com",
            "Message-ID: <0123456789abcdef0123456789abcdef@example.com>",
            "multipart/mixed",
            "multipart/alternative",
            "filename=\"a.txt\"",
            "Date: ",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert!(!text.contains("hidden@example.com"), "{text}");
    }

    #[test]
    fn nobody_adds_a_header() {
        let base = json!({"from": "a@example.com", "to": "b@example.com", "subject": "s", "text": "t"});
        for (field, value) in [
            ("subject", json!("s\r\nBcc: evil@example.com")),
            ("subject", json!("s\nBcc: evil@example.com")),
            ("subject", json!("s\rX: y")),
            ("to", json!("b@example.com\r\nBcc: evil@example.com")),
            ("to", json!(["b@example.com\nX: y"])),
            ("from", json!("A\r\nX: y <a@example.com>")),
            ("from", json!("a@example.com, b@example.com")),
            ("reply_to", json!("r@example.com\r\nX: y")),
            ("cc", json!("not an address")),
            ("to", json!("a b@example.com")),
            ("attachments", json!([{"name": "a\r\nX: y", "text": ""}])),
            ("attachments", json!([{"name": "a", "text": "", "content_type": "text/plain\r\nX: y"}])),
        ] {
            let mut with = base.clone();
            with[field] = value.clone();
            match build(&with, KEY) {
                Err(_) => {}
                Ok(built) => {
                    let text = String::from_utf8(built.message.formatted()).unwrap();
                    let head = text.split("\r\n\r\n").next().unwrap();
                    assert!(!head.contains("\nX: y") && !head.contains("\nBcc: "), "{field} {value}: {head}");
                    panic!("{field} {value} was taken: {head}");
                }
            }
        }
        let body = json!({"from": "a@example.com", "to": "b@example.com", "text": ".\r\nRCPT TO:<evil@example.com>\r\n"});
        assert_eq!(build(&body, KEY).unwrap().message.envelope().to().len(), 1);
    }

    #[test]
    fn recipients_are_counted() {
        let none = json!({"from": "a@example.com", "text": "t"});
        assert!(build(&none, KEY).unwrap_err().contains("1 to 100 recipients"));
        let many: Vec<_> = (0..101).map(|n| format!("u{n}@example.com")).collect();
        assert!(build(&json!({"from": "a@example.com", "to": many}), KEY).unwrap_err().contains("this one has 101"));
    }
}
