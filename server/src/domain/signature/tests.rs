//! The N6 cases, each with a signature made here or taken from the sender's own documentation.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use hmac::{Hmac, Mac};
use proptest::prelude::*;
use serde_json::Value;
use sha2::Sha256;

use super::*;

const SECRET: &[u8] = b"It's a Secret to Everybody";
const BODY: &[u8] = br#"{"qty":3}"#;
const NOW: i64 = 1_790_000_000;
const WHSEC: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(NOW, 0).unwrap()
}

fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

fn check(scheme: &Scheme, secrets: &[&[u8]], headers: &[(&str, &str)], body: &[u8]) -> Result<(), SignatureError> {
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    check_at(scheme, secrets, &headers, body, now())
}

fn check_at(
    scheme: &Scheme,
    secrets: &[&[u8]],
    headers: &[(&str, &[u8])],
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<(), SignatureError> {
    let secrets: Vec<_> = secrets.iter().map(|secret| secret.to_vec()).collect();
    let presented = Presented { headers: Headers(headers), body, origins: &[], target: "/hooks/main/x", now };
    verify(scheme, &secrets, scheme.tolerance(), &presented)
}

fn github_signature(body: &[u8]) -> String {
    format!("sha256={}", hex::encode(hmac_sha256(SECRET, body)))
}

fn standard_signature(id: &str, timestamp: &str, body: &[u8]) -> String {
    let key = STANDARD.decode(WHSEC.trim_start_matches("whsec_")).unwrap();
    let signed = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat();
    format!("v1,{}", STANDARD.encode(hmac_sha256(&key, &signed)))
}

fn standard(id: &str, timestamp: &str, signature: &str) -> Result<(), SignatureError> {
    let headers = [("webhook-id", id), ("webhook-timestamp", timestamp), ("webhook-signature", signature)];
    check(&Scheme::StandardWebhooks, &[WHSEC.as_bytes()], &headers, BODY)
}

#[test]
fn github_accepts_the_example_of_its_documentation() {
    let signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    assert_eq!(check(&Scheme::Github, &[SECRET], &[("X-Hub-Signature-256", signature)], b"Hello, World!"), Ok(()));
}

#[test]
fn github_refuses_what_is_not_exactly_right() {
    let good = github_signature(BODY);
    let name = "x-hub-signature-256";
    let with_space = [BODY, b" "].concat();
    let cases: [(&str, SignatureError, Result<(), SignatureError>); 8] = [
        ("body and a space", SignatureError::Mismatch, check(&Scheme::Github, &[SECRET], &[(name, &good)], &with_space)),
        ("wrong secret", SignatureError::Mismatch, check(&Scheme::Github, &[b"other"], &[(name, &good)], BODY)),
        ("no header", SignatureError::Missing, check(&Scheme::Github, &[SECRET], &[], BODY)),
        ("empty header", SignatureError::Malformed, check(&Scheme::Github, &[SECRET], &[(name, "")], BODY)),
        ("empty signature", SignatureError::Mismatch, check(&Scheme::Github, &[SECRET], &[(name, "sha256=")], BODY)),
        ("no prefix", SignatureError::Malformed, check(&Scheme::Github, &[SECRET], &[(name, &good[7..])], BODY)),
        ("twice", SignatureError::Duplicate, check(&Scheme::Github, &[SECRET], &[(name, &good), (name, &good)], BODY)),
        ("upper case", SignatureError::Mismatch, {
            let upper = format!("sha256={}", good[7..].to_uppercase());
            check(&Scheme::Github, &[SECRET], &[(name, &upper)], BODY)
        }),
    ];
    for (case, expected, got) in cases {
        assert_eq!(got, Err(expected), "{case}");
    }
}

#[test]
fn a_secret_can_be_rotated() {
    let good = github_signature(BODY);
    let headers = [("x-hub-signature-256", good.as_str())];
    assert_eq!(check(&Scheme::Github, &[b"new", SECRET], &headers, BODY), Ok(()));
    assert_eq!(check(&Scheme::Github, &[SECRET, b"new"], &headers, BODY), Ok(()));
}

#[test]
fn without_a_usable_secret_nobody_is_believed() {
    let forged = format!("sha256={}", hex::encode(hmac_sha256(b"", BODY)));
    let headers = [("x-hub-signature-256", forged.as_str())];
    assert_eq!(check(&Scheme::Github, &[], &headers, BODY), Err(SignatureError::Secret));
    assert_eq!(check(&Scheme::Github, &[b""], &headers, BODY), Err(SignatureError::Secret));
    let empty_key = [("webhook-id", "a"), ("webhook-timestamp", "1790000000"), ("webhook-signature", "v1,AAAA")];
    assert_eq!(check(&Scheme::StandardWebhooks, &[b"whsec_"], &empty_key, BODY), Err(SignatureError::Secret));
    assert_eq!(check(&Scheme::StandardWebhooks, &[b"whsec_%%"], &empty_key, BODY), Err(SignatureError::Secret));
}

#[test]
fn standard_webhooks_accepts_the_example_of_its_documentation() {
    let body = br#"{"test": 2432232314}"#;
    let headers: [(&str, &[u8]); 3] = [
        ("webhook-id", b"msg_p5jXN8AQM9LWM0D4loKWxJek"),
        ("webhook-timestamp", b"1614265330"),
        ("webhook-signature", b"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
    ];
    let then = DateTime::from_timestamp(1_614_265_330, 0).unwrap();
    assert_eq!(check_at(&Scheme::StandardWebhooks, &[WHSEC.as_bytes()], &headers, body, then), Ok(()));
}

#[test]
fn standard_webhooks_looks_for_one_good_signature_in_the_list() {
    let good = standard_signature("msg_1", "1790000000", BODY);
    for list in [good.clone(), format!("v1,AAAA {good}"), format!("{good} v1a,whatever"), format!("v1,%%% {good} v1,")] {
        assert_eq!(standard("msg_1", "1790000000", &list), Ok(()), "{list}");
    }
    for list in ["v1,", "v1,!!!not base64!!!", "v2,AAAA", &good[3..], &good.replace("v1,", "v1a,"), " "] {
        assert_eq!(standard("msg_1", "1790000000", list), Err(SignatureError::Mismatch), "{list}");
    }
    assert_eq!(standard("msg_1", "1790000000", ""), Err(SignatureError::Malformed));
}

#[test]
fn standard_webhooks_checks_the_time() {
    let signed_at = |timestamp: &str| standard("msg_1", timestamp, &standard_signature("msg_1", timestamp, BODY));
    for seconds in [NOW, NOW - 300, NOW + 300] {
        assert_eq!(signed_at(&seconds.to_string()), Ok(()));
    }
    for seconds in [NOW - 301, NOW + 301, 0, i64::MAX] {
        assert_eq!(signed_at(&seconds.to_string()), Err(SignatureError::Stale));
    }
    for text in
        ["soon", "-1790000000", "+1790000000", "1790000000.0", "1790000000 ", "9223372036854775808", "99999999999999999999999"]
    {
        assert_eq!(signed_at(text), Err(SignatureError::Malformed), "{text}");
    }
}

#[test]
fn an_id_with_a_dot_can_not_shift_the_parts() {
    let stamp = "1790000000";
    let signature = standard_signature(&format!("msg.{stamp}"), stamp, BODY);
    assert_eq!(standard(&format!("msg.{stamp}"), stamp, &signature), Err(SignatureError::Malformed));
}

#[test]
fn standard_webhooks_needs_each_header_once() {
    let good = standard_signature("msg_1", "1790000000", BODY);
    let all = [("webhook-id", "msg_1"), ("webhook-timestamp", "1790000000"), ("webhook-signature", good.as_str())];
    for index in 0..all.len() {
        let without: Vec<_> = all.iter().enumerate().filter(|(i, _)| *i != index).map(|(_, header)| *header).collect();
        let got = check(&Scheme::StandardWebhooks, &[WHSEC.as_bytes()], &without, BODY);
        assert_eq!(got, Err(SignatureError::Missing));
        let twice = [all.as_slice(), &[all[index]]].concat();
        let got = check(&Scheme::StandardWebhooks, &[WHSEC.as_bytes()], &twice, BODY);
        assert_eq!(got, Err(SignatureError::Duplicate));
    }
}

fn generic(algorithm: Algorithm, encoding: Encoding) -> Scheme {
    Scheme::Hmac(HmacScheme { algorithm, header: "X-Signature".into(), prefix: String::new(), encoding, stamp: None })
}

#[test]
fn a_generic_hmac_fits_the_published_test_vectors() {
    // RFC 2202 and RFC 4231, test case 2.
    let body = b"what do ya want for nothing?";
    let vectors = [
        (Algorithm::Sha1, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
        (Algorithm::Sha256, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        (
            Algorithm::Sha512,
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
        ),
    ];
    for (algorithm, signature) in vectors {
        assert_eq!(check(&generic(algorithm, Encoding::Hex), &[b"Jefe"], &[("x-signature", signature)], body), Ok(()));
        let base64 = STANDARD.encode(hex::decode(signature).unwrap());
        let scheme = generic(algorithm, Encoding::Base64);
        assert_eq!(check(&scheme, &[b"Jefe"], &[("x-signature", &base64)], body), Ok(()));
        assert_eq!(check(&scheme, &[b"Jefe"], &[("x-signature", signature)], body), Err(SignatureError::Mismatch));
    }
}

#[test]
fn bearer_api_key_and_basic_compare_the_whole_secret() {
    let key = Scheme::ApiKey { header: "X-Api-Key".into() };
    assert_eq!(check(&key, &[b"k-123"], &[("x-api-key", "k-123")], BODY), Ok(()));
    assert_eq!(check(&Scheme::Bearer, &[b"k-123"], &[("authorization", "bearer k-123")], BODY), Ok(()));
    let ada = Scheme::Basic { username: "ada".to_owned() };
    let basic = format!("Basic {}", STANDARD.encode("ada:pass:word"));
    assert_eq!(check(&ada, &[b"pass:word"], &[("Authorization", &basic)], BODY), Ok(()));
    for wrong in ["k-12", "k-1234", "K-123", " k-123"] {
        assert_eq!(check(&key, &[b"k-123"], &[("x-api-key", wrong)], BODY), Err(SignatureError::Mismatch));
    }
    for (scheme, value) in [(&Scheme::Bearer, "k-123"), (&Scheme::Bearer, "Basic k-123"), (&ada, "Basic %%%")] {
        assert_eq!(check(scheme, &[b"k-123"], &[("authorization", value)], BODY), Err(SignatureError::Malformed));
    }
    assert_eq!(check(&Scheme::Bearer, &[b"k-123"], &[("authorization", "Bearer ")], BODY), Err(SignatureError::Mismatch));
}

#[test]
fn every_refusal_reads_the_same() {
    let all = [SignatureError::Missing, SignatureError::Duplicate, SignatureError::Malformed, SignatureError::Stale];
    for error in all.into_iter().chain([SignatureError::Mismatch, SignatureError::Secret]) {
        assert_eq!(error.to_string(), "the sender of this delivery could not be verified");
    }
}

#[test]
fn the_delivery_id_comes_from_the_scheme() {
    let headers: [(&str, &[u8]); 2] = [("X-GitHub-Delivery", b"72d3162e-cc78"), ("Webhook-Id", b"msg_1")];
    assert_eq!(delivery_id(&Scheme::Github, Headers(&headers), &Value::Null).as_deref(), Some("72d3162e-cc78"));
    assert_eq!(delivery_id(&Scheme::StandardWebhooks, Headers(&headers), &Value::Null).as_deref(), Some("msg_1"));
    assert_eq!(delivery_id(&Scheme::Bearer, Headers(&headers), &Value::Null), None);
    let long = "x".repeat(256);
    for bad in [b"".as_slice(), b"a b", b"\xff", long.as_bytes()] {
        assert_eq!(delivery_id(&Scheme::Github, Headers(&[("x-github-delivery", bad)]), &Value::Null), None);
    }
}

proptest! {
    #[test]
    fn one_flipped_bit_of_the_body_is_refused(body in prop::collection::vec(any::<u8>(), 1..200), at in any::<prop::sample::Index>(), bit in 0u8..8) {
        let signature = github_signature(&body);
        let mut flipped = body.clone();
        flipped[at.index(body.len())] ^= 1 << bit;
        let headers = [("x-hub-signature-256", signature.as_str())];
        prop_assert_eq!(check(&Scheme::Github, &[SECRET], &headers, &body), Ok(()));
        prop_assert!(check(&Scheme::Github, &[SECRET], &headers, &flipped).is_err());
    }

    #[test]
    fn one_flipped_bit_of_the_signature_is_refused(body in prop::collection::vec(any::<u8>(), 0..50), at in any::<prop::sample::Index>(), bit in 0u8..8) {
        let key = STANDARD.decode(WHSEC.trim_start_matches("whsec_")).unwrap();
        let schemes = [
            (generic(Algorithm::Sha256, Encoding::Hex), hex::encode(hmac_sha256(&key, &body))),
            (generic(Algorithm::Sha256, Encoding::Base64), STANDARD.encode(hmac_sha256(&key, &body))),
        ];
        for (scheme, signature) in schemes {
            let mut flipped = signature.clone().into_bytes();
            let place = at.index(flipped.len());
            flipped[place] ^= 1 << bit;
            prop_assert_eq!(check_at(&scheme, &[&key], &[("x-signature", signature.as_bytes())], &body, now()), Ok(()));
            prop_assert!(check_at(&scheme, &[&key], &[("x-signature", &flipped)], &body, now()).is_err());
        }
    }
}
