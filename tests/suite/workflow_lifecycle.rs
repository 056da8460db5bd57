//! Workflow files through the API: applied, versioned, switched on and off, removed.

use reqwest::Method;
use serde_json::{Value, json};
use tidemill_harness::{Answer, Client};

use crate::scene::{apply, ended, header, install, problem, reaches, run, server, start, text};
use crate::{audit, scene};

fn file(id: &str, path: &str, value: u32) -> String {
    format!(
        "id: {id}\ntriggers:\n  - {{id: arrival, type: webhook, path: {path}}}\n  - {{id: nightly, type: schedule, cron: \"30 2 * * *\"}}\n\
         steps:\n  - {{id: a, uses: transform, with: {{value: {value}}}}}\noutput: {{value: \"{{{{ steps.a.output.value }}}}\"}}\n"
    )
}

async fn put(client: &Client, file: &str, if_match: &str) -> Answer {
    let request = client.request(Method::PUT, "/api/workflows/w").header("Content-Type", "application/yaml");
    Answer::of(request.header("If-Match", if_match).body(file.to_owned())).await
}

#[tokio::test]
async fn a_file_becomes_versions_and_a_stale_change_is_refused() {
    let server = server().await;
    let client = server.client();
    let first = apply(&client, &file("w", "in", 1)).await.expect(201);
    assert_eq!((&first.json()["outcome"], header(&first, "etag")), (&json!("created"), "\"1\""));
    let same = apply(&client, &file("w", "in", 1)).await.expect(200);
    assert_eq!((&same.json()["outcome"], header(&same, "etag")), (&json!("unchanged"), "\"1\""));
    let second = put(&client, &file("w", "in", 2), "\"1\"").await.expect(200);
    assert_eq!((&second.json()["outcome"], header(&second, "etag")), (&json!("updated"), "\"2\""));
    let stale = put(&client, &file("w", "in", 3), "\"1\"").await.expect(412);
    assert_eq!(problem(&stale), "version_mismatch");
    assert!(text(&stale.json()["detail"]).contains("newest version is 2"), "{}", stale.text);
    let versions = client.get("/api/workflows/w/versions").await.expect(200).json();
    let numbers: Vec<_> = versions["items"].as_array().unwrap().iter().map(|item| item["version"].clone()).collect();
    assert_eq!(numbers, [json!(2), json!(1)]);
    let old = client.get("/api/workflows/w/versions/1").await.expect(200).json();
    assert_eq!(old["source"], file("w", "in", 1));
    assert_eq!(problem(&client.get("/api/workflows/w/versions/3").await.expect(404)), "not_found");
}

#[tokio::test]
async fn changes_at_the_same_time_make_one_version_each() {
    let server = server().await;
    let client = server.client();
    let files: Vec<_> = (0..16).map(|value| file("w", "in", value)).collect();
    let answers = futures_util::future::join_all(files.iter().map(|file| apply(&client, file))).await;
    let (made, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status < 300);
    assert!(refused.iter().all(|answer| problem(answer) == "conflict"), "{refused:?}");
    let mut versions: Vec<_> = made.iter().map(|answer| answer.json()["workflow"]["version"].as_i64().unwrap()).collect();
    versions.sort_unstable();
    assert_eq!(versions, (1..).take(made.len()).collect::<Vec<_>>());
    assert_eq!(made.iter().filter(|answer| answer.status == 201).count(), 1);
}

#[tokio::test]
async fn triggers_follow_the_active_version() {
    let server = server().await;
    let client = server.client();
    let _ = apply(&client, &file("w", "in", 1)).await.expect(201);
    let deliver = async || client.anonymous().post("/hooks/main/in", &json!({})).await;
    assert_eq!(deliver().await.status, 404);
    let live = client.post("/api/workflows/w/activate", &json!({})).await.expect(200).json();
    assert_eq!(live["active_version"], 1);
    assert!(live["triggers"][1]["next_at"].is_string(), "{live}");
    let id = audit::acknowledged(&deliver().await.expect(202));
    assert_eq!(ended(&client, &id).await["output"]["value"], 1);
    // A new version changes nothing for triggers until it is activated.
    let _ = apply(&client, &file("w", "in", 2)).await.expect(200);
    let id = audit::acknowledged(&deliver().await.expect(202));
    assert_eq!(ended(&client, &id).await["output"]["value"], 1);
    let _ = client.post("/api/workflows/w/activate", &json!({"version": 2})).await.expect(200);
    let id = audit::acknowledged(&deliver().await.expect(202));
    assert_eq!(ended(&client, &id).await["output"]["value"], 2);
    let _ = client.post("/api/workflows/w/activate", &json!({"version": 1})).await.expect(200);
    let id = audit::acknowledged(&deliver().await.expect(202));
    assert_eq!(ended(&client, &id).await["output"]["value"], 1);
    let quiet = client.post("/api/workflows/w/deactivate", &json!({})).await.expect(200).json();
    assert_eq!(quiet.get("active_version"), None);
    assert_eq!(deliver().await.status, 404);
    assert_eq!(problem(&client.post("/api/workflows/w/activate", &json!({"version": 9})).await.expect(404)), "not_found");
}

