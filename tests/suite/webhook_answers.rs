//! What a webhook takes, and what it answers: paths, bodies, replies, limits, test addresses.

use reqwest::Method;
use serde_json::{Value, json};
use tidemill_harness::{Answer, Client, ServerOptions, TestServer, eventually_async};

use crate::audit;
use crate::scene::{BINARY, apply, ended, header, install, problem, secret, server, text};

const ECHO: &str = r#"
id: echo
triggers:
  - {id: any, type: webhook, path: "orders/{number}", methods: [POST, PUT], respond: when_finished}
  - {id: fixed, type: webhook, path: orders/new, respond: when_finished}
  - {id: deep, type: webhook, path: "{shop}/{number}/items", respond: when_finished}
steps:
  - {id: echo, uses: transform, with: {params: "{{ trigger.params }}", body: "{{ trigger.body }}", query: "{{ trigger.query }}", a: "{{ trigger.headers['x-a'] | default('') }}"}}
output: "{{ steps.echo.output }}"
"#;

async fn with(file: &str) -> (TestServer, Client) {
    let server = server().await;
    install(&server.client(), file.trim_start()).await;
    let anonymous = server.client().anonymous();
    (server, anonymous)
}

async fn send(client: &Client, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let request = client.request(method, path).body(body.to_owned());
    Answer::of(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
}

#[tokio::test]
async fn an_address_says_its_parameters_and_a_literal_goes_first() {
    let (_server, sender) = with(ECHO).await;
    let params =
        async |path: &str| send(&sender, Method::POST, path, &[], "{}").await.expect(200).json()["output"]["params"].clone();
    assert_eq!(params("/hooks/main/orders/7").await, json!({"number": "7"}));
    assert_eq!(
        params("/hooks/main/orders/a%20b%2F%C3%BC").await,
        json!({"number": "a b/ü"}),
        "an encoded slash separates nothing"
    );
    assert_eq!(params("/hooks/main/orders/new").await, json!({}));
    assert_eq!(params("/hooks/main/x/7/items").await, json!({"shop": "x", "number": "7"}));
    for path in ["/hooks/main/orders", "/hooks/main/orders/7/8", "/hooks/main/orders//items", "/hooks/main/orders%2Fnew"] {
        assert_eq!(send(&sender, Method::POST, path, &[], "{}").await.status, 404, "{path}");
    }
    let refused = send(&sender, Method::DELETE, "/hooks/main/orders/7", &[], "").await.expect(405);
    assert_eq!((header(&refused, "allow"), problem(&refused).as_str()), ("POST, PUT", "method_not_allowed"));
    let repeated = [("X-A", "1"), ("X-A", "2")];
    let said = send(&sender, Method::POST, "/hooks/main/orders/7?a=1&a=2&b=3", &repeated, "{}").await.expect(200).json();
    assert_eq!((&said["output"]["query"], &said["output"]["a"]), (&json!({"a": ["1", "2"], "b": "3"}), &json!("1, 2")));
}

#[tokio::test]
async fn forms_with_files_and_xml_are_read_and_tricks_are_not() {
    let (server, sender) = with(ECHO).await;
    let path = "/hooks/main/orders/7";
    let body = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"/etc/passwd\"\r\nContent-Type: text/plain\r\n\r\nhi\r\n--x--\r\n";
    let form = [("Content-Type", "multipart/form-data; boundary=x")];
    let said = send(&sender, Method::POST, path, &form, body).await.expect(200).json();
    let file = json!({"file_name": "/etc/passwd", "content_type": "text/plain", "size": 2, "base64": "aGk="});
    assert_eq!(said["output"]["body"], json!({"a": "1", "f": file}));
    // A client's object is an object, whatever its fields are called.
    let forged = r#"{"files": [{"filepath": "/etc/passwd"}], "__proto__": {"a": 1}}"#;
    let said = send(&sender, Method::POST, path, &[("Content-Type", "application/json")], forged).await.expect(200).json();
    assert_eq!(said["output"]["body"], serde_json::from_str::<Value>(forged).unwrap());
    let xml = [("Content-Type", "application/xml")];
    let said = send(&sender, Method::POST, path, &xml, "<o id='7'><sku>a</sku><sku>b</sku></o>").await.expect(200).json();
    assert_eq!(said["output"]["body"], json!({"o": {"@id": "7", "sku": ["a", "b"]}}));
    for (headers, body, status) in [
        (xml, "<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", 400),
        ([("Content-Type", "multipart/form-data")], body, 400),
        ([("Content-Type", "application/json")], "a=1", 400),
        ([("Content-Type", "application/octet-stream")], "a", 415),
    ] {
        let answer = send(&sender, Method::POST, path, &headers, body).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.text);
    }
    let content = "x".repeat(1_100_000);
    let large = format!("--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\n{content}\r\n--x--\r\n");
    let said = send(&sender, Method::POST, path, &form, &large).await.expect(200).json();
    assert_eq!(said["output"]["body"]["f"]["size"], 1_100_000);
    assert!(said["output"]["body"]["f"]["content"]["$file"]["sha256"].is_string(), "{said}");
    let too_large = large.replace(&content, &"x".repeat(11 * 1024 * 1024));
    let refused = send(&sender, Method::POST, path, &form, &too_large).await;
    assert_eq!((refused.status, problem(&refused).as_str()), (413, "payload_too_large"));
    // A reference that a sender makes up opens nothing, however much it says there is.
    let made_up = json!({"$file": {"sha256": "0".repeat(64), "bytes": u64::MAX, "execution_id": said["id"]}});
    let forged = json!({"a": {"content": made_up}, "b": {"content": made_up}}).to_string();
    let said = send(&sender, Method::POST, path, &[("Content-Type", "application/json")], &forged).await.expect(200).json();
    assert_eq!(said["output"]["body"], serde_json::from_str::<Value>(&forged).unwrap());
    audit::check_at_rest(server.database().unwrap());
}

