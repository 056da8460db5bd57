//! Files: they come with webhooks, forms and answers, are kept apart when they are large, and are handed on.

use std::sync::{Arc, Mutex};

use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use tidemill_harness::{Answer, Client, TestServer, eventually_async};

use crate::endpoint::{Endpoint, Reply};
use crate::scene::{ended, events, header, install, problem, run, server, step, text};

/// Larger than what an expression gives, and text, so that whoever gets it can be looked at.
const LARGE: usize = 2 * 1024 * 1024;

fn content() -> String {
    "0123456789abcdef".repeat(LARGE / 16)
}

/// A body with a text and a file of `content`.
fn multipart(content: &str) -> String {
    format!(
        "--x\r\nContent-Disposition: form-data; name=\"who\"\r\n\r\nada\r\n--x\r\nContent-Disposition: form-data; name=\"scan\"; filename=\"scan.txt\"\r\nContent-Type: text/plain\r\n\r\n{content}\r\n--x--\r\n"
    )
}

async fn post(client: &Client, path: &str, body: String) -> Answer {
    Answer::of(client.request(Method::POST, path).header(CONTENT_TYPE, "multipart/form-data; boundary=x").body(body)).await
}

/// What came to an address, by its path.
async fn receiver() -> Endpoint {
    Endpoint::start(|_, _| Reply::Answer(200, "", "{}")).await
}

fn came(endpoint: &Endpoint, path: &str) -> Vec<String> {
    let all = endpoint.received();
    all.into_iter().filter(|one| one.line.ends_with(path)).map(|one| one.body).collect()
}

