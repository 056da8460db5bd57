//! Large inputs and outputs: kept apart from their events, read where they are needed, within limits.

use reqwest::Method;
use serde_json::{Value, json};
use tidemill_common::event::{Event, EventBody};
use tidemill_common::payload::PayloadRef;
use tidemill_harness::{Answer, Client, ServerOptions, Storage, TestServer, eventually_async};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::endpoint::{Endpoint, Reply};
use crate::scene::{BINARY, detail, ended, events, install, problem, reaches, run, server, start, step, text};

/// A list of short texts whose JSON has about `bytes` bytes.
fn list(bytes: usize) -> Value {
    (0..bytes / 20).map(|number| Value::from(format!("item {number:012}"))).collect()
}

async fn with_args(args: &[&str]) -> TestServer {
    let args = ["--outbound-allow", "127.0.0.0/8"].iter().chain(args).map(ToString::to_string).collect();
    TestServer::start_with(ServerOptions { binary: BINARY.into(), args, storage: Storage::Shared }).await
}

/// What the events of an execution refer to.
fn references(events: &[Event]) -> Vec<PayloadRef> {
    let payload = |event: &Event| match &event.body {
        EventBody::ExecutionStarted { origin: Some(origin) } | EventBody::ExecutionQueued(origin) => {
            PayloadRef::of(&origin.input)
        }
        EventBody::StepCompleted { output, .. } | EventBody::ExecutionCompleted { output: Some(output), .. } => {
            PayloadRef::of(output)
        }
        EventBody::StepStarted { input: Some(input), .. } => PayloadRef::of(input),
        _ => None,
    };
    events.iter().filter_map(payload).collect()
}

async fn payload(client: &Client, id: &str, reference: &PayloadRef) -> Answer {
    client.get(&format!("/api/executions/{id}/payloads/{}", reference.sha256)).await
}

