//! Memory is bounded in bytes: many executions with much in them, and a server that stays small.

use std::fs;

use reqwest::Method;
use serde_json::json;
use tidemill_harness::{Answer, Client, eventually_async};

use crate::endpoint::{Endpoint, Reply};
use crate::scene::{ended, install, server, text};

/// The most that the server may ever have resident.
const MOST_MIB: u64 = 300;

const HEAVY: &str = "id: heavy
triggers: [{id: in, type: webhook, path: heavy}]
steps:
  - {id: one, uses: http.request, with: {url: \"URL/list\"}}
  - {id: two, depends_on: [one], uses: http.request, with: {url: \"URL/list\"}}
  - {id: count, depends_on: [two], uses: transform, with: {n: \"{{ trigger.body | length + steps.one.output.body | length + steps.two.output.body | length }}\"}}
output: {n: \"{{ steps.count.output.n }}\"}
";

/// A list of so many texts of a kilobyte as JSON, which compresses as texts do.
fn list(texts: usize) -> String {
    let mut state: u32 = 1;
    let mut letter = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from(b'a' + u8::try_from(state >> 28).unwrap())
    };
    let items: Vec<String> = (0..texts).map(|_| (0..1021).map(|_| letter()).collect()).collect();
    serde_json::to_string(&items).unwrap()
}

/// The most memory that the process ever had resident, in MiB.
fn peak(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

/// Sends a delivery as senders do: what is told to come back comes back.
async fn deliver(client: &Client, body: String) -> String {
    let body = &body;
    let accepted = eventually_async("the delivery is taken", || async move {
        let request = client.request(Method::POST, "/hooks/main/heavy").header("content-type", "application/json");
        let answer = Answer::of(request.body(body.clone())).await;
        assert!(matches!(answer.status, 202 | 503), "{} {}", answer.status, answer.text);
        (answer.status == 202).then_some(answer)
    })
    .await;
    text(&accepted.json()["execution_id"])
}

/// `count` executions, each with 20 MB: a delivery of 4 MiB and two answers of 8 MiB.
async fn heavy(count: usize) -> u64 {
    // Just below the 8 MiB that a request reads.
    let (sent, asked) = (4 << 10, (8 << 10) - 1);
    let answer: &'static str = Box::leak(list(asked).into_boxed_str());
    let endpoint = Endpoint::start(move |_, _| Reply::Answer(200, "", answer)).await;
    let server = server().await;
    let client = server.client();
    install(&client, &HEAVY.replace("URL", endpoint.url())).await;
    let (sender, body) = (client.anonymous(), list(sent));
    let mut ids = Vec::new();
    for _ in 0..count {
        ids.push(deliver(&sender, body.clone()).await);
    }
    for id in &ids {
        let whole = ended(&client, id).await;
        assert_eq!(whole["output"]["n"], json!(sent + 2 * asked), "{:#}", whole["failure"]);
    }
    peak(server.pid())
}

#[tokio::test]
async fn executions_with_much_in_them_wait_for_their_turn() {
    let peak = heavy(12).await;
    assert!(peak < MOST_MIB, "{peak} MiB were resident");
}

#[tokio::test]
#[ignore = "moves 4 GB, which takes many minutes in a debug build: make endurance"]
async fn two_hundred_executions_with_twenty_megabytes_each() {
    let peak = heavy(200).await;
    assert!(peak < MOST_MIB, "{peak} MiB were resident");
}
