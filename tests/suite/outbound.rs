//! What goes out: credentials only where they belong, secrets nowhere else, and nothing to the inside.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use reqwest::Method;
use serde_json::{Value, json};
use tidemill_harness::{Answer, Client, TestDatabase};

use crate::endpoint::{Endpoint, Reply};
use crate::scene::{BINARY, apply, detail, events, install, problem, run, secret, server};
use crate::stream;

/// Puts a credential; the answer may be anything.
pub async fn credential(client: &Client, name: &str, credential: Value) -> Answer {
    Answer::of(client.request(Method::PUT, &format!("/api/credentials/{name}")).json(&credential)).await
}

/// A workflow with one request.
fn asks(with: &str) -> String {
    format!("id: asks\nsteps:\n  - id: ask\n    uses: http.request\n    with: {with}\noutput: \"{{{{ steps.ask.output }}}}\"\n")
}

#[tokio::test]
async fn a_credential_goes_to_its_host_and_nowhere_else() {
    let (server, other) = (server().await, Endpoint::start(|_, _| Reply::Answer(200, "", "{}")).await);
    let client = server.client();
    let away: &'static str = format!("location: {}/stolen", other.url()).leak();
    let home = Endpoint::start(move |_, request| match request.line.as_str() {
        "GET /away" => Reply::Answer(302, away, ""),
        _ => Reply::Answer(200, "", "{\"ok\":true}"),
    })
    .await;
    let put = json!({"type": "bearer", "hosts": [home.url()], "secret": "canary-bearer"});
    let made = credential(&client, "shop", put.clone()).await;
    assert!(made.status == 201 && !made.text.contains("canary"), "{}", made.text);
    assert_eq!(credential(&client, "shop", put).await.status, 200);
    let shown = client.get("/api/credentials/shop").await.expect(200);
    assert_eq!((&shown.json()["type"], &shown.json()["hosts"][0]), (&json!("bearer"), &json!(home.url())));
    assert!(!client.get("/api/credentials").await.expect(200).text.contains("canary"));

    install(&client, &asks(&format!("{{url: \"{}/{{{{ inputs.path }}}}\", auth: {{credential: shop}}}}", home.url()))).await;
    assert_eq!(run(&client, "asks", json!({"path": "here"})).await["status"], "succeeded");
    assert_eq!(home.received()[0].headers["authorization"], "Bearer canary-bearer");
    assert_eq!(run(&client, "asks", json!({"path": "away"})).await["status"], "succeeded");
    assert_eq!(other.received()[0].line, "GET /stolen");
    assert!(!other.received()[0].headers.contains_key("authorization"), "a redirect elsewhere takes nothing along");

    install(&client, &asks(&format!("{{url: \"{}/\", auth: {{credential: shop}}}}", other.url()))).await;
    let refused = run(&client, "asks", json!({})).await;
    let error = refused["error"].to_string();
    assert!(error.contains(&format!("`shop` may not be sent to {}; it is bound to {}", other.url(), home.url())), "{error}");
    assert_eq!(other.received().len(), 1);

    let _ = client.delete("/api/credentials/shop").await.expect(204);
    assert_eq!(problem(&client.get("/api/credentials/shop").await), "not_found");
    let missing = run(&client, "asks", json!({})).await;
    assert!(missing["error"].to_string().contains("tidemill credential set shop"), "{missing}");
}

#[tokio::test]
async fn a_bad_credential_is_refused_with_a_reason() {
    let server = server().await;
    let client = server.client();
    for (put, reason) in [
        (json!({"type": "bearer", "hosts": ["*.example.com"], "secret": "canary"}), "is a pattern"),
        (json!({"type": "bearer", "hosts": ["ftp://a"], "secret": "canary"}), "scheme"),
        (json!({"type": "bearer", "hosts": ["a"]}), "`secret` is missing"),
        (json!({"type": "basic", "hosts": ["a"], "secret": "canary"}), "`username` is missing"),
        (json!({"type": "api_key", "hosts": ["a"], "secret": "canary"}), "name one of them"),
        (json!({"type": "signing", "hosts": ["a"], "secret": "canary"}), "whsec_"),
        (json!({"type": "smtp", "hosts": ["smtp+plain://a"], "username": "u", "secret": "canary"}), "without encryption"),
        (json!({"type": "bearer", "hosts": ["a"], "secret": "canary\r\nX-Evil: 1"}), "control characters"),
    ] {
        let answer = credential(&client, "bad", put.clone()).await;
        assert!(
            answer.status == 400 && answer.text.contains(reason) && !answer.text.contains("canary"),
            "{put}: {}",
            answer.text
        );
    }
    let file = asks("{url: \"https://a.example\", method: \"{{ secrets.x }}\"}");
    assert!(apply(&client, &file).await.text.contains("secret_not_allowed"));
    let file = asks("{url: \"https://a.example\", success_if: \"secrets.x == body\"}");
    assert!(apply(&client, &file).await.text.contains("unknown_name"));
}

