//! Credentials that are shared: used by steps elsewhere, checked when a file is saved and when it runs, and never shown.

use reqwest::Method;
use serde_json::{Value, json};
use tidemill_harness::{Answer, Client, TestServer};

use crate::endpoint::{Endpoint, Reply};
use crate::outbound::credential;
use crate::scene::{apply, run, server, text};

const PASSWORD: &str = "correct horse battery";
const CANARY: &str = "canary-shared-credential";

/// Invites somebody into `workspace` and signs in.
async fn colleague(admin: &Client, workspace: &str, name: &str, role: &str) -> Client {
    let wanted = if role == "guest" { json!({"role": role, "member_expires_in_days": 3}) } else { json!({"role": role}) };
    let invite = admin.post(&format!("/api/workspaces/{workspace}/invites"), &wanted).await.expect(201).json();
    let claim = json!({"email": format!("{name}@example.com"), "password": PASSWORD});
    let anonymous = admin.anonymous();
    let _ = anonymous.post(&format!("/api/invites/{}", text(&invite["secret"])), &claim).await.expect(201);
    let session = anonymous.post("/api/sign-in", &claim).await.expect(201).json();
    admin.with_token(&text(&session["secret"])).in_workspace(workspace)
}

async fn id_of(client: &Client) -> String {
    text(&client.get("/api/user").await.expect(200).json()["user_id"])
}

async fn share(admin: &Client, what: (&str, &str), with: Value, permission: &str) -> Answer {
    let mut body = json!({"object_kind": what.0, "object_id": what.1, "permission": permission});
    body.as_object_mut().unwrap().extend(with.as_object().unwrap().clone());
    admin.post("/api/workspaces/main/shares", &body).await
}

/// Two workspaces; `main` has the credential `api` for the endpoint.
async fn scene() -> (TestServer, Client, Endpoint) {
    let (server, endpoint) = (server().await, Endpoint::start(|_, _| Reply::Answer(200, "", "{}")).await);
    let admin = server.client().in_workspace("main");
    let _ = admin.post("/api/workspaces", &json!({"slug": "acme"})).await.expect(201);
    let put = json!({"type": "bearer", "hosts": [endpoint.url()], "secret": CANARY});
    let made = credential(&admin, "api", put).await;
    assert_eq!(made.status, 201, "{}", made.text);
    (server, admin, endpoint)
}

fn asks(endpoint: &Endpoint, credential: &str, more: &str) -> String {
    format!(
        "id: asks\nsteps:\n  - {{id: ask, uses: http.request, with: {{url: \"{}/{more}\", auth: {{credential: {credential}}}}}}}\n",
        endpoint.url()
    )
}

/// The error of an execution, or that it succeeded.
async fn outcome(client: &Client) -> String {
    let whole = run(client, "asks", json!({})).await;
    assert!(!whole.to_string().contains(CANARY), "{whole:#}");
    whole["failure"]["message"].as_str().or(whole["status"].as_str()).unwrap().to_owned()
}

