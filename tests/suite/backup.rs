//! Backups under load, proved, restored, and what goes on afterwards.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;
use tidemill_harness::{Client, ServerOptions, Storage, TestDatabase, TestServer, eventually_async};

use crate::endpoint::{Endpoint, Reply};
use crate::scene::{BINARY, install, run, secret, start, text};

const WORK: &str = "id: work\ninputs: {type: object, properties: {n: {type: integer}}}\nsteps: [{id: a, uses: transform, with: {n: \"{{ inputs.n }}\"}}]\noutput: {n: \"{{ steps.a.output.n }}\"}\n";
const AFTER: &str = "id: after\ntriggers: [{id: end, type: event, event: execution_succeeded, workflow: work}]\nsteps: [{id: a, uses: transform, with: {of: \"{{ trigger.body.execution.id }}\"}}]\noutput: {of: \"{{ steps.a.output.of }}\"}\n";

fn options(storage: Storage) -> ServerOptions {
    let args = vec!["--outbound-allow".to_owned(), "127.0.0.0/8".to_owned()];
    ServerOptions { binary: BINARY.into(), args, storage }
}

fn tidemill(args: &[&str], paths: &[(&str, &Path)]) -> Output {
    let mut command = Command::new(BINARY);
    command.args(args);
    for (flag, path) in paths {
        if !flag.is_empty() {
            command.arg(flag);
        }
        command.arg(path);
    }
    command.output().unwrap()
}

fn good(output: &Output) -> String {
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
    said
}

