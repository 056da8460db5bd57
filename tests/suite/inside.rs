//! Nothing inside is reached through anything that goes out, and what may be reached is, however it is written.

use serde_json::{Value, json};
use tidemill_harness::{Answer, Client, ServerOptions, TestServer, eventually_async};

use crate::endpoint::{Endpoint, Reply};
use crate::mailbox::Mailbox;
use crate::outbound::credential;
use crate::scene::{BINARY, install, run, step, text};

/// One URL a line: the corpus of the outbound client's own tests.
const CORPUS: &str = include_str!("../../server/src/runner/outbound/corpus_forbidden.txt");
/// What is no web address at all.
const NOT_WEB: [&str; 4] = ["file:///etc/passwd", "gopher://127.0.0.1/", "data:text/plain,x", "ftp://127.0.0.1/"];
/// As many as a workspace has subscriptions and a workflow triggers.
const CHUNK: usize = 48;

/// The corpus, with the port of a server that listens here, so that whatever gets through is seen.
fn urls(port: &str) -> Vec<String> {
    let with_port = |url: &str| match url.split_once("://") {
        Some((scheme, rest)) if !rest.contains(' ') => {
            let host = rest.split('/').next().unwrap().trim_end_matches(":8080");
            format!("{scheme}://{host}:{port}/")
        }
        _ => url.to_owned(),
    };
    CORPUS.lines().map(with_port).chain(NOT_WEB.map(str::to_owned)).collect()
}

/// A server as an operator starts it who allows nothing.
async fn strict() -> TestServer {
    TestServer::start_with(ServerOptions { binary: BINARY.into(), ..ServerOptions::default() }).await
}

async fn trap() -> (Endpoint, String) {
    let trap = Endpoint::start(|_, _| Reply::Answer(200, "", "{}")).await;
    let port = trap.url().rsplit(':').next().unwrap().to_owned();
    (trap, port)
}