fn refused(answer: &Answer) -> Value {
    assert_eq!(answer.status, 422, "{}", answer.text);
    let found = answer.json()["errors"][0].clone();
    assert_eq!(found["code"], "credential_not_shared", "{found}");
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn another_workspace_uses_a_credential_as_long_as_it_is_shared() {
    let (_server, admin, endpoint) = scene().await;
    let bob = colleague(&admin, "acme", "bob", "editor").await;
    let file = asks(&endpoint, "main/api", "");
    let found = refused(&apply(&bob, &file).await);
    assert_eq!(found["line"], 3, "{found}");
    assert!(text(&found["suggestion"]).contains("tidemill share add credential/api --may use"), "{found}");

    let shared = share(&admin, ("credential", "api"), json!({"workspace": "acme"}), "use").await.expect(201).json();
    assert_eq!(apply(&bob, &file).await.status, 201);
    assert_eq!(outcome(&bob).await, "succeeded");
    assert_eq!(endpoint.received()[0].headers["authorization"], format!("Bearer {CANARY}"));

    // It is used and never shown, neither here nor where it belongs.
    let mine = bob.get("/api/shared").await.expect(200);
    assert!(mine.json()["items"][0]["object_id"] == "api" && !mine.text.contains(CANARY), "{}", mine.text);
    assert_eq!(bob.get("/api/credentials").await.expect(200).json()["items"], json!([]));
    for path in ["/api/credentials/api", "/api/credentials"] {
        let there = bob.in_workspace("main").get(path).await;
        assert!(matches!(there.status, 401 | 403 | 404), "{path}: {} {}", there.status, there.text);
    }
    // A member of `main` who is none of `acme` can't take it there, and a third workspace gets nothing.
    let _ = admin.post("/api/workspaces", &json!({"slug": "third"})).await.expect(201);
    let eve = colleague(&admin, "third", "eve", "editor").await;
    let _ = refused(&apply(&eve, &file).await);

    let _ = admin.delete(&format!("/api/workspaces/main/shares/{}", text(&shared["id"]))).await.expect(204);
    let why = outcome(&bob).await;
    assert!(why.contains("`main/api` can't be used here"), "{why}");
    assert_eq!(endpoint.received().len(), 1, "nothing was sent");
    // One of the same name that is made anew is not shared.
    let _ = share(&admin, ("credential", "api"), json!({"workspace": "acme"}), "use").await.expect(201);
    assert_eq!(outcome(&bob).await, "succeeded");
    let _ = admin.delete("/api/credentials/api").await.expect(204);
    let put = json!({"type": "bearer", "hosts": [endpoint.url()], "secret": "another"});
    assert_eq!(credential(&admin, "api", put).await.status, 201);
    assert!(outcome(&bob).await.contains("can't be used here"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_that_is_shared_with_a_member_is_used_in_the_name_of_that_member() {
    let (_server, admin, endpoint) = scene().await;
    let bob = colleague(&admin, "acme", "bob", "editor").await;
    let carol = colleague(&admin, "acme", "carol", "editor").await;
    let bob_id = id_of(&bob).await;
    let added = admin.post("/api/workspaces/main/members", &json!({"user_id": bob_id, "role": "viewer"})).await;
    assert_eq!(added.status, 201, "{}", added.text);
    let _ = share(&admin, ("credential", "api"), json!({"user_id": bob_id}), "use").await.expect(201);
    let _ = refused(&apply(&carol, &asks(&endpoint, "main/api", "")).await);
    assert_eq!(apply(&bob, &asks(&endpoint, "main/api", "")).await.status, 201);
    // Whoever starts it: it is his workflow.
    assert_eq!(outcome(&carol).await, "succeeded");
    let _ = refused(&apply(&carol, &asks(&endpoint, "main/api", "changed")).await);
    assert_eq!(outcome(&carol).await, "succeeded");
    let _ = admin.delete(&format!("/api/workspaces/main/members/{bob_id}")).await.expect(204);
    assert!(outcome(&carol).await.contains("can't be used here"));
    assert_eq!(endpoint.received().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_edit_one_workflow_takes_no_further_credential_into_it() {
    let (_server, admin, endpoint) = scene().await;
    let own = asks(&endpoint, "api", "");
    assert_eq!(apply(&admin, &own).await.status, 201);
    let dan = colleague(&admin, "main", "dan", "guest").await;
    let _ = share(&admin, ("workflow", "asks"), json!({"user_id": id_of(&dan).await}), "edit").await.expect(201);
    // What the workflow uses already it goes on to use.
    let changed = apply(&dan, &own.replace("id: ask,", "id: ask, name: again,")).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    let put = json!({"type": "bearer", "hosts": [endpoint.url()], "secret": "other"});
    assert_eq!(credential(&admin, "other", put).await.status, 201);
    let more = own.replace("credential: api", "credential: other");
    let _ = refused(&apply(&dan, &more).await);
    let _ = share(&admin, ("credential", "other"), json!({"user_id": id_of(&dan).await}), "use").await.expect(201);
    assert_eq!(apply(&dan, &more).await.status, 200);
    let shown = Answer::of(dan.request(Method::GET, "/api/credentials/other")).await;
    assert!(matches!(shown.status, 403 | 404), "{}", shown.text);
}
