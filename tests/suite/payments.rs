//! Stripe through the real binary: pages to pay on, and events that come twice, late, forged and in the wrong order.

use hmac::{Hmac, Mac};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;
use tidemill_harness::{Answer, Client, ServerOptions, TestServer};

use super::endpoint::{Endpoint, Reply};
use super::scene::{BINARY, problem, text};

const SECRET: &str = "whsec_test";

/// What Stripe says when it is asked: always the newest state, whatever its events are about.
fn stripe(_: usize, request: &super::endpoint::Received) -> Reply {
    let (_, path) = request.line.split_once(' ').unwrap();
    let body = match path.split(' ').next().unwrap() {
        "/v1/customers" => r#"{"id": "cus_1"}"#,
        "/v1/checkout/sessions" => r#"{"url": "https://pay.example/checkout"}"#,
        "/v1/billing_portal/sessions" => r#"{"url": "https://pay.example/portal"}"#,
        "/v1/subscriptions/sub_1" => {
            r#"{"id": "sub_1", "customer": "cus_1", "status": "active", "cancel_at_period_end": false,
                "items": {"data": [{"id": "si_1", "price": {"id": "price_pro"}}]}}"#
        }
        "/v1/invoices/in_1" => {
            r#"{"id": "in_1", "customer": "cus_1", "status": "paid", "attempted": true, "total": 2900, "currency": "usd",
                "created": 1795000000, "lines": {"data": [{"description": "1 x Pro", "amount": 2900}]}}"#
        }
        "/v1/invoices/in_2" => {
            r#"{"id": "in_2", "customer": "cus_1", "status": "open", "attempted": true, "total": 2900, "currency": "usd",
                "created": 1795000000, "lines": {"data": []}}"#
        }
        _ => return Reply::Answer(404, "", r#"{"error": {"message": "no such thing"}}"#),
    };
    Reply::Answer(200, "", body)
}

/// Sends an event, signed at `at`.
async fn tell(client: &Client, (id, kind, object): (&str, &str, &str), secret: &str, at: i64) -> Answer {
    let body = json!({"id": id, "type": kind, "data": {"object": {"id": object}}}).to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{at}.{body}").as_bytes());
    let signature = format!("t={at},v1={}", hex::encode(mac.finalize().into_bytes()));
    let request = client.anonymous().request(Method::POST, "/api/billing/stripe").header("Stripe-Signature", signature);
    Answer::of(request.header("Content-Type", "application/json").body(body)).await
}

#[tokio::test]
async fn events_are_believed_once_whenever_they_come() {
    let endpoint = Endpoint::start(stripe).await;
    let args =
        ["--outbound-allow", "127.0.0.0/8", "--stripe-key", "sk_test", "--stripe-webhook-secret", SECRET, "--stripe-url"];
    let args = args.iter().map(|arg| (*arg).to_owned()).chain([endpoint.url().to_owned()]).collect();
    let server = TestServer::start_with(ServerOptions { binary: BINARY.into(), args, ..ServerOptions::default() }).await;
    let (client, now) = (server.client(), chrono::Utc::now().timestamp());
    let pro = json!({"name": "Pro", "place": 2, "price_cents": 2900, "stripe_price": "price_pro"});
    let _ = client.put("/api/billing/plans/pro", &pro).await.expect(200);
    let id = text(&client.get("/api/user").await.json()["organization_id"]);
    let set = client.request(Method::PATCH, &format!("/api/organizations/{id}/subscription")).json(&json!({"plan": "free"}));
    let _ = Answer::of(set).await.expect(200);
    assert_eq!(client.post("/api/billing/portal", &json!({})).await.status, 409, "nothing was paid yet");
    assert_eq!(problem(&client.post("/api/user/plan/upgrade", &json!({"plan": "pro"})).await), "conflict");
    let page = client.post("/api/billing/checkout", &json!({"plan": "pro"})).await.expect(200).json();
    assert_eq!(page["url"], "https://pay.example/checkout");
    assert_eq!(client.post("/api/billing/portal", &json!({})).await.expect(200).json()["url"], "https://pay.example/portal");
    let plan = async || client.get("/api/billing/subscription").await.expect(200).json();
    // The invoice is told of before the subscription; what is forged or old changes nothing.
    let paid = ("evt_1", "invoice.paid", "in_1");
    assert_eq!(problem(&tell(&client, paid, "whsec_other", now).await), "signature_invalid");
    assert_eq!(problem(&tell(&client, paid, SECRET, now - 600).await), "signature_invalid");
    for _ in 0..3 {
        assert_eq!(tell(&client, paid, SECRET, now).await.status, 204);
    }
    assert_eq!(plan().await["plan"], "free");
    for event in ["evt_2", "evt_2", "evt_3"] {
        assert_eq!(tell(&client, (event, "customer.subscription.deleted", "sub_1"), SECRET, now).await.status, 204);
        let now = plan().await;
        assert_eq!((&now["plan"], &now["provider"]), (&json!("pro"), &json!("stripe")), "an old event: it is active again");
    }
    let invoices = client.get("/api/billing/invoices").await.expect(200).json();
    assert_eq!((invoices["items"].as_array().unwrap().len(), &invoices["items"][0]["total_cents"]), (1, &json!(2900)));
    assert_eq!(tell(&client, ("evt_4", "invoice.payment_failed", "in_2"), SECRET, now).await.status, 204);
    let late = plan().await;
    assert_eq!((&late["state"], &late["plan"]), (&json!("past_due"), &json!("pro")), "{late}");
    assert!(late["grace_end"].is_string());
    assert_eq!(tell(&client, ("evt_5", "customer.subscription.updated", "sub_1"), SECRET, now).await.status, 204);
    assert_eq!(plan().await["state"], "active");
    assert_eq!(tell(&client, ("evt_6", "invoice.paid", "in_unknown"), SECRET, now).await.status, 502, "Stripe sends it again");
    let worth: Value = client.get("/api/billing/ltv-cac").await.expect(200).json();
    assert_eq!((&worth["new_paying"], &worth["revenue_cents"]), (&json!(1), &json!(2900)));
    assert!(!server.log().contains("sk_test"));
}
