//! Schedules: each instant once, through restarts, downtime, edits, and clocks that are set back.

use serde_json::json;
use tidemill_harness::{Client, ServerOptions, Storage, TestDatabase, TestServer, eventually, eventually_async};

use crate::audit;
use crate::scene::{BINARY, apply, install, server, text};

fn file(id: &str, trigger: &str) -> String {
    format!(
        "id: {id}\ntriggers: [{{id: t, type: schedule, {trigger}}}]\nsteps: [{{id: a, uses: transform, with: {{due: \"{{{{ trigger.scheduled_at }}}}\"}}}}]\n"
    )
}

fn deliveries(server: &TestServer) -> Vec<String> {
    let sql = "SELECT key FROM tidemill.deliveries WHERE source LIKE 'schedule:%' ORDER BY key";
    server.database().unwrap().query(sql).into_iter().flatten().collect()
}

/// Sets the trigger of the only schedule back, as if no server had run for so long.
fn was_away(server: &TestServer, interval: &str) {
    server.database().unwrap().execute(&format!(
        "UPDATE tidemill.triggers SET instant = date_trunc('hour', now()) - interval '{interval}', next_at = date_trunc('hour', now()) - interval '{interval}'
         WHERE type = 'schedule'"
    ));
}

async fn trigger(client: &Client, workflow: &str) -> serde_json::Value {
    client.get(&format!("/api/workflows/{workflow}/triggers/t")).await.expect(200).json()["trigger"].clone()
}

#[tokio::test]
async fn an_interval_fires_and_a_kill_repeats_no_instant() {
    let mut server = server().await;
    install(&server.client(), &file("tick", "every: 1s")).await;
    eventually("it fires", || (deliveries(&server).len() >= 3).then_some(()));
    server.kill();
    server.restart().await;
    let before = deliveries(&server).len();
    eventually("it goes on", || (deliveries(&server).len() >= before + 3).then_some(()));
    let client = server.client();
    let _ = client.post("/api/workflows/tick/deactivate", &json!({})).await.expect(200);
    audit::check_at_rest(server.database().unwrap());
    let executions = server.database().unwrap().query("SELECT count(*)::text FROM tidemill.executions");
    assert_eq!(executions, [Some(deliveries(&server).len().to_string())], "one execution per instant");
}

#[tokio::test]
async fn what_was_missed_is_made_up_for_as_the_file_says() {
    for (catch_up, expected) in [("catch_up: all, catch_up_limit: 3", 3), ("catch_up: last", 1), ("catch_up: none", 0)] {
        let mut server = server().await;
        install(&server.client(), &file("hourly", &format!("cron: '30 * * * *', {catch_up}"))).await;
        server.kill();
        was_away(&server, "10 hours 30 minutes");
        server.restart().await;
        let client = server.client();
        eventually_async("it has moved on", || async {
            let next =
                trigger(&client, "hourly").await["next_at"].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap();
            (next > chrono::Utc::now()).then_some(())
        })
        .await;
        // At half past an instant may be on time besides.
        let found = deliveries(&server).len();
        assert!(found == expected || found == expected + 1, "{catch_up}: {:?}", deliveries(&server));
    }
}

