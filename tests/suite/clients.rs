//! Generated clients, schemathesis, a mail server, a browser and wrong clocks against a live server; see tests/clients/README.md.

use std::fs;
use std::path::Path;
use std::process::Command;

use reqwest::Method;
use serde_json::{Value, json};
use tidemill_harness::{Answer, Client, ServerOptions, TestServer, eventually, eventually_async};

use crate::outbound::credential;
use crate::scene::{BINARY, install, problem, run, text};

/// Runs `tests/clients/<name>/check` against a server of its own.
async fn check(name: &str) {
    let server = TestServer::start(env!("CARGO_BIN_EXE_tidemill")).await;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(name).join("check");
    let status = Command::new(&script).arg(server.url()).env("TIDEMILL_TOKEN", server.token()).status().unwrap();
    assert!(status.success(), "{} ended with {status}", script.display());
}

#[tokio::test]
#[ignore = "needs Python tools: make test-clients"]
async fn a_generated_python_client_drives_the_server() {
    check("python").await;
}

#[tokio::test]
#[ignore = "needs node: make test-clients"]
async fn a_generated_typescript_client_drives_the_server() {
    check("typescript").await;
}

#[tokio::test]
#[ignore = "needs node: make test-clients"]
async fn senders_are_believed_by_their_own_rules() {
    check("senders").await;
}

#[tokio::test]
#[ignore = "needs Python tools: make test-clients"]
async fn schedules_fire_when_an_independent_library_says() {
    check("schedules").await;
}

#[tokio::test]
#[ignore = "takes two minutes and needs Python tools: make test-clients"]
async fn the_api_answers_as_documented_whatever_it_is_asked() {
    check("schemathesis").await;
}

