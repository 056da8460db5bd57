//! The listener over TLS: who trusts it, how its certificate is replaced, and what is refused.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use reqwest::Version;
use rustix::process::Signal;
use serde_json::Value;
use tidemill_harness::{Authority, Client, ServerOptions, TestServer, eventually, eventually_async};

use crate::scene::{BINARY, install};

const QUICK: &str = "id: quick\nsteps: [{id: a, uses: transform, with: {x: 1}}]\n";

async fn started(authority: &Authority) -> TestServer {
    let (certificate, key) = authority.signed();
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    let args = vec!["--tls-certificate".to_owned(), path(&certificate), "--tls-key".to_owned(), path(&key)];
    let options = ServerOptions { binary: BINARY.into(), args, ..ServerOptions::default() };
    TestServer::start_trusting(options, authority.file()).await
}

fn cli(server: &TestServer, args: &[&str]) -> Output {
    let mut command = Command::new(BINARY);
    command.args(args).env("TIDEMILL_SERVER", server.url()).env("TIDEMILL_TOKEN", server.token());
    command.env_remove("TIDEMILL_CA").env("HOME", server.data_dir()).output().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_know_the_authority_get_in_and_others_do_not() {
    let authority = Authority::new("authority of the tests");
    authority.sign(2100);
    let server = started(&authority).await;
    assert!(server.url().starts_with("https://127.0.0.1:"), "{}", server.url());
    install(&server.client(), QUICK).await;
    let answer = server.client().request(reqwest::Method::GET, "/readyz").send().await.unwrap();
    assert_eq!((answer.version(), answer.status().as_u16()), (Version::HTTP_2, 200));
    let plain = Client::new(&server.url().replace("https://", "http://"), None);
    assert!(plain.request(reqwest::Method::GET, "/readyz").send().await.is_err(), "nothing is said without TLS");

    let ca = authority.file();
    let run = cli(&server, &["run", "quick", "--wait", "30s", "--ca", ca.to_str().unwrap(), "-o", "json"]);
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let stranger = Authority::new("a stranger");
    for args in [vec!["get", "workflows"], vec!["get", "workflows", "--ca", stranger.file().to_str().unwrap()]] {
        let refused = cli(&server, &args);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && said.contains("is not trusted") && said.contains("--ca"), "{said}");
    }
    // A context keeps its authority; the WebSocket of `watch` trusts it as well.
    let added = cli(&server, &["ctx", "add", "lab", server.url(), "--ca", ca.to_str().unwrap()]);
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    let started: Value = serde_json::from_slice(&run.stdout).unwrap();
    let id = started["id"].as_str().unwrap_or_else(|| panic!("{started}"));
    let watched = cli(&server, &["watch", id]);
    assert!(watched.status.success(), "{}", String::from_utf8_lossy(&watched.stderr));
    assert!(String::from_utf8_lossy(&watched.stdout).contains("execution_completed"), "{watched:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_certificate_is_shown_to_new_connections_and_old_ones_go_on() {
    let authority = Authority::new("authority of the tests");
    authority.sign(2100);
    let server = started(&authority).await;
    let standing = server.client();
    let _ = standing.get("/healthz").await.expect(200);
    let ends = |year: i32| format!("until={year}-01-01 00:00:00 UTC");

    authority.sign(2101);
    eventually("the files are read by themselves", || server.log().contains(&ends(2101)).then_some(()));
    let _ = standing.get("/healthz").await.expect(200);
    let _ = server.client().get("/healthz").await.expect(200);

    // Nonsense in place of the certificate: the old one stays, and the log says why.
    let (certificate, _) = authority.signed();
    fs::write(&certificate, "nonsense").unwrap();
    server.signal(Signal::HUP);
    eventually("the mistake is named", || server.log().contains("has no certificate in PEM").then_some(()));
    let _ = server.client().get("/healthz").await.expect(200);

    authority.sign(2102);
    server.signal(Signal::HUP);
    eventually("the certificate is read on SIGHUP", || server.log().contains(&ends(2102)).then_some(()));
    let _ = standing.get("/healthz").await.expect(200);
    eventually_async("new connections come in", || async {
        (server.client().get("/healthz").await.status == 200).then_some(())
    })
    .await;
}

#[test]
fn files_that_can_not_be_right_are_refused_at_the_start() {
    let (authority, other) = (Authority::new("one"), Authority::new("another"));
    authority.sign(2100);
    other.sign(2001);
    let serve = |certificate: &Path, key: &Path| {
        let dir = tempfile::tempdir().unwrap();
        let mut command = Command::new(BINARY);
        command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(dir.path());
        command.arg("--tls-certificate").arg(certificate).arg("--tls-key").arg(key);
        let output = command.output().unwrap();
        assert!(!output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let ((good, key), (old, old_key)) = (authority.signed(), other.signed());
    let expired = serve(&old, &old_key);
    assert!(expired.contains("expired on 2001-01-01 00:00:00 UTC; renew it"), "{expired}");
    let mixed = serve(&good, &old_key);
    assert!(mixed.contains("is not that of the first certificate in"), "{mixed}");
    let swapped = serve(&key, &good);
    assert!(swapped.contains("has no certificate in PEM"), "{swapped}");
}
