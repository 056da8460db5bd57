//! Generated clients and schemathesis against a live server; see tests/clients/README.md.

use std::path::Path;
use std::process::Command;

use tidemill_harness::TestServer;

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