const READS: &str = "id: reads
triggers: [{id: in, type: webhook, path: reads}]
steps:
  - {id: nap, uses: wait, with: {duration: 2s}}
  - {id: ask, depends_on: [nap], uses: http.request, with: {url: \"URL/list\"}}
  - {id: each, depends_on: [ask], uses: transform, for_each: {items: \"{{ trigger.body.list[:3] }}\"}, with: {item: \"{{ item }}\", all: \"{{ steps.ask.output.body }}\"}}
  - {id: count, depends_on: [each], uses: transform, with: {came: \"{{ trigger.body.list | length }}\", asked: \"{{ steps.ask.output.body | length }}\", last: \"{{ steps.each.output[2].all | last }}\"}}
output: {count: \"{{ steps.count.output }}\", all: \"{{ steps.each.output[0].all }}\"}
";

#[tokio::test]
async fn what_is_large_is_kept_apart_and_read_where_it_is_needed_over_kill_9() {
    let asked = list(60_000);
    let body: &'static str = Box::leak(asked.to_string().into_boxed_str());
    let endpoint = Endpoint::start(move |_, _| Reply::Answer(200, "", body)).await;
    let mut server = server().await;
    let client = server.client();
    install(&client, &READS.replace("URL", endpoint.url())).await;
    let came = list(200_000);
    let accepted = client.anonymous().post("/hooks/main/reads", &json!({"list": came})).await.expect(202);
    let id = text(&accepted.json()["execution_id"]);
    let _ = reaches(&client, &id, &["waiting"]).await;
    server.kill();
    server.restart().await;
    let client = server.client();
    let whole = ended(&client, &id).await;
    assert_eq!(whole["status"], "succeeded", "{:?}", whole["failure"]);
    let expected = json!({"came": came.as_array().unwrap().len(), "asked": asked.as_array().unwrap().len(), "last": asked.as_array().unwrap().last()});
    assert_eq!(whole["output"]["count"], expected);
    // The view shows it whole, since it is less than a megabyte.
    assert_eq!((&whole["input"]["body"]["list"], &whole["output"]["all"]), (&came, &asked));
    assert_eq!(step(&whole, "ask")["output"]["body"], asked);

    // Events, streams and rows carry references.
    let events = events(&client, &id).await;
    let references = references(&events);
    assert_eq!(references.len(), 7, "the input, the answer, three items, the list of them, the output: {references:?}");
    let database = server.database().unwrap();
    let largest = database.query("SELECT max(length(data::text))::text FROM tidemill.execution_events");
    assert!(largest[0].as_ref().unwrap().parse::<usize>().unwrap() < 2_000, "{largest:?}");
    let kept = database.query("SELECT count(*)::text FROM tidemill.execution_payloads WHERE tableoid <> 'tidemill.execution_payloads_default'::regclass");
    assert_eq!(kept[0].as_deref(), Some("7"));
    let input = &references[0];
    assert!(input.preview.starts_with(r#"{"method":"POST""#) && input.preview.len() <= 200, "{input:?}");
    let read = payload(&client, &id, input).await.expect(200);
    assert_eq!((read.text.len() as u64, &read.json()["body"]["list"]), (input.bytes, &came));
    assert_eq!(read.headers["content-type"], "application/json");
    assert_eq!(problem(&payload(&client, &id, &PayloadRef { sha256: "00".repeat(32), ..input.clone() }).await), "not_found");
    assert_eq!(problem(&payload(&client, &id, &PayloadRef { sha256: "no hash".into(), ..input.clone() }).await), "bad_request");
    let other = start(&client, "reads", json!({"list": [1, 2, 3]})).await;
    assert_eq!(problem(&payload(&client, &other, input).await), "not_found", "it belongs to its execution");
}

#[tokio::test]
async fn a_retry_keeps_what_is_large_and_a_caller_gets_it() {
    let server = server().await;
    let client = server.client();
    install(&client, "id: inner\nsteps: [{id: a, uses: transform, with: {list: \"{{ inputs.list }}\"}}]\noutput: {list: \"{{ steps.a.output.list }}\"}\n").await;
    install(
        &client,
        "id: outer
steps:
  - {id: call, uses: workflow.call, with: {workflow: inner, input: {list: \"{{ inputs.list }}\"}}}
  - {id: check, depends_on: [call], uses: fail, if: \"inputs.fails\", with: {message: \"no {{ steps.call.output.list | length }}\"}}
output: {got: \"{{ steps.call.output.list | length }}\"}
",
    )
    .await;
    let (list, items) = (list(100_000), 5_000);
    let failed = run(&client, "outer", json!({"list": list, "fails": true})).await;
    assert_eq!(failed["failure"]["message"], format!("no {items}"));
    let path = format!("/api/executions/{}/retry", text(&failed["id"]));
    let again = client.post(&path, &json!({"from": "failed"})).await.expect(201).json();
    let again = ended(&client, &text(&again["id"])).await;
    assert_eq!(again["failure"]["message"], format!("no {items}"), "{again:#}");
    assert_eq!(step(&again, "call")["output"]["list"], list);
    let edited = client.post(&path, &json!({"from": "start", "patch": {"fails": false}})).await.expect(201).json();
    assert_eq!(ended(&client, &text(&edited["id"])).await["output"]["got"], items);
}

#[tokio::test]
async fn a_text_that_looks_like_a_reference_is_a_value_like_any_other() {
    let server = server().await;
    let client = server.client();
    install(
        &client,
        "id: echo\nsteps: [{id: a, uses: transform, with: \"{{ inputs.x }}\"}]\noutput: \"{{ steps.a.output }}\"\n",
    )
    .await;
    let large = run(&client, "echo", json!({"x": list(50_000)})).await;
    let stolen = references(&events(&client, &text(&large["id"])).await).remove(0).to_value();
    for x in [stolen, json!({"$payload": 7})] {
        let whole = run(&client, "echo", json!({"x": x.clone()})).await;
        assert_eq!(step(&whole, "a")["output"], x);
    }
}

#[tokio::test]
async fn what_is_larger_than_the_limits_fails_with_a_reason() {
    let body: &'static str = Box::leak(list(1_500_000).to_string().into_boxed_str());
    let endpoint = Endpoint::start(move |_, _| Reply::Answer(200, "", body)).await;
    let server = with_args(&["--payload-mib", "1", "--execution-payload-mib", "2"]).await;
    let client = server.client();
    let ask = format!("steps: [{{id: ask, uses: http.request, with: {{url: \"{}/list\"}}}}]\n", endpoint.url());
    install(&client, &format!("id: large\n{ask}")).await;
    let failed = run(&client, "large", json!({})).await;
    assert_eq!((&failed["status"], &failed["failure"]["class"]), (&json!("failed"), &json!("result_too_large")));
    assert!(text(&failed["failure"]["message"]).contains("1048576 are allowed (setting `payload_mib`"), "{failed:#}");

    // Each is small enough; together they are not.
    let collects =
        "id: collects\nsteps:\n  - {id: a, uses: transform, for_each: {items: [1, 2, 3, 4]}, with: \"{{ inputs.list }}\"}\n";
    install(&client, collects).await;
    let failed = run(&client, "collects", json!({"list": list(600_000)})).await;
    assert_eq!(failed["failure"]["class"], "result_too_large", "{:#}", failed["failure"]);
    assert!(text(&failed["failure"]["message"]).contains("execution_payload_mib"), "{:#}", failed["failure"]);

    let sent = client.anonymous().request(Method::POST, "/hooks/main/none").body(vec![b'x'; 10]);
    assert_eq!(problem(&Answer::of(sent).await), "not_found");
    install(
        &client,
        "id: hook\ntriggers: [{id: in, type: webhook, path: hook}]\nsteps: [{id: a, uses: transform, with: {}}]\n",
    )
    .await;
    let refused = client.anonymous().post("/hooks/main/hook", &list(1_500_000)).await.expect(413);
    assert_eq!(problem(&refused), "payload_too_large");
}

#[tokio::test]
async fn a_delivery_for_which_there_is_no_memory_is_told_to_come_back() {
    let server = with_args(&["--node-payload-mib", "16"]).await;
    let client = server.client();
    install(
        &client,
        "id: hook\ntriggers: [{id: in, type: webhook, path: hook}]\nsteps: [{id: a, uses: transform, with: {}}]\n",
    )
    .await;
    // Somebody announces much and sends little.
    let head =
        "POST /hooks/main/hook HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 6000000\r\n\r\n[";
    let address = server.url().trim_start_matches("http://");
    let (mut slow, refused) = eventually_async("a delivery is refused", || async {
        let mut slow = TcpStream::connect(address).await.unwrap();
        slow.write_all(head.as_bytes()).await.unwrap();
        let answer = client.anonymous().post("/hooks/main/hook", &list(100_000)).await;
        (answer.status == 503).then_some((slow, answer))
    })
    .await;
    assert_eq!((problem(&refused).as_str(), refused.headers["retry-after"].to_str().unwrap()), ("memory_short", "1"));
    // Small ones are taken all the same.
    let _ = client.anonymous().post("/hooks/main/hook", &json!({})).await.expect(202);
    slow.shutdown().await.unwrap();
    let _ = slow.read(&mut [0; 64]).await;
    drop(slow);
    let _: Answer = eventually_async("there is memory again", || async {
        let answer = client.anonymous().post("/hooks/main/hook", &list(100_000)).await;
        (answer.status == 202).then_some(answer)
    })
    .await;
}

#[tokio::test]
async fn an_event_that_can_not_be_read_is_shown_and_stops_nothing() {
    let mut server = server().await;
    let client = server.client();
    install(&client, "id: naps\nsteps:\n  - {id: nap, uses: wait, with: {duration: 2s}}\n  - {id: a, depends_on: [nap], uses: transform, with: {x: 1}}\n").await;
    let (broken, strange) = (start(&client, "naps", json!({})).await, start(&client, "naps", json!({})).await);
    let done = run(&client, "naps", json!({})).await;
    let _ = ended(&client, &broken).await;
    let done = text(&done["id"]);
    let halted = start(&client, "naps", json!({})).await;
    let _ = reaches(&client, &halted, &["waiting"]).await;
    let database = server.database().unwrap();
    for id in [&halted, &done] {
        database.execute(&format!(
            "UPDATE tidemill.execution_events SET data = '{{\"step\": 7}}' WHERE execution_id = '{id}' AND type = 'step_waiting'"
        ));
    }
    database.execute(&format!("UPDATE tidemill.executions SET status = 'dancing' WHERE id = '{strange}'"));
    server.kill();
    server.restart().await;
    let client = server.client();

    // Under way: it is set aside, and everybody can see why.
    let aside = ended(&client, &halted).await;
    assert_eq!(aside["status"], "dead_letter", "{aside:#}");
    assert!(text(&aside["failure"]["message"]).contains("can't be decoded"), "{:#}", aside["failure"]);
    assert!(text(&aside["unreadable"][0]).contains("event "), "{aside:#}");
    let why = client.get(&format!("/api/executions/{halted}/why")).await.expect(200).json();
    assert!(text(&why["links"][0]["text"]).contains("can't be decoded"), "{why:#}");
    let letters = client.get("/api/dead-letters").await.expect(200).text;
    assert!(letters.contains(&halted), "{letters}");
    // It can be tried again from its start, and only from there.
    let path = format!("/api/executions/{halted}/retry");
    let refused = client.post(&path, &json!({"from": "failed"})).await;
    assert!(problem(&refused) == "conflict" && refused.text.contains("from: start"), "{}", refused.text);
    let again = client.post(&path, &json!({"from": "start"})).await.expect(201).json();
    assert_eq!(ended(&client, &text(&again["id"])).await["status"], "succeeded");

    // Ended: what can be read is shown.
    let rest = detail(&client, &done).await;
    assert_eq!((&rest["status"], &step(&rest, "a")["output"]["x"]), (&json!("succeeded"), &json!(1)), "{rest:#}");
    assert_eq!(rest["unreadable"].as_array().unwrap().len(), 1);

    // A state that nobody knows doesn't spoil the list.
    let list = client.get("/api/executions").await.expect(200).json();
    let shown = list["items"].as_array().unwrap().iter().find(|item| item["id"] == strange.as_str()).unwrap();
    assert!(text(&shown["error"]).contains("dancing"), "{shown:#}");
}