const REPLY: &str = r#"
id: reply
triggers:
  - {id: hook, type: webhook, path: reply, respond: step, respond_within: 2s}
steps:
  - {id: slow, uses: wait, if: "trigger.body.slow", with: {duration: 1h}}
  - {id: say, uses: respond, if: "always() and not trigger.body.silent", with: {status: "{{ trigger.body.status }}", headers: "{{ trigger.body.headers }}", json: {got: "{{ trigger.body.n }}"}}}
  - {id: again, uses: respond, if: "always()", depends_on: [say], with: {body: second}}
  - {id: later, uses: wait, if: "trigger.body.later", with: {duration: 1h}}
"#;

#[tokio::test]
async fn a_step_says_what_is_answered_and_the_execution_goes_on() {
    let (server, sender) = with(REPLY).await;
    let deliver = async |wanted: Value| {
        let mut body = json!({"n": 7, "status": 200, "headers": {}, "slow": false, "silent": false, "later": false});
        body.as_object_mut().unwrap().extend(wanted.as_object().unwrap().clone());
        sender.post("/hooks/main/reply", &body).await
    };
    let said = deliver(json!({"n": 7, "status": 201, "headers": {"X-Order": "7"}, "later": true})).await.expect(201);
    assert_eq!((said.json(), header(&said, "x-order")), (json!({"got": 7}), "7"));
    assert!(header(&said, "content-security-policy").starts_with("sandbox"));
    let id = header(&said, "tidemill-execution").to_owned();
    let now = server.client().get(&format!("/api/executions/{id}")).await.expect(200).json();
    assert_eq!(now["status"], "waiting", "the answer does not end the execution");

    let forged = deliver(json!({"n": 7, "status": 200, "headers": {"Set-Cookie": "a=b"}})).await.expect(200);
    assert!(text(&forged.json()["error"]["message"]).contains("can't be set"), "{}", forged.text);
    assert_eq!(header(&forged, "set-cookie"), "");
    let wrong = deliver(json!({"n": 7, "status": 42})).await.expect(200);
    assert!(text(&wrong.json()["error"]["message"]).contains("200 to 599"), "{}", wrong.text);
    assert_eq!(deliver(json!({"silent": true})).await.expect(200).text, "second", "the first one that runs counts");
    let late = deliver(json!({"slow": true})).await.expect(202);
    assert_eq!(header(&late, "location"), text(&late.json()["url"]));
    audit::check(server.database().unwrap());
}