#[tokio::test]
async fn an_edit_in_the_second_of_a_firing_neither_repeats_nor_loses_it() {
    let mut server = server().await;
    let cron = "cron: '30 * * * *', catch_up: all";
    install(&server.client(), &file("edited", cron)).await;
    server.kill();
    was_away(&server, "30 minutes");
    let due = server
        .database()
        .unwrap()
        .query("SELECT to_char(instant AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') FROM tidemill.triggers");
    server.restart().await;
    let client = server.client();
    // A new version, activated again and again while the instant is due and after it has fired.
    for number in 0..5 {
        let _ = apply(&client, &file("edited", &format!("{cron}, input: {{n: {number}}}"))).await;
        let _ = client.post("/api/workflows/edited/activate", &json!({})).await.expect(200);
    }
    eventually("the instant fires", || deliveries(&server).into_iter().any(|key| Some(key) == due[0]).then_some(()));
    let fired: Vec<_> = deliveries(&server).into_iter().filter(|key| Some(key.clone()) == due[0]).collect();
    assert_eq!(fired.len(), 1, "{:?}", deliveries(&server));
    audit::check_at_rest(server.database().unwrap());
    let executions = server.database().unwrap().query("SELECT count(*)::text FROM tidemill.executions");
    assert_eq!(executions, [Some(deliveries(&server).len().to_string())], "one execution per instant");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_fire_each_second_once_through_edits_and_restarts() {
    let database = TestDatabase::empty();
    let node = async || {
        let storage = Storage::At(database.url().to_owned());
        TestServer::start_with(ServerOptions { binary: BINARY.into(), args: Vec::new(), storage }).await
    };
    let (first, mut second) = (node().await, node().await);
    let instants = || -> Vec<chrono::DateTime<chrono::Utc>> {
        let keys = database.query("SELECT key FROM tidemill.deliveries WHERE source LIKE 'schedule:%' ORDER BY key");
        keys.into_iter().flatten().map(|key| key.parse().unwrap()).collect()
    };
    install(&first.client(), &file("tick", "every: 1s")).await;
    for round in 0..6 {
        let client = if round % 2 == 0 { first.client() } else { Client::new(second.url(), Some(&first.token())) };
        install(&client, &file("tick", &format!("every: 1s, input: {{n: {round}}}"))).await;
        let before = instants().len();
        eventually("it goes on", || (instants().len() >= before + 2).then_some(()));
        match round {
            2 => second.kill(),
            4 => drop(second.terminate()),
            _ => continue,
        }
        second.restart().await;
    }
    let _ = first.client().post("/api/workflows/tick/deactivate", &json!({})).await.expect(200);
    audit::check_at_rest(&database);
    let all = instants();
    let steps: Vec<i64> = all.windows(2).map(|pair| (pair[1] - pair[0]).num_seconds()).collect();
    assert!(steps.iter().all(|step| *step == 1), "every second once: {steps:?}");
    let executions = database.query("SELECT count(*)::text FROM tidemill.executions");
    assert_eq!(executions, [Some(all.len().to_string())], "one execution per instant");
}

#[tokio::test]
async fn a_clock_that_was_ahead_does_not_silence_a_schedule() {
    let mut server = server().await;
    install(&server.client(), &file("ahead", "every: 1s")).await;
    eventually("it fires", || (!deliveries(&server).is_empty()).then_some(()));
    server.kill();
    // It fired a day ahead, by a clock that has been corrected since.
    server.database().unwrap().execute(
        "UPDATE tidemill.triggers SET last_at = now() + interval '1 day', instant = now() + interval '1 day', next_at = now() + interval '1 day'",
    );
    let before = deliveries(&server).len();
    server.restart().await;
    eventually("it goes on from now", || (deliveries(&server).len() > before).then_some(()));
}

#[tokio::test]
async fn a_schedule_is_explained() {
    let server = server().await;
    let client = server.client();
    install(&client, &file("nightly", "cron: '30 2 * * *', timezone: Europe/Berlin, jitter: 5m")).await;
    let shown = trigger(&client, "nightly").await;
    assert_eq!(
        (&shown["cron"], &shown["timezone"], &shown["jitter"]),
        (&json!("30 2 * * *"), &json!("Europe/Berlin"), &json!("5m"))
    );
    let asked = json!({"cron": "30 2 * * *", "timezone": "Europe/Berlin", "count": 2, "from": "2026-01-01T00:00:00Z"});
    let said = client.post("/api/schedules/explain", &asked).await.expect(200).json();
    assert_eq!(said["next"][0], json!({"at": "2026-01-01T01:30:00Z", "local": "2026-01-01T02:30:00+01:00"}));
    let changes = said["changes"].as_array().unwrap();
    assert_eq!(
        (changes.len(), &changes[0]["kind"], &changes[0]["named"]),
        (10, &json!("gap"), &json!(["2026-03-29T02:30:00"]))
    );
    assert_eq!(changes[0]["fires"][0]["local"], "2026-03-29T03:00:00+02:00");
    assert_eq!((&changes[1]["kind"], changes[1]["fires"].as_array().unwrap().len()), (&json!("overlap"), 1));
    for wrong in [
        json!({}),
        json!({"cron": "x"}),
        json!({"cron": "* * * * *", "every": "5m"}),
        json!({"every": "5"}),
        json!({"cron": "* * * * *", "timezone": "Mars/X"}),
    ] {
        let refused = client.post("/api/schedules/explain", &wrong).await.expect(400);
        assert!(text(&refused.json()["detail"]).len() > 20, "{}", refused.text);
    }
}
