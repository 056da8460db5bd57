//! A Postgres that somebody else runs: reached over TLS, and never without.

use std::process::{Command, Output};

use serde_json::json;
use tidemill_harness::{ServerOptions, Storage, TestServer, TlsPostgres};

use crate::scene::{BINARY, install, run};

const WORKFLOW: &str = "id: sums
steps:
  - {id: sum, uses: transform, with: {total: \"{{ inputs.a + inputs.b }}\"}}
inputs: {type: object, required: [a, b], properties: {a: {type: integer}, b: {type: integer}}}
output: {total: \"{{ steps.sum.output.total }}\"}
";

/// What `serve` says when it can't use `url`.
fn refused(url: &str) -> Output {
    let dir = tempfile::tempdir().unwrap();
    let mut command = Command::new(BINARY);
    command.args(["serve", "--listen", "127.0.0.1:0", "--database-url", url, "--data-dir"]).arg(dir.path());
    command.output().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_external_postgres_is_used_over_tls_and_only_so() {
    let postgres = TlsPostgres::start().await;
    let options =
        ServerOptions { binary: BINARY.into(), storage: Storage::At(postgres.url("verify-full")), ..ServerOptions::default() };
    let server = TestServer::start_with(options).await;
    install(&server.client(), WORKFLOW).await;
    let ended = run(&server.client(), "sums", json!({"a": 19, "b": 23})).await;
    assert_eq!(ended["output"], json!({"total": 42}), "{ended}");

    let strange = postgres.url_trusting("verify-full", &postgres.strange_authority());
    for (url, reason) in [(postgres.url("disable"), "no encryption"), (strange, "certificate verify failed")] {
        let output = refused(&url);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(reason), "{said}");
    }
}
