//! The senders' own rules: their documented examples, and the N6 cases for each.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::mac::{tag, written};
use super::*;

const NOW: i64 = 1_790_000_000;
const SECRET: &[u8] = b"s3cret-of-the-sender";
const BODY: &[u8] = br#"{"id":"evt_1","qty":3}"#;

/// A delivery that is put together piece by piece.
#[derive(Clone)]
struct Case {
    scheme: Scheme,
    secret: Vec<u8>,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    target: String,
}

impl Case {
    fn checked(&self) -> Result<(), SignatureError> {
        self.checked_with(std::slice::from_ref(&self.secret), NOW)
    }

    fn checked_with(&self, secrets: &[Vec<u8>], now: i64) -> Result<(), SignatureError> {
        let headers: Vec<_> = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        let origins = ["https://hooks.example.com".to_owned(), "https://hooks.example.com:443".to_owned()];
        let now: DateTime<Utc> = DateTime::from_timestamp(now, 0).unwrap();
        let presented =
            Presented { headers: Headers(&headers), body: &self.body, origins: &origins, target: &self.target, now };
        verify(&self.scheme, secrets, self.scheme.tolerance(), &presented)
    }
}

fn hmac(parts: &[&[u8]], encoding: Encoding) -> String {
    written(encoding, &tag(Algorithm::Sha256, SECRET, parts))
}

fn case(scheme: Scheme, headers: &[(&str, String)], body: &[u8]) -> Case {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    Case { scheme, secret: SECRET.to_vec(), headers, body: body.to_vec(), target: "/hooks/main/x?a=1".to_owned() }
}

fn key_pair() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap()
}