fn bad(output: &Output) -> String {
    assert!(!output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn copy_keys(from: &Path, to: &Path) {
    for key in ["secret.key", "account.key", "admin-token"] {
        fs::copy(from.join(key), to.join(key)).unwrap();
    }
}

/// All executions of a workflow: id and status.
async fn executions(client: &Client, workflow: &str) -> BTreeMap<String, String> {
    let (mut all, mut cursor) = (BTreeMap::new(), String::new());
    loop {
        let page = client.get(&format!("/api/executions?workflow={workflow}&limit=200{cursor}")).await.expect(200).json();
        for item in page["items"].as_array().unwrap() {
            all.insert(text(&item["id"]), text(&item["status"]));
        }
        let Some(next) = page["next_cursor"].as_str() else { return all };
        cursor = format!("&cursor={next}");
    }
}

/// For which executions of `work` the workflow `after` was started, and how often.
async fn heard(client: &Client) -> BTreeMap<String, usize> {
    let mut heard = BTreeMap::new();
    for id in executions(client, "after").await.into_keys() {
        let detail = client.get(&format!("/api/executions/{id}")).await.expect(200).json();
        if let Some(of) = detail["output"]["of"].as_str() {
            *heard.entry(of.to_owned()).or_default() += 1;
        }
    }
    heard
}

/// The rolled up number of executions of `work` that ended.
async fn counted(client: &Client) -> i64 {
    let metrics = client.get("/api/executions/metrics?workflow=work").await.expect(200).json();
    metrics["items"][0]["executions"]["succeeded"].as_i64().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_under_load_is_proved_and_goes_on_elsewhere() {
    let server = TestServer::start_with(options(Storage::Embedded)).await;
    let client = server.client();
    let endpoint = Endpoint::start(|_, _| Reply::Answer(200, "", "{}")).await;
    install(&client, WORK).await;
    install(&client, AFTER).await;
    secret(&client, "shop", "canary-of-the-shop").await;
    let subscription = json!({"url": endpoint.url(), "events": ["execution_succeeded"], "workflow": "work"});
    let _ = client.post("/api/subscriptions", &subscription).await.expect(201);
    // Load before, while and after the backup is made.
    let load = tokio::spawn({
        let client = server.client();
        async move {
            for n in 0..200 {
                let _ = start(&client, "work", json!({ "n": n })).await;
            }
        }
    });
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("backup.tar");
    eventually_async("there is something to back up", || async {
        (executions(&client, "work").await.len() > 20).then_some(())
    })
    .await;
    let made = good(&tidemill(&["backup"], &[("", &file), ("--data-dir", server.data_dir())]));
    assert!(made.contains("the keys are not in it") && made.contains("*.key"), "{made}");
    load.await.unwrap();
    let bytes = fs::read(&file).unwrap();
    assert!(!bytes.windows(12).any(|window| window == b"canary-of-th"), "secrets are sealed in it");
    let again = bad(&tidemill(&["backup"], &[("", &file), ("--data-dir", server.data_dir())]));
    assert!(again.contains("exists already"), "{again}");
    let proved = good(&tidemill(&["backup", "verify"], &[("", &file)]));
    assert!(proved.contains("ok: ") && proved.contains("chains of the audit log"), "{proved}");

    let dir = TempDir::new().unwrap();
    let used = bad(&tidemill(&["restore"], &[("", &file), ("--data-dir", server.data_dir())]));
    assert!(used.contains("is not empty"), "{used}");
    let restored = good(&tidemill(&["restore"], &[("", &file), ("--data-dir", dir.path())]));
    assert!(restored.contains("put secret.key and account.key there"), "{restored}");
    copy_keys(server.data_dir(), dir.path());
    drop(server);

    let server = TestServer::start_in(options(Storage::Embedded), dir).await;
    let client = server.client();
    let work = eventually_async("what was under way has ended", || async {
        let work = executions(&client, "work").await;
        work.values().all(|status| status == "succeeded").then_some(work)
    })
    .await;
    assert!((20..=200).contains(&work.len()), "{}", work.len());
    let next = run(&client, "work", json!({"n": 1000})).await;
    // The readers of the feed go on where they were: everything is heard once, rolled up once, told once.
    let all: BTreeMap<String, usize> = work.keys().chain([&text(&next["id"])]).map(|id| (id.clone(), 1)).collect();
    eventually_async("all ends are heard of", || async { (heard(&client).await.len() >= all.len()).then_some(()) }).await;
    assert_eq!(heard(&client).await, all);
    let wanted = i64::try_from(all.len()).unwrap();
    eventually_async("all ends are counted", || async { (counted(&client).await >= wanted).then_some(()) }).await;
    assert_eq!(counted(&client).await, wanted);
    let told = || {
        let bodies = endpoint.received().into_iter().filter_map(|one| serde_json::from_str::<Value>(&one.body).ok());
        bodies.filter_map(|body| body["data"]["execution"]["id"].as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    eventually_async("the receiver is told of the newest", || async { told().contains(&text(&next["id"])).then_some(()) })
        .await;
    let secrets = client.get("/api/secrets").await.expect(200).text;
    assert!(secrets.contains("shop"), "{secrets}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_backup_or_a_place_is_said() {
    let server = TestServer::start_with(options(Storage::Embedded)).await;
    install(&server.client(), WORK).await;
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("backup.tar");
    let with_key = good(&tidemill(&["backup", "--with-key"], &[("", &file), ("--data-dir", server.data_dir())]));
    assert!(with_key.contains("whoever has this file can read every secret"), "{with_key}");
    let half = place.path().join("half.tar");
    let whole = fs::read(&file).unwrap();
    fs::write(&half, &whole[..whole.len() / 2]).unwrap();
    let told = bad(&tidemill(&["backup", "verify"], &[("", &half)]));
    assert!(told.contains("is no whole backup"), "{told}");
    let nowhere = tempfile::tempdir().unwrap();
    let told = bad(&tidemill(&["backup"], &[("", &place.path().join("x.tar")), ("--data-dir", nowhere.path())]));
    assert!(told.contains("no server runs in"), "{told}");
    let fresh = nowhere.path().join("fresh");
    let _ = good(&tidemill(&["restore"], &[("", &file), ("--data-dir", &fresh)]));
    assert_eq!(fs::read(fresh.join("secret.key")).unwrap(), fs::read(server.data_dir().join("secret.key")).unwrap());
    // A restore that was cut off is not taken for a server's data.
    fs::write(fresh.join("restore-unfinished"), "").unwrap();
    let told = bad(&tidemill(&["serve", "--listen", "127.0.0.1:0"], &[("--data-dir", &fresh)]));
    assert!(told.contains("was cut off"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_embedded_server_moves_to_an_external_postgres() {
    let server = TestServer::start_with(options(Storage::Embedded)).await;
    install(&server.client(), WORK).await;
    let before = run(&server.client(), "work", json!({"n": 7})).await;
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("backup.tar");
    let _ = good(&tidemill(&["backup"], &[("", &file), ("--data-dir", server.data_dir())]));
    let (database, dir) = (TestDatabase::empty(), TempDir::new().unwrap());
    for key in ["secret.key", "account.key"] {
        fs::copy(server.data_dir().join(key), dir.path().join(key)).unwrap();
    }
    let restore = ["restore", "--database-url", database.url()];
    let _ = good(&tidemill(&restore, &[("", &file), ("--data-dir", dir.path())]));
    fs::copy(server.data_dir().join("admin-token"), dir.path().join("admin-token")).unwrap();
    let elsewhere = TempDir::new().unwrap();
    let told = bad(&tidemill(&restore, &[("", &file), ("--data-dir", elsewhere.path())]));
    assert!(told.contains("holds a Tidemill already"), "{told}");
    drop(server);

    let mut moved = options(Storage::Embedded);
    moved.args.extend(["--database-url".to_owned(), database.url().to_owned()]);
    let server = TestServer::start_in(moved, dir).await;
    let client = server.client();
    let id = text(&before["id"]);
    assert_eq!(client.get(&format!("/api/executions/{id}")).await.expect(200).json()["output"], json!({"n": 7}));
    assert_eq!(run(&client, "work", json!({"n": 8})).await["output"], json!({"n": 8}));
    // A backup of the external database, by the same command.
    let second = place.path().join("external.tar");
    let _ = good(&tidemill(&["backup", "--database-url", database.url()], &[("", &second), ("--data-dir", server.data_dir())]));
    let _ = good(&tidemill(&["backup", "verify"], &[("", &second)]));
}

/// A login role that owns nothing and bypasses nothing, as the documentation of `Unprepared` has it made.
fn plain_role(database: &TestDatabase) -> String {
    let role = format!("tidemill_plain_{}", std::process::id());
    for name in ["tidemill_owner", "tidemill_app", "tidemill_engine"] {
        database.execute(&format!(
            "DO $$ BEGIN CREATE ROLE {name} NOLOGIN NOSUPERUSER NOBYPASSRLS; EXCEPTION WHEN duplicate_object THEN NULL; END $$"
        ));
    }
    database.execute(&format!("CREATE ROLE {role} LOGIN"));
    database.execute(&format!("GRANT tidemill_owner, tidemill_app, tidemill_engine TO {role}"));
    database.execute("CREATE SCHEMA IF NOT EXISTS tidemill AUTHORIZATION tidemill_owner");
    role
}

#[tokio::test(flavor = "multi_thread")]
async fn the_role_of_the_server_is_enough_for_a_backup_elsewhere() {
    let database = TestDatabase::empty();
    let role = plain_role(&database);
    let url = format!("{}&user={role}", database.url());
    let server = TestServer::start_with(options(Storage::At(url.clone()))).await;
    install(&server.client(), WORK).await;
    let _ = run(&server.client(), "work", json!({"n": 7})).await;
    secret(&server.client(), "shop", "canary").await;
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("plain.tar");
    let _ = good(&tidemill(&["backup", "--database-url", &url], &[("", &file), ("--data-dir", server.data_dir())]));
    let proved = good(&tidemill(&["backup", "verify"], &[("", &file)]));
    assert!(proved.contains("ok: "), "{proved}");
    let counted = database.query("SELECT count(*) FROM tidemill.execution_events");
    assert_ne!(counted, [Some("0".to_owned())]);
    drop(server);

    // Without the rights of the engine it would see a part only, and says which.
    database.execute(&format!("REVOKE tidemill_engine FROM {role}"));
    let half = place.path().join("half.tar");
    let told = bad(&tidemill(&["backup", "--database-url", &url], &[("", &half), ("--data-dir", place.path())]));
    assert!(told.contains("would copy only a part (it does not see every row of "), "{told}");
    assert!(!half.exists());
    database.execute(&format!("DROP OWNED BY {role}"));
    drop(database);
    TestDatabase::empty().execute(&format!("DROP ROLE {role}"));
}