/// Ways to write a text: those of [`encodings`], whole.
fn written(text: &str) -> Vec<String> {
    let mut written = encodings(text);
    for (place, before) in ["", "a", "ab"].into_iter().enumerate() {
        written[place] = base64_of(format!("{before}{text}").as_bytes());
    }
    written
}

/// What must not be found of a text: base64 at each place within a group of three, without the characters at its edges that also
/// depend on its neighbours; percent-encoded, JSON-escaped, hexadecimal, reversed, plain.
fn encodings(text: &str) -> Vec<String> {
    let base64 = |before: &str| {
        let encoded = base64_of(format!("{before}{text}").as_bytes());
        let inside = encoded.trim_end_matches('=');
        inside[[0, 2, 3][before.len()]..inside.len() - 1].to_owned()
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let percent = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    let json = Value::from(text).to_string();
    vec![
        base64(""),
        base64("a"),
        base64("ab"),
        text.bytes().map(percent).collect(),
        json[1..json.len() - 1].to_owned(),
        hex::encode(text),
        text.chars().rev().collect(),
        text.to_owned(),
    ]
}

fn base64_of(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for place in 0..4 {
            let letter = char::from(LETTERS[(bits >> (18 - 6 * place)) as usize & 63]);
            text.push(if place <= group.len() { letter } else { '=' });
        }
    }
    text
}

/// Every row of every table.
fn dump(database: &TestDatabase) -> String {
    let tables = database.query("SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'tidemill'");
    let rows = |table: String| database.query(&format!("SELECT t::text FROM {table} t")).into_iter().flatten();
    tables.into_iter().flatten().flat_map(rows).map(|row| row + "\n").collect()
}

