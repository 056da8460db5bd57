//! People through the real binary: an invited colleague, a device over SSH, a stream that ends with the right to follow it, and
//! an audit log that shows when the database was tampered with.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Instant;

use futures_util::StreamExt;
use reqwest::Method;
use serde_json::{Value, json};
use tidemill_harness::{Answer, Client, TestServer};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::scene::{BINARY, install, server, text};

const PASSWORD: &str = "correct horse battery";
const FILE: &str = "id: w\nsteps:\n  - {id: a, uses: transform, with: {x: 1}}\n";

/// Invites somebody with `role` and signs in. Returns a client with the session.
async fn colleague(client: &Client, email: &str, role: &str) -> Client {
    let invite = client.post("/api/workspaces/main/invites", &json!({"role": role})).await.expect(201).json();
    let claim = json!({"email": email, "password": PASSWORD});
    let path = format!("/api/invites/{}", text(&invite["secret"]));
    let _ = client.anonymous().post(&path, &claim).await.expect(201);
    let session = client.anonymous().post("/api/sign-in", &claim).await.expect(201).json();
    client.with_token(&text(&session["secret"]))
}

async fn id_of(client: &Client) -> String {
    text(&client.get("/api/user").await.expect(200).json()["user_id"])
}

fn tidemill(server: &TestServer, home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(BINARY);
    command.args(arguments).env("TIDEMILL_CONFIG_DIR", home).env_remove("TIDEMILL_TOKEN").stdin(Stdio::null());
    command.args(["--server", server.url()]);
    command
}

fn output(mut command: Command) -> (i32, String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    (status.code().unwrap(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[tokio::test]
async fn a_stream_ends_within_five_seconds_of_the_right_to_follow_it() {
    let server = server().await;
    let admin = server.client();
    let ann = colleague(&admin, "ann@example.com", "viewer").await;
    let id = id_of(&ann).await;
    let mut request = format!("{}/api/stream", server.url().replace("http", "ws")).into_client_request().unwrap();
    let token = ann.request(Method::GET, "/").build().unwrap().headers()["authorization"].clone();
    request.headers_mut().insert("authorization", token);
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
    let live = socket.next().await.unwrap().unwrap();
    assert!(live.to_text().unwrap().contains("live"), "{live}");
    let _ = admin.delete(&format!("/api/workspaces/main/members/{id}")).await.expect(204);
    let began = Instant::now();
    let mut said = Vec::new();
    let closed = loop {
        match socket.next().await {
            Some(Ok(Message::Close(frame))) => break frame.map(|frame| u16::from(frame.code)),
            Some(Ok(message)) => said.push(message.to_string()),
            Some(Err(_)) | None => break None,
        }
    };
    assert_eq!(closed, Some(4401), "{said:?}");
    assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
    assert!(said.last().is_some_and(|last| last.contains("unauthenticated")), "{said:?}");
    assert_eq!(ann.get("/api/workflows").await.status, 401);
}

#[tokio::test]
async fn a_shell_is_signed_in_by_a_code_that_somebody_enters_elsewhere() {
    let server = server().await;
    let ann = colleague(&server.client(), "ann@example.com", "editor").await;
    let home = tempfile::tempdir().unwrap();
    let mut command = tidemill(&server, home.path(), &["login", server.url(), "--device", "--name", "there"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let database = server.database().unwrap();
    tidemill_harness::eventually("the device waits", || {
        (!database.query("SELECT name FROM tidemill.device_logins").is_empty()).then_some(())
    });
    // The code is on the screen of the shell only: this test reads it there after the end, and approves by what is kept of it.
    let user = id_of(&ann).await;
    database.execute(&format!("UPDATE tidemill.device_logins SET user_id = '{user}'"));
    let done = child.wait_with_output().unwrap();
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(done.status.success() && said.contains("/device") && said.contains("enter the code"), "{said}");
    let (code, account, complaint) = output(tidemill(&server, home.path(), &["user", "show", "-o", "json"]));
    assert_eq!(code, 0, "{complaint}");
    assert_eq!(serde_json::from_str::<Value>(&account).unwrap()["email"], "ann@example.com");
    let page = Answer::of(ann.anonymous().request(Method::GET, "/device?user_code=%22%3E%3Cscript%3E")).await.expect(200);
    assert!(page.text.contains("<form") && !page.text.contains("<script"), "{}", page.text);
}

#[tokio::test]
async fn an_audit_log_that_was_tampered_with_shows_it() {
    let server = server().await;
    install(&server.client(), FILE).await;
    let home = tempfile::tempdir().unwrap();
    let token = server.data_dir().join("admin-token");
    let run = |arguments: &[&str]| {
        let mut command = tidemill(&server, home.path(), arguments);
        output({
            command.arg("--token-file").arg(&token);
            command
        })
    };
    let (code, end, complaint) = run(&["audit", "verify", "-o", "name"]);
    assert_eq!(code, 0, "{complaint}");
    let end = end.trim().trim_start_matches("audit/").to_owned();
    assert_eq!(run(&["audit", "verify", "--expect", &end]).0, 0);
    let (_, list, _) = run(&["audit", "ls", "--on", "workflow/w", "-o", "tsv"]);
    assert!(list.contains("workflow_apply") && list.contains("workflow_activate"), "{list}");
    let (_, csv, _) = run(&["audit", "export", "--format", "csv"]);
    assert!(csv.starts_with("seq,at,operation") && csv.contains("workflow_apply"), "{csv}");
    // Not even the server's own roles can do this; a superuser can, and it shows.
    let database = server.database().unwrap();
    database.execute(
        "UPDATE tidemill.audit_log SET entry = replace(entry::text, 'workflow_apply', 'workflow_view')::json WHERE seq = 1",
    );
    let (code, _, complaint) = run(&["audit", "verify"]);
    assert!(code == 1 && complaint.contains("entry 1 does not have its hash"), "{complaint}");
}

#[tokio::test]
async fn an_archived_workspace_takes_no_webhooks() {
    let server = server().await;
    let client = server.client();
    install(
        &client,
        "id: w\ntriggers: [{id: t, type: webhook, path: in}]\nsteps:\n  - {id: a, uses: transform, with: {x: 1}}\n",
    )
    .await;
    let deliver = async || client.anonymous().post("/hooks/main/in", &json!({})).await.status;
    assert_eq!(deliver().await, 202);
    let _ = client.post("/api/workspaces/main/archive", &json!({})).await.expect(200);
    assert_eq!(deliver().await, 404);
    let _ = client.post("/api/workspaces/main/unarchive", &json!({})).await.expect(200);
    assert_eq!(deliver().await, 202);
    let _ = client.delete("/api/workspaces/main").await.expect(200);
    assert_eq!(deliver().await, 404);
}