/// The reason must be a rule, and not that nobody listened: that would say what is inside.
fn assert_blocked(through: &str, url: &str, why: &str) {
    assert!(
        !why.contains("refused") && !why.contains("timed out") && !why.contains("no connection"),
        "{url} by {through}: {why}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_step_reaches_the_inside() {
    let (server, (trap, port)) = (strict().await, trap().await);
    let client = server.client();
    let urls = urls(&port);
    assert!(urls.len() >= 80);
    let put = json!({"type": "signing", "hosts": ["a.example"], "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"});
    assert_eq!(credential(&client, "sign", put).await.status, 201);
    install(
        &client,
        "id: reach
steps:
  - id: http
    uses: http.request
    for_each: {items: \"{{ inputs }}\", concurrency: 8, on_error: continue}
    with: {url: \"{{ item }}\"}
  - id: hook
    uses: webhook.send
    for_each: {items: \"{{ inputs }}\", concurrency: 8, on_error: continue}
    with: {credential: sign, url: \"{{ item }}\", type: x}
",
    )
    .await;
    let ended = run(&client, "reach", json!(urls)).await;
    for id in ["http", "hook"] {
        let outcomes = step(&ended, id)["output"].as_array().unwrap().clone();
        assert_eq!(outcomes.len(), urls.len());
        for (url, outcome) in urls.iter().zip(outcomes) {
            let why = outcome["error"]["message"].as_str().unwrap_or_else(|| panic!("{url} was reached by {id}: {outcome}"));
            assert_blocked(id, url, why);
        }
    }
    assert!(trap.received().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_mail_reaches_the_inside() {
    let (server, (trap, port)) = (strict().await, trap().await);
    let client = server.client();
    let (mut steps, mut sent) = (String::new(), Vec::new());
    for (number, url) in urls(&port).iter().enumerate() {
        let host = url.split("://").nth(1).unwrap_or_default().trim_end_matches('/');
        let put = json!({"type": "smtp", "hosts": [format!("smtp+plain://{host}")]});
        let answer = credential(&client, &format!("m{number}"), put).await;
        if answer.status == 201 {
            steps += &format!(
                "  - {{id: s{number}, uses: email.send, depends_on: [], on_error: continue, with: {{credential: m{number}, from: a@example.com, to: b@example.com, text: x}}}}\n"
            );
            sent.push((format!("s{number}"), url.clone()));
        } else {
            assert_eq!(answer.status, 400, "{url}: {}", answer.text);
        }
    }
    assert!(sent.len() > 80, "{}", sent.len());
    install(&client, &format!("id: reach\nsteps:\n{steps}")).await;
    let ended = run(&client, "reach", json!({})).await;
    for (id, url) in &sent {
        let why = step(&ended, id)["error"]["message"].as_str().unwrap_or_else(|| panic!("{url} was reached")).to_owned();
        assert_blocked("email.send", url, &why);
    }
    assert!(trap.received().is_empty());
}

/// What a subscription to `url` says of its first attempt, or what the API says of the address.
async fn subscribed(client: &Client, url: &str) -> (Option<String>, String) {
    let made = client.post("/api/subscriptions", &json!({"url": url, "events": ["execution_failed"]})).await;
    if made.status != 201 {
        assert_eq!(made.status, 400, "{url}: {}", made.text);
        return (None, made.text);
    }
    let path = format!("/api/subscriptions/{}", text(&made.json()["subscription"]["id"]));
    let _ = client.post(&format!("{path}/test"), &json!({})).await.expect(200);
    let why = eventually_async("an attempt was made", || async {
        let page = client.get(&format!("{path}/deliveries")).await.expect(200).json();
        let first = &page["items"][0];
        (first["status"].is_number() || first["error"].is_string()).then(|| first.clone())
    })
    .await;
    let _ = client.delete(&path).await.expect(204);
    (Some(path), why["error"].as_str().map_or_else(|| why["status"].to_string(), str::to_owned))
}

#[tokio::test(flavor = "multi_thread")]
async fn no_subscription_reaches_the_inside() {
    let (server, (trap, port)) = (strict().await, trap().await);
    let client = server.client();
    let mut tried = 0;
    for chunk in urls(&port).chunks(8) {
        let all = futures_util::future::join_all(chunk.iter().map(|url| subscribed(&client, url))).await;
        for (url, (path, why)) in chunk.iter().zip(all) {
            tried += usize::from(path.is_some());
            assert_ne!(why, "200", "{url} was reached");
            assert_blocked("a subscription", url, &why);
        }
    }
    assert!(tried >= 80, "{tried}");
    assert!(trap.received().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_condition_reaches_the_inside() {
    let (server, (trap, port)) = (strict().await, trap().await);
    let client = server.client();
    // What is no URL is refused when the file is saved; here it comes out of an expression.
    let urls = urls(&port);
    for (part, chunk) in urls.chunks(CHUNK).enumerate() {
        let triggers: Vec<Value> = (0..chunk.len())
            .map(|number| {
                let url = format!("{{{{ {} }}}}", Value::from(chunk[number].as_str()));
                json!({"id": format!("t{number}"), "type": "condition", "every": "1h", "if": "result.status == 200",
                    "check": {"uses": "http.request", "with": {"url": url}}})
            })
            .collect();
        let file = json!({"id": format!("looks{part}"), "triggers": triggers, "steps": [{"id": "a", "uses": "transform", "with": {}}]});
        let _ = Answer::of(client.request(reqwest::Method::PUT, &format!("/api/workflows/looks{part}")).json(&file))
            .await
            .expect(201);
        let _ = client.post(&format!("/api/workflows/looks{part}/activate"), &json!({})).await.expect(200);
        for (number, url) in chunk.iter().enumerate() {
            let why = eventually_async("it was checked", || async {
                let shown = client.get(&format!("/api/workflows/looks{part}/triggers/t{number}")).await.expect(200).json();
                shown["check"]["checked_at"].is_string().then(|| shown["check"]["error"].clone())
            })
            .await;
            assert_blocked("a condition", url, why.as_str().unwrap_or_else(|| panic!("{url} was reached")));
        }
    }
    assert!(trap.received().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_access_token_is_got_from_the_inside() {
    let (server, (trap, port)) = (strict().await, trap().await);
    let client = server.client();
    let (mut steps, mut tried) = (String::new(), Vec::new());
    for (number, url) in urls(&port).iter().enumerate() {
        let put = json!({"type": "oauth2", "hosts": ["api.example"], "token_url": url, "client_id": "c", "secret": "canary"});
        let answer = credential(&client, &format!("o{number}"), put).await;
        if answer.status == 201 {
            steps += &format!(
                "  - {{id: s{number}, uses: http.request, depends_on: [], on_error: continue, with: {{url: \"https://api.example\", auth: {{credential: o{number}}}}}}}\n"
            );
            tried.push((format!("s{number}"), url.clone()));
        } else {
            assert_eq!(answer.status, 400, "{url}: {}", answer.text);
        }
    }
    assert!(tried.len() > 80, "{}", tried.len());
    install(&client, &format!("id: reach\nsteps:\n{steps}")).await;
    let ended = run(&client, "reach", json!({})).await;
    for (id, url) in &tried {
        let why = step(&ended, id)["error"]["message"].as_str().unwrap_or_else(|| panic!("{url} was reached")).to_owned();
        assert!(!why.contains("api.example"), "{url}: no token, no request: {why}");
        assert_blocked("a token endpoint", url, &why);
    }
    assert!(trap.received().is_empty());
}

/// Addresses of this machine in the ways in which URLs may write them, at `port`: 30 that an operator may allow.
fn allowed(port: &str) -> Vec<String> {
    let hosts = [
        "127.0.0.1",
        "127.1",
        "0x7f.1",
        "0x7f000001",
        "2130706433",
        "017700000001",
        "0177.0.0.1",
        "127.0.1",
        "127.0.0.1.",
        "①②⑦.⓪.⓪.①",
    ];
    let paths = ["", "a/b?c=d&e=%20f", "%E2%9C%93?q=ü#part"];
    let urls: Vec<String> = hosts.iter().flat_map(|host| paths.map(|path| format!("http://{host}:{port}/{path}"))).collect();
    assert_eq!(urls.len(), 30);
    urls
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_operator_allows_is_reached_by_steps_and_subscriptions_however_it_is_written() {
    let (server, (far, port)) = (TestServer::start(BINARY).await, trap().await);
    let client = server.client();
    let urls = allowed(&port);
    let put = json!({"type": "signing", "hosts": [far.url()], "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"});
    assert_eq!(credential(&client, "sign", put).await.status, 201);
    install(
        &client,
        "id: reach
steps:
  - id: http
    uses: http.request
    for_each: {items: \"{{ inputs }}\", concurrency: 8}
    with: {url: \"{{ item }}\"}
  - id: hook
    uses: webhook.send
    for_each: {items: \"{{ inputs }}\", concurrency: 8}
    with: {credential: sign, url: \"{{ item }}\", type: x}
",
    )
    .await;
    let ended = run(&client, "reach", json!(urls)).await;
    assert_eq!(ended["status"], "succeeded", "{ended:#}");
    assert_eq!(far.received().len(), 60);
    for url in &urls {
        assert_eq!(subscribed(&client, url).await.1, "200", "{url}");
    }
    assert_eq!(far.received().len(), 90);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_operator_allows_is_reached_by_conditions_however_it_is_written() {
    let (server, (far, port)) = (TestServer::start(BINARY).await, trap().await);
    let client = server.client();
    let triggers: Vec<Value> = allowed(&port)
        .iter()
        .enumerate()
        .map(|(number, url)| {
            json!({"id": format!("t{number}"), "type": "condition", "every": "1h", "if": "result.status != 200",
                "check": {"uses": "http.request", "with": {"url": url}}})
        })
        .collect();
    let file = json!({"id": "looks", "triggers": triggers, "steps": [{"id": "a", "uses": "transform", "with": {}}]});
    let _ = Answer::of(client.request(reqwest::Method::PUT, "/api/workflows/looks").json(&file)).await.expect(201);
    let _ = client.post("/api/workflows/looks/activate", &json!({})).await.expect(200);
    for (number, trigger) in triggers.iter().enumerate() {
        let check = eventually_async("it was checked", || async {
            let shown = client.get(&format!("/api/workflows/looks/triggers/t{number}")).await.expect(200).json();
            shown["check"]["checked_at"].is_string().then(|| shown["check"].clone())
        })
        .await;
        assert_eq!(check["error"], Value::Null, "{trigger}: {check}");
    }
    assert_eq!(far.received().len(), 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_operator_allows_gives_access_tokens_however_it_is_written() {
    let server = TestServer::start(BINARY).await;
    let far = Endpoint::start(|_, _| {
        Reply::Answer(200, "", r#"{"access_token": "abcdefgh", "token_type": "Bearer", "expires_in": 3600}"#)
    })
    .await;
    let client = server.client();
    let port = far.url().rsplit(':').next().unwrap().to_owned();
    let mut steps = String::new();
    for (number, url) in allowed(&port).iter().enumerate() {
        let url = url.split('#').next().unwrap();
        let put = json!({"type": "oauth2", "hosts": [far.url()], "token_url": url, "client_id": format!("c{number}"), "secret": "canary"});
        let made = credential(&client, &format!("o{number}"), put).await;
        assert_eq!(made.status, 201, "{url}: {}", made.text);
        steps += &format!(
            "  - {{id: s{number}, uses: http.request, depends_on: [], with: {{url: \"{}/api\", auth: {{credential: o{number}}}}}}}\n",
            far.url()
        );
    }
    install(&client, &format!("id: reach\nsteps:\n{steps}")).await;
    let ended = run(&client, "reach", json!({})).await;
    assert_eq!(ended["status"], "succeeded", "{ended:#}");
    let asked = far.received();
    assert_eq!(asked.iter().filter(|request| request.line.starts_with("POST ")).count(), 30);
    let with_token = |request: &&crate::endpoint::Received| {
        request.headers.get("authorization").is_some_and(|value| value == "Bearer abcdefgh")
    };
    assert_eq!(asked.iter().filter(with_token).count(), 30);
}

/// Three addresses of this machine, each written in ten ways.
fn mail_hosts() -> Vec<String> {
    let written = |c: u32, d: u32| {
        let number = (127 << 24) | (c << 8) | d;
        [
            format!("127.0.{c}.{d}"),
            format!("127.0.{}", (c << 8) | d),
            format!("127.{}", (c << 8) | d),
            number.to_string(),
            format!("{number:#x}"),
            format!("{number:#X}").replace("0X", "0x"),
            format!("0{number:o}"),
            format!("0x7f.0.{c}.{d}"),
            format!("0177.0.{c}.{d}"),
            format!("127.0x0.{c}.{d}"),
        ]
    };
    [(0, 1), (0, 2), (3, 7)].into_iter().flat_map(|(c, d)| written(c, d)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_operator_allows_takes_mail_however_it_is_written() {
    let (server, mailbox) = (TestServer::start(BINARY).await, Mailbox::start().await);
    let client = server.client();
    let mut steps = String::new();
    let hosts = mail_hosts();
    assert_eq!(hosts.len(), 30);
    for (number, host) in hosts.iter().enumerate() {
        let put = json!({"type": "smtp", "hosts": [format!("smtp+plain://{host}:{}", mailbox.port())]});
        let made = credential(&client, &format!("m{number}"), put).await;
        assert_eq!(made.status, 201, "{host}: {}", made.text);
        steps += &format!(
            "  - {{id: s{number}, uses: email.send, depends_on: [], with: {{credential: m{number}, from: a@example.com, to: b@example.com, text: x}}}}\n"
        );
    }
    install(&client, &format!("id: reach\nsteps:\n{steps}")).await;
    let ended = run(&client, "reach", json!({})).await;
    assert_eq!(ended["status"], "succeeded", "{ended:#}");
    assert_eq!(mailbox.received(), 30);
}