#[tokio::test]
async fn forty_planted_secrets_are_found_nowhere() {
    let planted: Vec<String> =
        (0..40).map(|n| format!("Canary-{n:02}-\"x/y z&{}-{}", if n < 30 { "ö" } else { "" }, "deep".repeat(n % 4))).collect();
    let server = server().await;
    let client = server.client();
    for (n, value) in planted.iter().take(30).enumerate() {
        secret(&client, &format!("s{n}"), value).await;
    }
    // An endpoint that tells everything it was told, in every encoding, and fails when it is asked to.
    let echo: Vec<String> = planted.iter().flat_map(|text| written(text)).collect();
    let nested = (0..50).fold(json!(echo), |inner, _| json!([inner]));
    let body: &'static str =
        json!({"echo": echo, "deep": nested, "basic": base64_of(format!("user:{}", planted[0]).as_bytes())}).to_string().leak();
    let endpoint = Endpoint::start(move |_, request| {
        if request.line.contains("/fail") {
            Reply::Answer(500, "x-told: Canary-00", body)
        } else {
            Reply::Answer(200, "", body)
        }
    })
    .await;
    for (n, value) in planted.iter().enumerate().skip(30) {
        let kind = if n % 2 == 0 { json!({"type": "bearer"}) } else { json!({"type": "basic", "username": "u"}) };
        let mut put = json!({"hosts": [endpoint.url()], "secret": value});
        put["type"] = kind["type"].clone();
        put["username"] = kind["username"].clone();
        assert_eq!(credential(&client, &format!("c{n}"), put).await.status, 201);
    }
    let headers: String = (0..10).map(|n| format!("X-S{n}: \"{{{{ secrets.s{n} | urlencode }}}}\", ")).collect();
    let fields: String = (10..30).map(|n| format!("f{n}: \"<{{{{ secrets.s{n} }}}}>\", ")).collect();
    let mut file = format!(
        "id: told\nsteps:\n  - id: ask\n    uses: http.request\n    with: {{method: POST, url: \"{0}/ok?q={{{{ secrets.s0 | urlencode }}}}\", headers: {{{headers}}}, json: {{{fields}}}}}\n  - id: fail\n    uses: http.request\n    on_error: continue\n    with: {{method: POST, url: \"{0}/fail\", headers: {{{headers}}}, form: {{{fields}}}}}\n",
        endpoint.url()
    );
    for n in 30..40 {
        file += &format!(
            "  - {{id: c{n}, uses: http.request, with: {{url: \"{}/fail\", auth: {{credential: c{n}}}}}, on_error: continue}}\n",
            endpoint.url()
        );
    }
    file.push_str("  - {id: after, uses: transform, with: {all: \"{{ steps.ask.output }}\", error: \"{{ steps.fail.error.message }}\"}}\n");
    install(&client, &file).await;
    // An execution that fails with the answer of the endpoint, and a subscription whose deliveries are answered so.
    let failing = format!(
        "id: fails\nsteps:\n  - id: ask\n    uses: http.request\n    with: {{method: POST, url: \"{}/fail\", headers: {{{headers}}}, form: {{{fields}}}}}\n",
        endpoint.url()
    );
    install(&client, &failing).await;
    let subscription = json!({"url": format!("{}/fail", endpoint.url()), "events": ["execution_ended"]});
    let subscription = client.post("/api/subscriptions", &subscription).await.expect(201).json()["subscription"]["id"].clone();
    let deliveries = format!("/api/subscriptions/{}/deliveries", subscription.as_str().unwrap());
    let failed = run(&client, "fails", json!({})).await;
    assert_eq!(failed["status"], "failed");
    let ended = run(&client, "told", json!({})).await;
    assert_eq!(ended["status"], "succeeded", "{}", ended["error"]);
    assert!(endpoint.received().iter().any(|request| request.body.contains("Canary-29")), "the secrets were sent");
    let id = ended["id"].as_str().unwrap();

    tidemill_harness::eventually_async("both ends were told and refused", || async {
        let page = client.get(&deliveries).await.expect(200).json();
        page["items"].as_array().unwrap().iter().filter(|item| item["status"] == 500).nth(1).map(|_| ())
    })
    .await;
    let failed_id = failed["id"].as_str().unwrap();
    let command = |args: &[&str]| {
        let mut command = Command::new(BINARY);
        let command = command.args(args).env("TIDEMILL_SERVER", server.url()).env("TIDEMILL_TOKEN", server.token());
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    let database = server.database().unwrap();
    let sinks = [
        ("detail", detail(&client, id).await.to_string()),
        ("events", serde_json::to_string(&events(&client, id).await).unwrap()),
        ("secrets", client.get("/api/secrets").await.text + &client.get("/api/credentials").await.text),
        ("log", server.log()),
        ("metrics", client.get("/metrics").await.text),
        ("dump", dump(database)),
        ("frames", stream::words(&server, id).await + &stream::words(&server, failed_id).await),
        ("failure", detail(&client, failed_id).await.to_string() + &client.get("/api/dead-letters").await.text),
        ("deliveries", client.get(&deliveries).await.text),
        ("audit", client.get("/api/workspaces/main/audit-log?limit=200").await.text),
        ("command line", command(&["describe", "execution", id, "-o", "yaml"]) + &command(&["logs", failed_id])),
    ];
    assert!(sinks.iter().all(|(name, text)| *name == "log" || text.len() > 100), "a sink is empty");
    let unescaped: Vec<(&str, String)> =
        sinks.iter().map(|(name, text)| (*name, text.replace("\\\"", "\"").replace("\\\\", "\\"))).collect();
    for (name, text) in sinks.iter().chain(&unescaped) {
        for secret in &planted {
            for form in encodings(secret) {
                assert!(!text.contains(&form), "{name} has {form}");
            }
        }
    }
}

#[tokio::test]
async fn an_access_token_is_got_kept_renewed_and_shown_nowhere() {
    let server = server().await;
    let client = server.client();
    let auth = Endpoint::start(|before, request| match (before, request.line.as_str()) {
        (0, "POST /token") => {
            Reply::Answer(200, "", r#"{"access_token": "canary-token-1", "token_type": "bearer", "expires_in": 3600}"#)
        }
        (1, "POST /token") => Reply::Answer(200, "", r#"{"access_token": "canary-token-2", "token_type": "Bearer"}"#),
        _ => Reply::Answer(503, "", r#"{"why": "canary-client-secret"}"#),
    })
    .await;
    // The first token is good twice.
    let api = Endpoint::start(|before, request| match (before, request.headers["authorization"].as_str()) {
        (0 | 1, "Bearer canary-token-1") => Reply::Answer(200, "", r#"{"echo": "canary-token-1"}"#),
        (_, "Bearer canary-token-2") => Reply::Answer(200, "", r#"{"echo": "canary-token-2"}"#),
        _ => Reply::Answer(401, "", "{}"),
    })
    .await;
    let put = json!({"type": "oauth2", "hosts": [api.url()], "token_url": format!("{}/token", auth.url()), "client_id": "tide mill",
        "scope": "orders:read", "secret": "canary-client-secret"});
    let made = credential(&client, "crm", put.clone()).await;
    assert!(made.status == 201 && !made.text.contains("canary"), "{}", made.text);
    install(&client, &asks(&format!("{{url: \"{}\", auth: {{credential: crm}}}}", api.url()))).await;
    for _ in 0..3 {
        let whole = run(&client, "asks", json!({})).await;
        assert_eq!((&whole["status"], &whole["output"]["body"]["echo"]), (&json!("succeeded"), &json!("***")), "{whole}");
    }
    let asked = auth.received();
    assert_eq!((asked.len(), api.received().len()), (2, 4), "kept, and got anew when it was refused");
    assert_eq!(asked[0].body, "grant_type=client_credentials&scope=orders%3Aread");
    assert_eq!(asked[0].headers["authorization"], format!("Basic {}", base64_of(b"tide+mill:canary-client-secret")));
    assert!(!api.received().iter().any(|request| format!("{request:?}").contains("client-secret")));
    // A new secret: the endpoint doesn't answer well, and what it says is not repeated.
    let mut other = put;
    other["secret"] = json!("canary-client-secret-2");
    assert_eq!(credential(&client, "crm", other).await.status, 200);
    let failed = run(&client, "asks", json!({})).await;
    let error = failed["error"].to_string();
    assert!(error.contains("`crm` has no access token: 127.0.0.1 answered 503") && !error.contains("canary"), "{error}");
    assert!(!server.log().contains("canary"));
}

#[tokio::test]
async fn a_wrong_server_key_is_known_at_the_start() {
    let mut server = server().await;
    secret(&server.client(), "shop", "canary").await;
    server.terminate();
    let path = server.data_dir().join("secret.key");
    let right = fs::read(&path).unwrap();
    let start = || {
        let mut command = Command::new(BINARY);
        command.args(["serve", "--listen", "127.0.0.1:0", "--database-url", server.database().unwrap().url(), "--data-dir"]);
        let output = command.arg(server.data_dir()).output().unwrap();
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    fs::write(&path, [7; 32]).unwrap();
    let (started, said) = start();
    assert!(!started && said.contains("is not the one that the secrets in this database are sealed with"), "{said}");
    fs::remove_file(&path).unwrap();
    let (started, said) = start();
    assert!(!started && said.contains("there is no ") && said.contains("secret.key"), "{said}");
    assert!(!path.exists(), "no new key is made where an old one is needed");
    fs::write(&path, right).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    server.restart().await;
}

#[tokio::test]
async fn the_server_key_is_replaced_while_the_server_runs() {
    let mut server = server().await;
    let client = server.client();
    let endpoint = Endpoint::start(|_, _| Reply::Answer(200, "", "{}")).await;
    secret(&client, "shop", "canary").await;
    install(&client, &asks(&format!("{{url: \"{}\", headers: {{X-Key: \"{{{{ secrets.shop }}}}\"}}}}", endpoint.url()))).await;
    let rotate = || {
        let mut command = Command::new(BINARY);
        command.args(["rotate-key", "--database-url", server.database().unwrap().url(), "--data-dir"]);
        let output = command.arg(server.data_dir()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let said = rotate();
    assert!(said.contains("sealed 1 data keys") && said.contains("secret-2.key"), "{said}");
    assert_eq!(run(&client, "asks", json!({})).await["status"], "succeeded", "the running server finds the new key");
    secret(&client, "shop", "second").await;
    server.terminate();
    fs::remove_file(server.data_dir().join("secret.key")).unwrap();
    server.restart().await;
    assert_eq!(run(&server.client(), "asks", json!({})).await["status"], "succeeded");
    let keys: Vec<String> = endpoint.received().iter().map(|request| request.headers["x-key"].clone()).collect();
    assert_eq!(keys, ["canary", "second"]);
}

#[tokio::test]
async fn a_new_secret_counts_at_once() {
    let server = server().await;
    let client = server.client();
    secret(&client, "door", "first").await;
    install(
        &client,
        "id: door\ntriggers: [{id: t, type: webhook, path: door, auth: {type: bearer, secret: \"{{ secrets.door }}\"}}]\nsteps: [{id: a, uses: transform, with: {}}]\n",
    )
    .await;
    let knock = async |key: &str| {
        let request = client.anonymous().request(Method::POST, "/hooks/main/door").bearer_auth(key);
        Answer::of(request).await.status
    };
    assert_eq!(knock("first").await, 202);
    secret(&client, "door", "second").await;
    assert_eq!((knock("first").await, knock("second").await), (401, 202));
}