/// A good delivery of each sender.
fn good_cases() -> Vec<Case> {
    let at = NOW.to_string();
    let iso = "2026-09-21T14:13:20Z".to_owned();
    let linear = format!(r#"{{"action":"create","webhookTimestamp":{NOW}000}}"#).into_bytes();
    let form = b"To=%2B15550100&Body=hi+there&From=%2B15550101&To=%2B15550100";
    let twilio = "https://hooks.example.com/hooks/main/x?a=1Bodyhi thereFrom+15550101To+15550100";
    let discord = hex::encode(key_pair().sign(&[at.as_bytes(), BODY].concat()));
    let v1a = STANDARD.encode(key_pair().sign(&[b"msg_1.", at.as_bytes(), b".", BODY].concat()));
    let mut cases = vec![
        case(Scheme::Github, &[("x-hub-signature-256", format!("sha256={}", hmac(&[BODY], Encoding::Hex)))], BODY),
        case(
            Scheme::Stripe,
            &[("stripe-signature", format!("t={at},v1={},v0=x", hmac(&[at.as_bytes(), b".", BODY], Encoding::Hex)))],
            BODY,
        ),
        case(
            Scheme::Slack,
            &[
                ("x-slack-request-timestamp", at.clone()),
                ("x-slack-signature", format!("v0={}", hmac(&[b"v0:", at.as_bytes(), b":", BODY], Encoding::Hex))),
            ],
            BODY,
        ),
        case(Scheme::Shopify, &[("x-shopify-hmac-sha256", hmac(&[BODY], Encoding::Base64))], BODY),
        case(
            Scheme::Twilio,
            &[
                ("content-type", "application/x-www-form-urlencoded".to_owned()),
                ("x-twilio-signature", written(Encoding::Base64, &tag(Algorithm::Sha1, SECRET, &[twilio.as_bytes()]))),
            ],
            form,
        ),
        case(Scheme::Gitlab, &[("x-gitlab-token", String::from_utf8(SECRET.to_vec()).unwrap())], BODY),
        case(Scheme::Linear, &[("linear-signature", hmac(&[&linear], Encoding::Hex))], &linear),
        case(Scheme::Discord, &[("x-signature-timestamp", at.clone()), ("x-signature-ed25519", discord)], BODY),
        case(
            Scheme::Zendesk,
            &[
                ("x-zendesk-webhook-signature-timestamp", iso.clone()),
                ("x-zendesk-webhook-signature", hmac(&[iso.as_bytes(), BODY], Encoding::Base64)),
            ],
            BODY,
        ),
        case(
            Scheme::StandardWebhooks,
            &[
                ("webhook-id", "msg_1".to_owned()),
                ("webhook-timestamp", at.clone()),
                ("webhook-signature", format!("v1,AAAA v1a,{v1a}")),
            ],
            BODY,
        ),
        case(
            generic(),
            &[("x-sent-at", at.clone()), ("x-sig", hmac(&[b"v2|", at.as_bytes(), b"|", BODY], Encoding::Hex))],
            BODY,
        ),
    ];
    for case in &mut cases {
        match case.scheme {
            Scheme::Discord => case.secret = hex::encode(key_pair().public_key()).into_bytes(),
            Scheme::StandardWebhooks => case.secret = format!("whpk_{}", STANDARD.encode(key_pair().public_key())).into_bytes(),
            _ => {}
        }
    }
    cases
}

fn generic() -> Scheme {
    let signed = SignedText::parse("v2|{timestamp}|{body}").unwrap();
    Scheme::Hmac(HmacScheme {
        algorithm: Algorithm::Sha256,
        header: "X-Sig".into(),
        prefix: String::new(),
        encoding: Encoding::Hex,
        stamp: Some(Stamp { header: "X-Sent-At".into(), signed }),
    })
}

#[test]
fn every_sender_is_believed_when_it_does_as_it_says() {
    for case in good_cases() {
        assert_eq!(case.checked(), Ok(()), "{:?}", case.scheme);
    }
}

#[test]
fn nothing_else_is_believed() {
    for good in good_cases() {
        let scheme = &good.scheme;
        let signed_body = *scheme != Scheme::Gitlab;
        let changed = Case { body: [good.body.as_slice(), b" "].concat(), ..good.clone() };
        assert_eq!(changed.checked().is_err(), signed_body, "{scheme:?}: a body and a space");
        for index in 0..good.headers.len() {
            let mut without = good.clone();
            let (name, _) = without.headers.remove(index);
            assert_eq!(without.checked(), Err(SignatureError::Missing), "{scheme:?} without {name}");
            let mut twice = good.clone();
            twice.headers.push(good.headers[index].clone());
            assert_eq!(twice.checked(), Err(SignatureError::Duplicate), "{scheme:?} with {name} twice");
            let mut empty = good.clone();
            empty.headers[index].1.clear();
            assert_eq!(empty.checked(), Err(SignatureError::Malformed), "{scheme:?} with {name} empty");
            if name == "content-type" {
                continue;
            }
            for nonsense in ["x", "v1,", "t=1,v1=", "sha256=", "v0=", "99999999999999999999", "2026-13-41T00:00:00Z", "=,=,="] {
                let mut broken = good.clone();
                broken.headers[index].1 = nonsense.to_owned();
                assert!(broken.checked().is_err(), "{scheme:?} with {name}: {nonsense}");
            }
        }
    }
}

#[test]
fn a_wrong_secret_opens_nothing_and_the_old_one_does_during_a_rotation() {
    for good in good_cases() {
        let other = match good.scheme {
            Scheme::Discord => hex::encode([9; 32]).into_bytes(),
            Scheme::StandardWebhooks => format!("whpk_{}", STANDARD.encode([9; 32])).into_bytes(),
            _ => b"another-secret".to_vec(),
        };
        let checked = |secrets: &[Vec<u8>]| good.checked_with(secrets, NOW);
        assert_eq!(checked(std::slice::from_ref(&other)), Err(SignatureError::Mismatch), "{:?}", good.scheme);
        assert_eq!(checked(&[other.clone(), good.secret.clone()]), Ok(()), "{:?}", good.scheme);
        assert_eq!(checked(&[good.secret.clone(), other]), Ok(()), "{:?}", good.scheme);
        for unusable in [vec![], vec![Vec::new()], vec![good.secret.clone(), Vec::new()]] {
            assert_eq!(checked(&unusable), Err(SignatureError::Secret), "{:?}", good.scheme);
        }
    }
}

#[test]
fn what_was_recorded_can_not_be_sent_again_later() {
    for good in good_cases().into_iter().filter(|case| case.scheme.is_timed()) {
        let tolerance = i64::try_from(good.scheme.tolerance().as_secs()).unwrap();
        let at = |now| good.checked_with(std::slice::from_ref(&good.secret), now);
        for fine in [NOW, NOW + tolerance, NOW - tolerance] {
            assert_eq!(at(fine), Ok(()), "{:?}", good.scheme);
        }
        for wrong in [NOW + tolerance + 1, NOW - tolerance - 1, 0] {
            assert_eq!(at(wrong), Err(SignatureError::Stale), "{:?}", good.scheme);
        }
    }
}

#[test]
fn twilio_fits_the_example_of_its_documentation() {
    let body = "CallSid=CA1234567890ABCDE&Caller=%2B14158675310&Digits=1234&From=%2B14158675310&To=%2B18005551212";
    let headers = [
        ("content-type", "application/x-www-form-urlencoded; charset=UTF-8".to_owned()),
        ("x-twilio-signature", "L/OH5YylLD5NRKLltdqwSvS0BnU=".to_owned()),
    ];
    let mut documented = case(Scheme::Twilio, &headers, body.as_bytes());
    documented.secret = b"12345".to_vec();
    let headers: Vec<_> = documented.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let origins = ["https://example.com".to_owned()];
    let presented = Presented {
        headers: Headers(&headers),
        body: body.as_bytes(),
        origins: &origins,
        target: "/myapp.php?foo=1&bar=2",
        now: DateTime::UNIX_EPOCH,
    };
    let tolerance = Scheme::Twilio.tolerance();
    assert_eq!(verify(&Scheme::Twilio, &[b"12345".to_vec()], tolerance, &presented), Ok(()));
    let elsewhere = Presented { origins: &["http://example.com".to_owned()], ..presented };
    assert_eq!(verify(&Scheme::Twilio, &[b"12345".to_vec()], tolerance, &elsewhere), Err(SignatureError::Mismatch));
}

#[test]
fn twilio_puts_the_hash_of_other_bodies_into_the_address() {
    let target = format!("/hooks/main/x?bodySHA256={}", hex::encode(Sha256::digest(BODY)));
    let address = format!("https://hooks.example.com:443{target}");
    let signature = written(Encoding::Base64, &tag(Algorithm::Sha1, SECRET, &[address.as_bytes()]));
    let headers = [("content-type", "application/json".to_owned()), ("x-twilio-signature", signature)];
    let good = Case { target, ..case(Scheme::Twilio, &headers, BODY) };
    assert_eq!(good.checked(), Ok(()));
    assert_eq!(Case { body: b"{}".to_vec(), ..good.clone() }.checked(), Err(SignatureError::Mismatch));
    let without = Case { target: "/hooks/main/x".to_owned(), ..good };
    assert_eq!(without.checked(), Err(SignatureError::Malformed), "a body that is neither a form nor in the address");
}

#[test]
fn stripe_looks_for_one_good_signature_and_takes_one_time() {
    let at = NOW.to_string();
    let good = hmac(&[at.as_bytes(), b".", BODY], Encoding::Hex);
    let checked = |value: String| case(Scheme::Stripe, &[("stripe-signature", value)], BODY).checked();
    assert_eq!(checked(format!("t={at},v1=00,v1={good}")), Ok(()));
    assert_eq!(checked(format!("v1={good},t={at}")), Ok(()));
    assert_eq!(checked(format!("t={at},t={at},v1={good}")), Err(SignatureError::Malformed));
    assert_eq!(checked(format!("t={at},v0={good}")), Err(SignatureError::Mismatch));
    assert_eq!(checked(format!("v1={good}")), Err(SignatureError::Malformed));
}

#[test]
fn what_a_stamped_hmac_covers_is_written_with_both_names_once() {
    for fine in ["{timestamp}.{body}", "{body}{timestamp}", "v0:{timestamp}:{body}", "}{timestamp}{body}"] {
        assert!(SignedText::parse(fine).is_ok(), "{fine}");
    }
    for wrong in [
        "",
        "{body}",
        "{timestamp}",
        "{timestamp}{body}{body}",
        "{timestamp}{id}{body}",
        "{timestamp}{body}{",
        "{ {timestamp}{body}",
    ] {
        assert!(SignedText::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn ids_come_from_where_the_sender_puts_them() {
    let headers: Vec<(&str, &[u8])> = vec![
        ("x-shopify-webhook-id", b"sh-1"),
        ("i-twilio-idempotency-token", b"tw-1"),
        ("idempotency-key", b"gl-1"),
        ("linear-delivery", b"li-1"),
        ("x-zendesk-webhook-invocation-id", b"ze-1"),
        ("svix-id", b"sv-1"),
    ];
    let body = json!({"id": "evt_1", "event_id": "Ev1"});
    for (scheme, id) in [
        (Scheme::Shopify, "sh-1"),
        (Scheme::Twilio, "tw-1"),
        (Scheme::Gitlab, "gl-1"),
        (Scheme::Linear, "li-1"),
        (Scheme::Zendesk, "ze-1"),
        (Scheme::StandardWebhooks, "sv-1"),
        (Scheme::Stripe, "evt_1"),
        (Scheme::Discord, "evt_1"),
        (Scheme::Slack, "Ev1"),
    ] {
        assert_eq!(delivery_id(&scheme, Headers(&headers), &body).as_deref(), Some(id));
        assert_eq!(delivery_id(&scheme, Headers(&[]), &json!({"id": 7, "event_id": ""})), None);
    }
}

#[test]
fn a_question_is_answered_and_an_event_is_not_a_question() {
    let asked = |scheme: &Scheme, body: Value| handshake(scheme, &body).map(|answer| (answer.status, answer.body));
    assert_eq!(asked(&Scheme::Discord, json!({"type": 1, "id": "1"})), Some((200, Some(json!({"type": 1})))));
    assert_eq!(asked(&Scheme::Discord, json!({"type": 0})), Some((204, None)));
    let challenge = json!({"type": "url_verification", "challenge": "abc"});
    assert_eq!(asked(&Scheme::Slack, challenge.clone()), Some((200, Some(json!({"challenge": "abc"})))));
    for (scheme, body) in [
        (Scheme::Discord, json!({"type": 2})),
        (Scheme::Discord, json!({"type": 1, "event": {}})),
        (Scheme::Slack, json!({"type": "event_callback"})),
        (Scheme::Github, challenge),
        (Scheme::Slack, Value::Null),
    ] {
        assert_eq!(asked(&scheme, body), None);
    }
}