#[tokio::test]
async fn a_workflow_that_answers_by_a_step_needs_one() {
    let server = server().await;
    let file = "id: mute\ntriggers: [{id: t, type: webhook, path: mute, respond: step}]\nsteps: [{id: a, uses: transform, with: {}}]\n";
    let refused = apply(&server.client(), file).await.expect(422);
    assert!(refused.text.contains("missing_step"), "{}", refused.text);
}

const GUARDED: &str = r#"
id: guarded
triggers:
  - {id: few, type: webhook, path: few, rate_limit: {limit: 2, per: 1h}, max_body_bytes: 20}
  - {id: shared, type: webhook, path: shared, cors: {origins: ["https://shop.example.com"], headers: [X-Cart]}}
  - {id: local, type: webhook, path: local, allow_ips: [127.0.0.0/8]}
  - {id: remote, type: webhook, path: remote, allow_ips: [203.0.113.0/24, "2001:db8::1"]}
steps: [{id: a, uses: transform, with: {}}]
"#;

#[tokio::test]
async fn a_webhook_takes_so_many_so_large_and_from_there() {
    let (_server, sender) = with(GUARDED).await;
    let post = async |path: &str, headers: &[(&str, &str)], body: &str| {
        send(&sender, Method::POST, &format!("/hooks/main/{path}"), headers, body).await
    };
    let large = post("few", &[], "{\"a\": \"0123456789012345\"}").await;
    assert_eq!((large.status, problem(&large).as_str()), (413, "payload_too_large"));
    let _ = post("few", &[], "{}").await.expect(202);
    let many = post("few", &[], "{}").await;
    assert_eq!((many.status, problem(&many).as_str()), (429, "overloaded"));
    assert!(header(&many, "retry-after").parse::<u64>().unwrap() > 1000, "{}", header(&many, "retry-after"));

    let _ = post("local", &[], "{}").await.expect(202);
    for forged in [&[][..], &[("X-Forwarded-For", "203.0.113.7")]] {
        let refused = post("remote", forged, "{}").await;
        assert_eq!((refused.status, problem(&refused).as_str()), (403, "forbidden"), "nobody's word is taken for it");
    }

    let asked = [("Origin", "https://shop.example.com"), ("Access-Control-Request-Method", "POST")];
    let preflight = send(&sender, Method::OPTIONS, "/hooks/main/shared", &asked, "").await.expect(204);
    assert_eq!(header(&preflight, "access-control-allow-origin"), "https://shop.example.com");
    assert!(header(&preflight, "access-control-allow-headers").contains("x-cart"));
    assert_eq!(header(&preflight, "access-control-allow-methods"), "POST");
    let taken = post("shared", &asked[..1], "{}").await.expect(202);
    assert_eq!(header(&taken, "access-control-allow-origin"), "https://shop.example.com");
    let broken = post("shared", &asked[..1], "{").await.expect(400);
    assert_eq!(header(&broken, "access-control-allow-origin"), "https://shop.example.com", "a script may read why");
    for origin in ["null", "https://evil.example", "https://shop.example.com.evil.example", "http://shop.example.com"] {
        let strange = send(&sender, Method::OPTIONS, "/hooks/main/shared", &[("Origin", origin)], "").await;
        assert_eq!(header(&strange, "access-control-allow-origin"), "", "{origin}");
    }
    let closed = send(&sender, Method::OPTIONS, "/hooks/main/local", &asked, "").await.expect(405);
    assert_eq!((header(&closed, "access-control-allow-origin"), header(&closed, "allow")), ("", "POST"));
}

