//! The listener's certificate from an authority that is asked for it (ACME), with a real one: Pebble.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tidemill_harness::{Pebble, ServerOptions, TestDatabase, TestServer, eventually, free_port, kept_certificate};

use crate::scene::BINARY;

/// What the log says for each certificate that was given.
const GIVEN: &str = "the certificate was read";

/// The arguments of a server on `port` that asks `pebble`.
fn args(pebble: &Pebble, port: u16) -> Vec<String> {
    let ca = pebble.authority();
    let pairs = [
        ("--listen", format!("127.0.0.1:{port}")),
        ("--public-url", format!("https://localhost:{port}")),
        ("--acme-domains", "localhost".to_owned()),
        ("--acme-email", "ops@example.com".to_owned()),
        ("--acme-directory", pebble.directory()),
        ("--outbound-ca", ca.to_str().unwrap().to_owned()),
    ];
    pairs.into_iter().flat_map(|(flag, value)| [flag.to_owned(), value]).collect()
}

async fn started(pebble: &Pebble, port: u16) -> TestServer {
    let options = ServerOptions { binary: BINARY.into(), args: args(pebble, port), ..ServerOptions::default() };
    TestServer::start_trusting(options, pebble.root()).await
}

/// What OpenSSL says about the server on `port` as somebody who speaks `protocol`.
fn handshake(port: u16, protocol: &str) -> String {
    let mut command = Command::new("openssl");
    command.args(["s_client", "-connect", &format!("127.0.0.1:{port}"), "-servername", "localhost", "-alpn", protocol]);
    let output = command.stdin(Stdio::null()).output().expect("openssl is installed");
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// What doctor says about the certificate.
fn diagnosis(data_dir: &Path, pebble: &Pebble, port: u16) -> (String, String) {
    let mut command = Command::new(BINARY);
    command.args(["doctor", "-o", "json", "--data-dir"]).arg(data_dir).args(args(pebble, port));
    let findings: Value = serde_json::from_slice(&command.output().unwrap().stdout).unwrap();
    let findings = findings.as_array().or_else(|| findings["findings"].as_array()).unwrap();
    let found = findings.iter().find(|one| one["check"] == "certificate").unwrap();
    (found["level"].as_str().unwrap().to_owned(), found["what"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_ordered_and_a_restart_goes_on_with_it() {
    let port = free_port();
    let mut pebble = Pebble::start(port, 90 * 24 * 3600).await;
    let mut server = started(&pebble, port).await;
    assert_eq!(server.url(), format!("https://localhost:{port}"));
    let _ = server.client().get("/api/user").await.expect(200);
    let file = kept_certificate(server.data_dir());
    for path in [&file, &file.with_file_name("account.json")] {
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600, "{}", path.display());
    }
    let (level, what) = diagnosis(server.data_dir(), &pebble, port);
    assert!(level == "ok" && what.contains("for 89 more days"), "{level}: {what}");

    // Who asks as an authority does gets no answer when none is expected, and never a word of HTTP.
    let asked = handshake(port, "acme-tls/1");
    assert!(asked.contains("no peer certificate available"), "{asked}");
    assert!(handshake(port, "http/1.1").contains("ALPN protocol: http/1.1"));

    // It is asked for nothing more: it need not even be there.
    let before = fs::read(&file).unwrap();
    pebble.stop();
    server.terminate();
    server.restart().await;
    let _ = server.client().get("/api/user").await.expect(200);
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_renewed_in_time_and_connections_go_on() {
    let port = free_port();
    // A third of it is left after 20 s.
    let pebble = Pebble::start(port, 30).await;
    let server = started(&pebble, port).await;
    let standing = server.client();
    let _ = standing.get("/healthz").await.expect(200);
    let first = fs::read(kept_certificate(server.data_dir())).unwrap();
    eventually("it is renewed", || (server.log().matches(GIVEN).count() >= 2).then_some(()));
    assert_ne!(fs::read(kept_certificate(server.data_dir())).unwrap(), first);
    let _ = standing.get("/healthz").await.expect(200);
    let _ = server.client().get("/healthz").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_that_does_not_find_the_server_is_quoted() {
    let (port, elsewhere) = (free_port(), free_port());
    let pebble = Pebble::start(elsewhere, 3600).await;
    let (dir, database) = (tempfile::tempdir().unwrap(), TestDatabase::empty());
    let log = dir.path().join("server.log");
    let mut command = Command::new(BINARY);
    command.args(["serve", "--data-dir"]).arg(dir.path()).args(["--database-url", database.url()]).args(args(&pebble, port));
    let written = File::create(&log).unwrap();
    let mut server = command.stdin(Stdio::null()).stdout(written.try_clone().unwrap()).stderr(written).spawn().unwrap();
    let said = eventually("the log says why", || {
        let said = fs::read_to_string(&log).unwrap_or_default();
        said.contains("no certificate was given").then_some(said)
    });
    for part in ["localhost: ", "port 443 of each must lead here", "again_in_s=60"] {
        assert!(said.contains(part), "{part} is missing in {said}");
    }
    // Meanwhile it shows one that nobody trusts.
    let shown = handshake(port, "http/1.1");
    assert!(shown.contains("self-signed certificate") || shown.contains("self signed certificate"), "{shown}");
    let (level, what) = diagnosis(dir.path(), &pebble, port);
    assert!(level == "warning" && what.contains("has given none yet"), "{level}: {what}");
    kill_process(Pid::from_child(&server), Signal::TERM).unwrap();
    assert!(server.wait().unwrap().success());
}
