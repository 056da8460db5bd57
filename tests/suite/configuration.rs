//! The configuration as an operator meets it: commands, mistakes, and a running server that reads it again.

use std::fs;
use std::process::{Command, Output};

use rustix::process::Signal;
use serde_json::{Value, json};
use tidemill_harness::{ServerOptions, TestServer, eventually};

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
