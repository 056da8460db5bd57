//! Activation is one transaction: the old version's triggers or the new one's, never both and never none.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use tidemill_harness::{Client, TestServer, eventually};

use crate::scene::{apply, install, server};

/// A version with three triggers of which one is named after it.
fn file(number: usize) -> String {
    format!(
        "id: flip\ntriggers:\n  - {{id: hook, type: webhook, path: flip, respond: when_finished}}\n  - {{id: v{number}, type: webhook, path: flip/v{number}, respond: when_finished}}\n  - {{id: night, type: schedule, cron: '30 2 * * *'}}\nsteps: [{{id: a, uses: transform, with: {{n: {number}}}}}]\noutput: {{n: {number}}}\n"
    )
}

/// What is live, read at once: the active version, and how many triggers there are of which versions.
fn live(server: &TestServer) -> Vec<Option<String>> {
    server.database().unwrap().query(
        "SELECT w.active_version || ' has ' || count(t.id) || ' of ' || count(DISTINCT t.version) || ' with ' || min(t.version)
         FROM tidemill.workflows w LEFT JOIN tidemill.triggers t ON t.workflow_uid = w.uid GROUP BY w.active_version",
    )
}

fn check(server: &TestServer) {
    for _ in 0..20 {
        let now = live(server);
        let said = now[0].clone().unwrap();
        let version = said.split(' ').next().unwrap();
        assert_eq!(said, format!("{version} has 3 of 1 with {version}"));
    }
}

/// Activates versions in turn until the server is gone.
async fn flip(client: Client, done: Arc<AtomicUsize>) {
    for version in (1..=4).cycle() {
        let body = json!({ "version": version });
        let request = client.request(reqwest::Method::POST, "/api/workflows/flip/activate").json(&body);
        if request.send().await.is_err() {
            return;
        }
        done.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn a_kill_in_the_middle_leaves_one_version_whole() {
    let mut server = server().await;
    install(&server.client(), &file(1)).await;
    for number in 2..=4 {
        let _ = apply(&server.client(), &file(number)).await.expect(200);
    }
    for round in 0..4 {
        let done = Arc::new(AtomicUsize::new(0));
        let flipping: Vec<_> = (0..3).map(|_| tokio::spawn(flip(server.client(), Arc::clone(&done)))).collect();
        check(&server);
        // The others are under way when it comes.
        let enough = 7 + 5 * round;
        tokio::task::spawn_blocking(move || {
            eventually("some are done", || (done.load(Ordering::SeqCst) >= enough).then_some(()));
        })
        .await
        .unwrap();
        server.kill();
        for task in flipping {
            task.await.unwrap();
        }
        check(&server);
        server.restart().await;
        check(&server);
        let answer = server.client().anonymous().post("/hooks/main/flip", &json!({})).await.expect(200).json();
        let version = answer["output"]["n"].as_u64().unwrap();
        assert_eq!(
            live(&server)[0].clone().unwrap().split(' ').next().unwrap(),
            version.to_string(),
            "what is live is what answers"
        );
    }
}

#[tokio::test]
async fn nothing_is_deregistered_when_the_server_stops() {
    let mut server = server().await;
    install(&server.client(), &file(1)).await;
    let before = live(&server);
    assert!(server.terminate().success());
    assert_eq!(live(&server), before);
    server.restart().await;
    let answer = server.client().anonymous().post("/hooks/main/flip", &json!({})).await.expect(200).json();
    assert_eq!(answer["output"]["n"], 1);
}