#[tokio::test]
#[ignore = "needs chromium: make test-clients"]
async fn a_form_is_filled_in_by_a_browser_without_scripts() {
    let server = TestServer::start(BINARY).await;
    crate::browser::a_form_is_filled_in(&server, crate::form::SIGNUP.trim_start()).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs libfaketime: make test-clients"]
async fn clocks_are_set_forward_and_back() {
    crate::clocks::are_set_forward_and_back().await;
}

#[tokio::test]
#[ignore = "needs Python tools: make test-clients"]
async fn mail_is_taken_by_a_real_server() {
    let tools = std::env::var("TIDEMILL_PYTHON_TOOLS").unwrap();
    let dir = tempfile::tempdir().unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/smtp/server.py");
    let mut smtp = Command::new(format!("{tools}/bin/python")).arg(script).arg(dir.path()).spawn().unwrap();
    let ports: Value =
        eventually("the mail server listens", || serde_json::from_slice(&fs::read(dir.path().join("ports.json")).ok()?).ok());
    let args = ["--outbound-allow", "127.0.0.0/8", "--outbound-ca"].map(str::to_owned).to_vec();
    let args = [args, vec![dir.path().join("ca.pem").display().to_string()]].concat();
    let server = TestServer::start_with(ServerOptions { binary: BINARY.into(), args, ..ServerOptions::default() }).await;
    let client = server.client();
    for (name, scheme) in [("tls", "smtps"), ("starttls", "smtp"), ("plain", "smtp+plain")] {
        let mut put = json!({"type": "smtp", "hosts": [format!("{scheme}://localhost:{}", ports[name])]});
        if name != "plain" {
            put["username"] = json!("ada");
            put["secret"] = json!("canary-mail");
        }
        assert_eq!(credential(&client, name, put).await.status, 201);
        let file = format!(
            "id: mail\nsteps:\n  - id: send\n    uses: email.send\n    with: {{credential: {name}, from: \"Shop <shop@example.com>\", to: ada@example.com, bcc: [\"hidden@example.com\"], subject: \"{{{{ inputs.subject }}}}\", text: \"Grüße\\n.\\nend\", html: <b>hi</b>, attachments: [{{name: a.txt, text: hello}}]}}\n"
        );
        install(&client, &file).await;
        let sent = run(&client, "mail", json!({"subject": format!("via {name}")})).await;
        assert_eq!(sent["status"], "succeeded", "{name}: {}", sent["error"]);
        let evil = run(&client, "mail", json!({"subject": "x\r\nBcc: evil@example.com"})).await;
        assert!(evil["status"] == "failed" && evil["error"].to_string().contains("one line"), "{evil}");
    }
    let put = json!({"type": "smtp", "hosts": [format!("smtps://127.0.0.1:{}", ports["tls"])], "username": "ada", "secret": "canary-mail"});
    assert_eq!(credential(&client, "plain", put).await.status, 200);
    let wrong = run(&client, "mail", json!({"subject": "wrong name"})).await;
    assert_eq!(wrong["status"], "failed", "a certificate for another name is refused");
    let taken = fs::read_to_string(dir.path().join("mails.jsonl")).unwrap();
    smtp.kill().unwrap();
    smtp.wait().unwrap();
    let mails: Vec<Value> = taken.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(mails.len(), 3, "{taken}");
    for (mail, name) in mails.iter().zip(["tls", "starttls", "plain"]) {
        assert_eq!(mail["to"], json!(["ada@example.com", "hidden@example.com"]));
        assert_eq!((&mail["subject"], &mail["text"]), (&json!(format!("via {name}")), &json!("Grüße\n.\nend")));
        assert_eq!(mail["attachments"], json!({"a.txt": "hello"}));
        assert_eq!(mail["user"], if name == "plain" { Value::Null } else { json!("ada") });
    }
    assert!(!server.log().contains("canary-mail"));
}

#[tokio::test]
#[ignore = "needs Python tools: make test-clients"]
async fn a_stateful_stripe_is_followed() {
    let tools = std::env::var("TIDEMILL_PYTHON_TOOLS").unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut stripe =
        Command::new(format!("{tools}/bin/localstripe")).args(["--from-scratch", "--port", &port.to_string()]).spawn().unwrap();
    let url = format!("http://127.0.0.1:{port}");
    eventually("Stripe listens", || std::net::TcpStream::connect(("127.0.0.1", port)).ok());
    let args =
        ["--outbound-allow", "127.0.0.0/8", "--stripe-key", "sk_test_tidemill", "--stripe-webhook-secret", "whsec_tidemill"];
    let args = args.map(str::to_owned).into_iter().chain(["--stripe-url".to_owned(), url.clone()]).collect();
    let server = TestServer::start_with(ServerOptions { binary: BINARY.into(), args, ..ServerOptions::default() }).await;
    follow_stripe(&server, &Client::new(&url, Some("sk_test_tidemill"))).await;
    stripe.kill().unwrap();
    stripe.wait().unwrap();
}

/// Sends a form to Stripe.
async fn form(stripe: &Client, path: &str, body: String) -> Value {
    let request = stripe.request(Method::POST, path).header("Content-Type", "application/x-www-form-urlencoded");
    let answer = Answer::of(request.body(body)).await.expect(200);
    serde_json::from_str(&answer.text).unwrap_or_default()
}

async fn follow_stripe(server: &TestServer, stripe: &Client) {
    let operator = server.client();
    let hook = format!("url={}/api/billing/stripe&secret=whsec_tidemill", server.url());
    let _ = form(stripe, "/_config/webhooks/tidemill", hook).await;
    let plan = "id=price_pro&amount=2900&currency=usd&interval=month&name=Pro".to_owned();
    let _ = form(stripe, "/v1/plans", plan).await;
    let pro =
        json!({"name": "Pro", "place": 2, "price_cents": 2900, "limits": {"executions": 5000}, "stripe_price": "price_pro"});
    let _ = operator.put("/api/billing/plans/pro", &pro).await.expect(200);
    let id = text(&operator.get("/api/user").await.expect(200).json()["organization_id"]);
    let path = format!("/api/organizations/{id}/subscription");
    let _ = Answer::of(operator.request(Method::PATCH, &path).json(&json!({"plan": "free"}))).await.expect(200);
    // This Stripe has customers, and no pages to pay on.
    let checkout = operator.post("/api/billing/checkout", &json!({"plan": "pro"})).await;
    assert_eq!((checkout.status, problem(&checkout).as_str()), (502, "payment_failed"), "{}", checkout.text);
    let customer = server.database().unwrap().query("SELECT customer FROM tidemill.billing_subscriptions").remove(0).unwrap();
    let card = "card[number]=4242424242424242&card[exp_month]=12&card[exp_year]=2099&card[cvc]=123".to_owned();
    let token = text(&form(stripe, "/v1/tokens", card).await["id"]);
    let _ = form(stripe, &format!("/v1/customers/{customer}/sources"), format!("source={token}")).await;
    let made = form(stripe, "/v1/subscriptions", format!("customer={customer}&items[0][plan]=price_pro")).await;
    let state = async || operator.get("/api/billing/subscription").await.expect(200).json();
    eventually_async("the plan is there", || async {
        let now = state().await;
        (now["plan"] == "pro" && now["provider"] == "stripe").then_some(())
    })
    .await;
    let invoices = eventually_async("the payment is booked", || async {
        let invoices = operator.get("/api/billing/invoices").await.expect(200).json()["items"].clone();
        (invoices.as_array().unwrap().len() == 1).then_some(invoices)
    })
    .await;
    assert_eq!((&invoices[0]["total_cents"], &invoices[0]["state"]), (&json!(2900), &json!("paid")), "{invoices}");
    let ordered = operator.post(&format!("/api/billing/subscription/{}/cancel", text(&state().await["id"])), &json!({})).await;
    assert_eq!(ordered.expect(200).json()["next_plan"], "free");
    let path = format!("/v1/subscriptions/{}", text(&made["id"]));
    assert_eq!(stripe.get(&path).await.expect(200).json()["cancel_at_period_end"], true);
    let _ = stripe.delete(&path).await.expect(200);
    eventually_async("the plan is gone", || async { (state().await["plan"] == "free").then_some(()) }).await;
}
