//! The configuration as an operator meets it: commands, mistakes, and a running server that reads it again.

use std::fs;
use std::process::{Command, Output};

use rustix::process::Signal;
use serde_json::{Value, json};
use tidemill_harness::{Answer, ServerOptions, TestServer, eventually};

use crate::endpoint::{Endpoint, Reply};
use crate::scene::{BINARY, install, run};

fn tidemill(args: &[&str]) -> Output {
    let mut command = Command::new(BINARY);
    command.args(args).env_remove("TIDEMILL_CONFIG").env_remove("TIDEMILL_DATA_DIR");
    command.env("TIDEMILL_API_CONNECTIONS", "9").output().unwrap()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn the_commands_say_what_is_what_and_what_is_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("tidemill.toml");
    let (dir, path) = (dir.path().to_str().unwrap(), file.to_str().unwrap());
    let default = tidemill(&["config", "default"]);
    fs::write(&file, &default.stdout).unwrap();
    let checked = tidemill(&["config", "check", "--data-dir", dir]);
    assert!(checked.status.success() && said(&checked).contains(path), "{}", said(&checked));

    fs::write(&file, "journal_writers = 3\napi_connections = 3\nstripe_key = 'canary'\nstripe_webhook_secret = 'canary'\n")
        .unwrap();
    let shown = tidemill(&["config", "show", "--data-dir", dir, "--executor-connections", "7", "-o", "json"]);
    let shown: Vec<Value> = serde_json::from_slice(&shown.stdout).unwrap();
    let of = |key: &str| {
        let found = shown.iter().find(|one| one["key"] == key).unwrap();
        (found["value"].as_str().unwrap().to_owned(), found["from"].as_str().unwrap().to_owned())
    };
    assert_eq!(of("journal_writers"), ("3".to_owned(), format!("{path}:1")));
    assert_eq!(
        of("api_connections"),
        ("9".to_owned(), "$TIDEMILL_API_CONNECTIONS".to_owned()),
        "the environment wins over the file"
    );
    assert_eq!(of("executor_connections"), ("7".to_owned(), "flag".to_owned()));
    assert_eq!(of("retention_days"), ("90".to_owned(), "default".to_owned()));
    assert_eq!(of("stripe_key"), ("***".to_owned(), format!("{path}:3")));

    fs::write(&file, "jurnal_writers = 1\nretention_days = 5000\nlog_format = 'xml'\n").unwrap();
    let checked = said(&tidemill(&["config", "check", "--data-dir", dir]));
    assert!(checked.contains(":1: there is no setting") && checked.contains(":2: `retention_days`"), "{checked}");
    assert!(checked.contains(":3: `log_format`") && checked.contains("there are 3 mistakes"), "{checked}");
    for (text, expected) in [
        ("\njurnal_writers = 1", ":2: there is no setting `jurnal_writers`; did you mean `journal_writers`?"),
        ("retention_days = 5000", ":1: `retention_days` must be from 1 to 3650 days, not 5000"),
        ("retention_days = 'long'", ":1: `retention_days`: invalid type: string \"long\""),
        ("log_level = 'loud=loud=loud'", "is not a log level"),
        ("outbound_ca = '/no/such.pem'", "/no/such.pem of `outbound_ca`"),
        (
            "tls_certificate = '/no/cert.pem'\ntls_key = '/no/key.pem'",
            "/no/cert.pem has no certificate in PEM that can be read",
        ),
    ] {
        fs::write(&file, text).unwrap();
        let checked = tidemill(&["config", "check", "--data-dir", dir]);
        assert!(!checked.status.success() && said(&checked).contains(expected), "{text}: {}", said(&checked));
    }
}