/// The reference in an event or a detail.
fn reference(file: &Value) -> Value {
    assert_eq!(file.get("base64"), None, "it is kept apart: {}", file["file_name"]);
    file["content"]["$file"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_of_a_webhook_is_handed_on_by_every_step() {
    let (server, endpoint) = (server().await, receiver().await);
    let client = server.client();
    let url = endpoint.url();
    install(&client, &format!("id: child\nsteps: [{{id: put, uses: http.request, with: {{method: PUT, url: \"{url}/child\", file: \"{{{{ inputs.scan }}}}\"}}}}]\n")).await;
    let file = format!(
        "id: scans
triggers: [{{id: hook, type: webhook, path: scans}}]
steps:
  - {{id: named, uses: transform, with: {{scan: \"{{{{ trigger.body.scan }}}}\", size: \"{{{{ trigger.body.scan.size }}}}\"}}}}
  - {{id: raw, uses: http.request, with: {{method: PUT, url: \"{url}/raw\", file: \"{{{{ steps.named.output.scan }}}}\"}}}}
  - {{id: parts, uses: http.request, with: {{method: POST, url: \"{url}/parts\", multipart: {{who: \"{{{{ trigger.body.who }}}}\", scan: \"{{{{ trigger.body.scan }}}}\"}}}}}}
  - {{id: code, uses: python, with: {{code: \"import base64\\noutput = len(base64.b64decode(input['scan']['base64']))\", input: {{scan: \"{{{{ trigger.body.scan }}}}\"}}}}}}
  - {{id: call, uses: workflow.call, with: {{workflow: child, input: {{scan: \"{{{{ trigger.body.scan }}}}\"}}}}}}
output: {{size: \"{{{{ steps.code.output }}}}\"}}
"
    );
    install(&client, &file).await;
    let body = content();
    let accepted = post(&client.anonymous(), "/hooks/main/scans", multipart(&body)).await.expect(202).json();
    let id = text(&accepted["execution_id"]);
    let whole = ended(&client, &id).await;
    assert_eq!((&whole["status"], &whole["output"]), (&json!("succeeded"), &json!({"size": LARGE})), "{whole:#}");
    assert_eq!(step(&whole, "named")["output"]["size"], LARGE);
    assert!(came(&endpoint, "/raw") == [body.clone()] && came(&endpoint, "/child") == [body.clone()], "the bytes come along");
    let parts = came(&endpoint, "/parts").remove(0);
    assert!(parts.contains("name=\"scan\"; filename=\"scan.txt\"\r\nContent-Type: text/plain") && parts.contains(&body));

    // It stands nowhere in the events, and whoever wants to see it finds it by its reference.
    let events = serde_json::to_string(&events(&client, &id).await).unwrap();
    assert!(events.len() < 50_000, "{}", events.len());
    let kept = reference(&whole["input"]["body"]["scan"]);
    assert_eq!(kept["execution_id"], id.as_str());
    let read = client.get(&format!("/api/executions/{id}/payloads/{}", text(&kept["sha256"]))).await.expect(200);
    assert_eq!(read.text.len() as u64, kept["bytes"].as_u64().unwrap());

    // A retry hands the same file on.
    let again = client.post(&format!("/api/executions/{id}/retry"), &json!({"from": "start"})).await.expect(201).json();
    assert_eq!(ended(&client, &text(&again["id"])).await["status"], "succeeded");
    assert_eq!(came(&endpoint, "/raw").len(), 2);
    assert_eq!(came(&endpoint, "/raw")[1], body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_fetched_is_handed_on_and_survives_a_crash() {
    let body: &'static str = Box::leak(content().into_boxed_str());
    let refuses = Arc::new(Mutex::new(true));
    let refused = Arc::clone(&refuses);
    let endpoint = Endpoint::start(move |_, request| match request.line.as_str() {
        "GET /may.txt" => Reply::Answer(200, "content-disposition: attachment; filename=\"may.txt\"", body),
        _ if *refused.lock().unwrap() => Reply::Answer(503, "", "{}"),
        _ => Reply::Answer(200, "", "{}"),
    })
    .await;
    let mut server = server().await;
    let client = server.client();
    let url = endpoint.url();
    install(&client, &format!("id: report\nsteps:\n  - {{id: get, uses: http.request, with: {{url: \"{url}/may.txt\", response: file}}}}\n  - {{id: put, uses: http.request, retry: {{max_attempts: 20, initial_interval: 1s, factor: 1}}, with: {{method: PUT, url: \"{url}/kept\", file: \"{{{{ steps.get.output.file }}}}\"}}}}\n")).await;
    let id = crate::scene::start(&client, "report", json!({})).await;
    eventually_async("an attempt has failed", || async { (!came(&endpoint, "/kept").is_empty()).then_some(()) }).await;
    server.kill();
    server.restart().await;
    *refuses.lock().unwrap() = false;
    let client = server.client();
    let whole = ended(&client, &id).await;
    assert_eq!(whole["status"], "succeeded", "{whole:#}");
    let fetched = &step(&whole, "get")["output"];
    assert_eq!((&fetched["body"], &fetched["body_encoding"]), (&Value::Null, &json!("file")));
    assert_eq!((&fetched["file"]["file_name"], &fetched["file"]["size"]), (&json!("may.txt"), &json!(LARGE)));
    let _ = reference(&fetched["file"]);
    assert_eq!(came(&endpoint, "/kept").last().map(String::as_str), Some(body));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reference_that_somebody_wrote_himself_gives_nothing() {
    let (server, endpoint) = (server().await, receiver().await);
    let client = server.client();
    install(&client, &format!("id: put\nsteps: [{{id: put, uses: http.request, with: {{method: PUT, url: \"{}/put\", file: \"{{{{ inputs.file }}}}\"}}}}]\n", endpoint.url())).await;
    let forged =
        json!({"$file": {"execution_id": "01890000-0000-7000-8000-000000000001", "sha256": "00".repeat(32), "bytes": 40_000}});
    for content in [forged, json!({"$file": {"sha256": "x"}}), json!("x")] {
        let failed = run(&client, "put", json!({"file": {"file_name": "a", "content": content}})).await;
        assert_eq!((&failed["status"], &failed["failure"]["class"]), (&json!("failed"), &json!("user")), "{failed:#}");
    }
    assert!(endpoint.received().is_empty());
}

const FORM: &str = "id: apply
inputs:
  type: object
  required: [who, scan]
  properties: {who: {type: string}, scan: {type: object, format: file, title: Your scan}, more: {type: object, format: file}}
triggers: [{id: page, type: form, path: apply}]
steps: [{id: a, uses: transform, with: {size: \"{{ inputs.scan.size }}\", name: \"{{ inputs.scan.file_name }}\", more: \"{{ inputs.more is defined }}\"}}]
output: \"{{ steps.a.output }}\"
";

/// A form asks for files as browsers send them.
#[tokio::test]
async fn a_form_takes_files() {
    let server: TestServer = server().await;
    let (client, visitor) = (server.client(), server.client().anonymous());
    install(&client, FORM).await;
    let page = visitor.get("/hooks/main/apply").await.expect(200).text;
    assert!(
        page.contains("enctype=\"multipart/form-data\"") && page.contains("name=\"scan\" type=\"file\" required"),
        "{page}"
    );
    // Where nothing was chosen, browsers send an empty file.
    let empty = "--x\r\nContent-Disposition: form-data; name=\"more\"; filename=\"\"\r\nContent-Type: application/octet-stream\r\n\r\n\r\n--x\r\n";
    let body = empty.to_owned() + multipart(&"y".repeat(100_000)).trim_start_matches("--x\r\n");
    let thanks = post(&visitor, "/hooks/main/apply", body).await.expect(200);
    assert!(
        header(&thanks, "content-type").starts_with("text/html") && thanks.text.contains("role=\"status\""),
        "{}",
        thanks.text
    );
    let whole = eventually_async("it has ended", || async {
        let page = client.get("/api/executions?workflow=apply").await.expect(200).json();
        let id = page["items"][0]["id"].as_str()?.to_owned();
        Some(ended(&client, &id).await)
    })
    .await;
    assert_eq!(whole["output"], json!({"size": 100_000, "name": "scan.txt", "more": false}), "{whole:#}");
    let missing = "--x\r\nContent-Disposition: form-data; name=\"who\"\r\n\r\nada\r\n--x--\r\n";
    let refused = post(&visitor, "/hooks/main/apply", missing.to_owned()).await.expect(422);
    assert!(refused.text.contains("scan") && refused.text.contains("value=\"ada\""), "{}", refused.text);
    // One that asks for none takes none.
    install(&client, crate::form::SIGNUP.trim_start()).await;
    assert_eq!(problem(&post(&visitor, "/hooks/main/signup/a", multipart("z")).await), "unsupported_media_type");
}