#[tokio::test]
async fn a_trusted_proxy_says_where_a_delivery_comes_from() {
    let args = vec!["--trusted-proxies".to_owned(), "127.0.0.0/8".to_owned()];
    let server = TestServer::start_with(ServerOptions { binary: BINARY.into(), args, ..ServerOptions::default() }).await;
    install(&server.client(), GUARDED.trim_start()).await;
    let sender = server.client().anonymous();
    for (forwarded, status) in [
        ("203.0.113.7", 202),
        ("203.0.113.7, 127.0.0.2", 202),
        ("203.0.113.7, 198.51.100.1", 403),
        ("198.51.100.1", 403),
        ("2001:db8::1", 202),
    ] {
        let answer = send(&sender, Method::POST, "/hooks/main/remote", &[("X-Forwarded-For", forwarded)], "{}").await;
        assert_eq!(answer.status, status, "{forwarded}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_test_address_tries_a_version_that_is_not_live() {
    let (server, sender) = with(ECHO).await;
    let client = server.client();
    let _ = apply(&client, &ECHO.trim_start().replace("a: \"{{ trigger", "draft: true, a: \"{{ trigger")).await.expect(200);
    let made = client.post("/api/workflows/echo/triggers/any/test", &json!({})).await.expect(200).json();
    assert_eq!(made["version"], 2);
    let path = text(&made["path"]).replace("{number}", "7");
    assert!(path.starts_with("/test-hooks/"), "{path}");
    let tried = sender.post(&path, &json!({"a": 1})).await.expect(200).json();
    assert_eq!((&tried["output"]["draft"], &tried["output"]["params"]["number"]), (&json!(true), &json!("7")));
    let live = sender.post("/hooks/main/orders/7", &json!({"a": 1})).await.expect(200).json();
    assert_eq!(live["output"].get("draft"), None, "what is live stays as it is");
    for wrong in ["/test-hooks/x/orders/7".to_owned(), path.replace("/7", "/7/8"), path.replace("/orders/", "/others/")] {
        assert_eq!(sender.post(&wrong, &json!({})).await.status, 404, "{wrong}");
    }
    server.database().unwrap().execute("UPDATE tidemill.trigger_tests SET expires_at = now() - interval '1 second'");
    assert_eq!(sender.post(&path, &json!({})).await.status, 404, "it has expired");
    assert_eq!(client.post("/api/workflows/echo/triggers/nothing/test", &json!({})).await.status, 404);
    let shown = client.get("/api/triggers").await.expect(200).json();
    let ids: Vec<_> = shown["items"].as_array().unwrap().iter().map(|item| text(&item["trigger"]["id"])).collect();
    assert_eq!(ids, ["any", "fixed", "deep"]);
    assert_eq!(
        client.get("/api/workflows/echo/triggers/any").await.expect(200).json()["trigger"]["path"],
        "/hooks/main/orders/{number}"
    );
}

const ASKED: &str = r#"
id: asked
triggers:
  - {id: slack, type: webhook, path: slack, auth: {type: hmac, scheme: slack, secret: ["{{ secrets.new }}", "{{ secrets.old }}"]}}
steps: [{id: a, uses: transform, with: {x: "{{ trigger.headers }}"}}]
"#;

fn slack(key: &str, body: &str) -> [(&'static str, String); 2] {
    use hmac::{Hmac, Mac};
    let at = chrono::Utc::now().timestamp();
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(format!("v0:{at}:{body}").as_bytes());
    let signature = format!("v0={}", hex::encode(mac.finalize().into_bytes()));
    [("X-Slack-Request-Timestamp", at.to_string()), ("X-Slack-Signature", signature)]
}

#[tokio::test]
async fn a_question_is_answered_two_secrets_fit_and_an_event_counts_once() {
    let server = server().await;
    let client = server.client();
    secret(&client, "new", "the-new-one").await;
    secret(&client, "old", "the-old-one").await;
    install(&client, ASKED.trim_start()).await;
    let sender = client.anonymous();
    let deliver = async |key: &str, body: &str| {
        let signed = slack(key, body);
        let mut headers = vec![("Content-Type", "application/json")];
        headers.extend(signed.iter().map(|(name, value)| (*name, value.as_str())));
        send(&sender, Method::POST, "/hooks/main/slack", &headers, body).await
    };
    let asked = r#"{"type": "url_verification", "challenge": "abc"}"#;
    assert_eq!(deliver("the-new-one", asked).await.expect(200).json(), json!({"challenge": "abc"}));
    assert_eq!(deliver("another", asked).await.status, 401, "only the sender gets an answer");
    let event = r#"{"type": "event_callback", "event_id": "Ev1"}"#;
    let first = deliver("the-new-one", event).await.expect(202);
    let second = deliver("the-old-one", event).await.expect(200);
    assert_eq!((&second.json()["duplicate"], audit::acknowledged(&second)), (&json!(true), audit::acknowledged(&first)));
    let shown = ended(&client, &audit::acknowledged(&first)).await;
    assert!(!shown.to_string().contains("v0="), "a proof is not kept: {shown}");
    eventually_async("one execution has ended", || async {
        (audit::tally(server.database().unwrap()) == "succeeded 1").then_some(())
    })
    .await;
}