const ASKS: &str = "id: asks\ninputs: {type: object, properties: {url: {type: string}}}\nsteps:\n  - {id: ask, uses: http.request, retry: {max_attempts: 1}, with: {url: \"{{ inputs.url }}\"}}\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_running_server_takes_over_what_can_change() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("settings.toml");
    fs::write(&file, "").unwrap();
    let args = vec!["--config".to_owned(), file.to_str().unwrap().to_owned()];
    let server = TestServer::start_with(ServerOptions { binary: BINARY.into(), args, ..ServerOptions::default() }).await;
    let endpoint = Endpoint::start(|_, _| Reply::Answer(200, "", "{}")).await;
    install(&server.client(), ASKS).await;
    let ask = || async { run(&server.client(), "asks", json!({"url": endpoint.url()})).await["status"].clone() };
    assert_eq!(ask().await, "failed", "the loopback address is not public");

    let hup = |text: &str, sign: &str| {
        fs::write(&file, text).unwrap();
        server.signal(Signal::HUP);
        eventually(sign, || server.log().contains(sign).then_some(()));
    };
    hup(
        "outbound_allow = ['127.0.0.0/8']\njournal_writers = 2\nlog_level = 'debug'",
        "these settings have changed and need a restart",
    );
    assert!(server.log().contains("journal_writers"), "{}", server.log());
    assert_eq!(ask().await, "succeeded");
    eventually("debug lines are logged", || server.log().contains("DEBUG").then_some(()));
    hup("outbound_alow = []", "did you mean `outbound_allow`?");
    assert_eq!(ask().await, "succeeded", "a wrong file changes nothing");
}

const HOOKED: &str = "id: hooked\ntriggers: [{id: t, type: webhook, path: hooked, respond: when_finished}]\nsteps: [{id: nap, uses: wait, with: {duration: 300ms}}]\n";

#[tokio::test(flavor = "multi_thread")]
async fn limits_and_addresses_change_while_the_server_runs() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("settings.toml");
    fs::write(&file, "outbound_allow = ['127.0.0.0/8']").unwrap();
    let args = vec!["--config".to_owned(), file.to_str().unwrap().to_owned()];
    let server = TestServer::start_with(ServerOptions { binary: BINARY.into(), args, ..ServerOptions::default() }).await;
    let (client, pid) = (server.client(), server.pid());
    install(&client, HOOKED).await;
    let mut taken = 0;
    let mut hup = |text: &str| {
        fs::write(&file, format!("outbound_allow = ['127.0.0.0/8']\n{text}\n")).unwrap();
        server.signal(Signal::HUP);
        taken += 1;
        let again = || server.log().matches("the configuration was read again").count();
        eventually("the configuration is read", || (again() == taken).then_some(()));
    };
    let send = |body: &Value| client.anonymous().request(reqwest::Method::POST, "/hooks/main/hooked").json(body);

    hup("max_inflight_webhooks = 1");
    let (one, two, three) = tokio::join!(
        Answer::of(send(&json!({"n": 1}))),
        Answer::of(send(&json!({"n": 2}))),
        Answer::of(send(&json!({"n": 3})))
    );
    let mut statuses = [one.status, two.status, three.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 429, 429]);
    hup("max_inflight_webhooks = 50\npublic_url = 'https://flows.example.com'");
    assert_eq!(Answer::of(send(&json!({"n": 4}))).await.status, 200);
    let begun = client.anonymous().post("/api/device", &json!({})).await;
    assert!(begun.text.contains("https://flows.example.com/device"), "{}", begun.text);
    let proxy = Endpoint::start(|_, _| Reply::Answer(200, "", "{\"proxied\": true}")).await;
    install(&client, ASKS).await;
    hup(&format!("outbound_proxy = '{}'", proxy.url()));
    let asked = run(&client, "asks", json!({"url": "http://127.0.0.1:9/x"})).await;
    assert_eq!(asked["status"], "succeeded", "{asked}");
    assert_eq!(proxy.received()[0].line, "GET http://127.0.0.1:9/x");
    hup("");
    assert_eq!(run(&client, "asks", json!({"url": "http://127.0.0.1:9/x"})).await["status"], "failed");
    assert_eq!(server.pid(), pid);
    assert!(!server.log().contains("need a restart"), "{}", server.log());
}