#[tokio::test]
async fn a_path_belongs_to_one_workflow() {
    let server = server().await;
    let client = server.client();
    install(&client, &file("first", "shared", 1)).await;
    let _ = apply(&client, &file("second", "shared", 2)).await.expect(201);
    let taken = client.post("/api/workflows/second/activate", &json!({})).await.expect(409);
    assert_eq!(problem(&taken), "conflict");
    assert!(text(&taken.json()["detail"]).contains("`first`"), "{}", taken.text);
    let _ = client.delete("/api/workflows/first").await.expect(204);
    let _ = client.post("/api/workflows/second/activate", &json!({})).await.expect(200);
}

#[tokio::test]
async fn a_deleted_workflow_is_gone_and_its_executions_go_on() {
    let mut server = server().await;
    let client = server.client();
    install(&client, &file("w", "in", 7)).await;
    let done = text(&run(&client, "w", json!({})).await["id"]);
    let waiting =
        "id: slow\nsteps:\n  - {id: pause, uses: wait, with: {duration: 4s}}\n  - {id: b, uses: transform, with: {x: 1}}\n";
    install(&client, waiting).await;
    let waits = start(&client, "slow", json!({})).await;
    reaches(&client, &waits, &["waiting"]).await;
    for id in ["w", "slow"] {
        let _ = client.delete(&format!("/api/workflows/{id}")).await.expect(204);
        assert_eq!(problem(&client.get(&format!("/api/workflows/{id}")).await.expect(404)), "not_found");
        assert_eq!(problem(&client.delete(&format!("/api/workflows/{id}")).await.expect(404)), "not_found");
    }
    assert_eq!(client.anonymous().post("/hooks/main/in", &json!({})).await.status, 404);
    // A restart forgets what is kept in memory of the deleted version.
    server.kill();
    server.restart().await;
    let client = server.client();
    assert_eq!(scene::detail(&client, &done).await["status"], "succeeded");
    assert_eq!(ended(&client, &waits).await["status"], "succeeded");
    // The id is free again, and the new one has a history of its own.
    let again = apply(&client, &file("w", "in", 1)).await.expect(201).json();
    assert_eq!(again["workflow"]["version"], 1);
}

#[tokio::test]
async fn all_errors_of_a_file_are_told_at_once_with_their_place() {
    let server = server().await;
    let client = server.client();
    let broken = "id: w\nsteps:\n  - {id: a, uses: nonsense}\n  - {id: total, uses: transform, with: {x: \"{{ steps.totl.output }}\"}}\n\
                  \x20 - {id: b, uses: transform, with: {}, depends_on: [c]}\n  - {id: c, uses: transform, with: {}, depends_on: [b]}\n";
    let validate = async |file: &str| {
        let request = client.request(Method::POST, "/api/workflows/validate").header("Content-Type", "application/yaml");
        Answer::of(request.body(file.to_owned())).await.expect(200).json()
    };
    let said = validate(broken).await;
    assert_eq!(said["valid"], false);
    let codes: Vec<_> = said["errors"].as_array().unwrap().iter().map(|error| text(&error["code"])).collect();
    for code in ["unknown_uses", "cycle"] {
        assert!(codes.contains(&code.to_owned()), "{code} is missing in {said:#}");
    }
    let lines: Vec<_> = said["errors"].as_array().unwrap().iter().map(|error| error["line"].as_u64().unwrap()).collect();
    assert!(lines.iter().all(|line| (3..=6).contains(line)), "{said:#}");
    let refused = apply(&client, broken).await.expect(422);
    assert_eq!(problem(&refused), "workflow_invalid");
    assert_eq!(refused.json()["errors"], said["errors"]);
    assert_eq!(client.get("/api/workflows").await.json()["items"], Value::Array(Vec::new()));
    let fine = validate(&file("w", "in", 1)).await;
    assert_eq!((&fine["valid"], &fine["errors"]), (&json!(true), &json!([])));
    // The file's own id decides nothing: it must be the one in the address.
    let request = client.request(Method::PUT, "/api/workflows/other").header("Content-Type", "application/yaml");
    let other = Answer::of(request.body(file("w", "in", 1))).await.expect(422);
    assert_eq!(other.json()["errors"][0]["code"], "id_mismatch");
}
