//! Traces and metrics as a collector gets them, through the real binary.

use std::collections::HashMap;

use serde_json::{Value, json};
use tidemill_harness::{Answer, Client, ServerOptions, Storage, TestDatabase, TestServer, eventually_async};

use super::endpoint::{Endpoint, Reply};
use super::scene::{BINARY, ended, install, start};

const SENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

async fn collector() -> Endpoint {
    Endpoint::start(|_, _| Reply::Answer(200, "", "{}")).await
}

async fn server(collector: &str, storage: Storage, args: &[&str]) -> TestServer {
    let known = ["--outbound-allow", "127.0.0.0/8", "--otlp-endpoint", collector, "--otlp-metrics-seconds", "1"];
    let args = known.iter().chain(args).map(ToString::to_string).collect();
    TestServer::start_with(ServerOptions { binary: BINARY.into(), args, storage }).await
}

/// Everything that came to `path`.
fn received(collector: &Endpoint, path: &str) -> Vec<Value> {
    let requests = collector.received().into_iter().filter(|request| request.line == format!("POST {path}"));
    requests.map(|request| serde_json::from_str(&request.body).unwrap()).collect()
}

/// The spans of a trace, by name.
fn trace(collector: &Endpoint, id: &str) -> HashMap<String, Value> {
    let bodies = received(collector, "/v1/traces");
    let spans = bodies.iter().flat_map(|body| body["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap());
    let mine = spans.filter(|span| span["traceId"] == id);
    mine.map(|span| (span["name"].as_str().unwrap().to_owned(), span.clone())).collect()
}

async fn whole(collector: &Endpoint, id: &str) -> HashMap<String, Value> {
    eventually_async("the trace is told", || async { Some(trace(collector, id)).filter(|spans| !spans.is_empty()) }).await
}

fn attribute<'a>(span: &'a Value, key: &str) -> &'a Value {
    let found = span["attributes"].as_array().unwrap().iter().find(|attribute| attribute["key"] == key);
    &found.unwrap_or_else(|| panic!("{key} in {span:#}"))["value"]
}

fn nanoseconds(span: &Value, key: &str) -> u64 {
    span[key].as_str().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trace_goes_on_from_the_sender_through_the_workflow_to_what_it_calls() {
    let (collector, called) =
        (collector().await, Endpoint::start(|before, _| Reply::Answer(if before == 0 { 503 } else { 200 }, "", "{}")).await);
    let server = server(collector.url(), Storage::Shared, &[]).await;
    let file = format!(
        "id: traced\ntriggers: [{{id: hook, type: webhook, path: traced, respond: when_finished}}]\nsteps:\n  - {{id: total, uses: transform, with: {{n: 1}}}}\n  \
         - {{id: tell, uses: http.request, retry: {{max_attempts: 3, initial_interval: 10ms}}, with: {{method: POST, url: \"{}/x\"}}}}\n  \
         - {{id: each, uses: transform, for_each: {{items: [1, 2]}}, with: {{n: \"{{{{ item }}}}\"}}}}\n",
        called.url()
    );
    install(&server.client(), &file).await;
    let hook = server.client().anonymous().request(reqwest::Method::POST, "/hooks/main/traced");
    let answer = Answer::of(hook.header("traceparent", SENT).json(&json!({}))).await;
    assert_eq!(answer.expect(200).json()["status"], "succeeded");
    let spans = whole(&collector, "4bf92f3577b34da6a3ce929d0e0e4736").await;
    let root = &spans["traced"];
    assert_eq!((&root["parentSpanId"], &root["kind"]), (&json!("00f067aa0ba902b7"), &json!(2)));
    assert_eq!(attribute(root, "tidemill.execution.status")["stringValue"], "succeeded");
    for step in ["total", "tell", "each"] {
        let span = &spans[step];
        assert_eq!(span["parentSpanId"], root["spanId"], "{step}");
        assert!(nanoseconds(span, "startTimeUnixNano") <= nanoseconds(span, "endTimeUnixNano"));
        assert!(nanoseconds(span, "endTimeUnixNano") <= nanoseconds(root, "endTimeUnixNano"));
    }
    assert_eq!(spans["each[1]"]["parentSpanId"], spans["each"]["spanId"]);
    let (first, second) = (&spans["tell attempt 1"], &spans["tell attempt 2"]);
    assert_eq!(first["parentSpanId"], spans["tell"]["spanId"]);
    assert_eq!((&first["status"]["code"], second.get("status")), (&json!(2), None));
    let headers: Vec<_> = called.received().iter().map(|request| request.headers["traceparent"].clone()).collect();
    let expected =
        [first, second].map(|span| format!("00-4bf92f3577b34da6a3ce929d0e0e4736-{}-01", span["spanId"].as_str().unwrap()));
    assert_eq!(headers, expected);
    assert!(!format!("{spans:?}").contains("\"n\""), "what steps gave is not told");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_takes_over_tells_the_whole_trace_and_the_metrics_say_the_same() {
    let (collector, database) = (collector().await, TestDatabase::empty());
    let storage = Storage::At(database.url().to_owned());
    let mut first = server(collector.url(), storage.clone(), &[]).await;
    install(
        &first.client(),
        "id: moved\nsteps:\n  - {id: before, uses: transform, with: {n: 1}}\n  - {id: nap, uses: wait, with: {duration: 4s}}\n",
    )
    .await;
    let id = start(&first.client(), "moved", json!({})).await;
    let token = first.token();
    first.kill();
    let second = server(collector.url(), storage, &[]).await;
    let _ = ended(&Client::new(second.url(), Some(&token)), &id).await;
    let spans = whole(&collector, &id.replace('-', "")).await;
    let root = &spans["moved"];
    assert_eq!((root.get("parentSpanId"), &root["kind"]), (None, &json!(1)));
    assert_eq!(attribute(root, "tidemill.execution.id")["stringValue"], id.as_str());
    let nap = &spans["nap"];
    assert!(nanoseconds(nap, "endTimeUnixNano") - nanoseconds(nap, "startTimeUnixNano") >= 3_900_000_000, "{nap:#}");
    assert!(spans.contains_key("before"), "what the lost node did is told too");
    let finished = eventually_async("the metrics are reported", || async {
        let bodies = received(&collector, "/v1/metrics");
        let metrics = bodies.last()?["resourceMetrics"][0]["scopeMetrics"][0]["metrics"].as_array()?.clone();
        let exported = metrics.iter().find(|metric| metric["name"] == "tidemill_traces_exported")?;
        let sent = exported["sum"]["dataPoints"]
            .as_array()?
            .iter()
            .find(|point| point["attributes"][0]["value"]["stringValue"] == "sent")?;
        (sent["asInt"] == "1").then_some(bodies.last()?.clone())
    })
    .await;
    assert_eq!(attribute(&finished["resourceMetrics"][0]["resource"], "service.name")["stringValue"], "tidemill");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_is_away_costs_traces_and_nothing_else() {
    let nobody = { std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap() };
    let refuses = Endpoint::start(|_, _| Reply::Answer(400, "", "{}")).await;
    let file = "id: plain\nsteps:\n  - {id: a, uses: transform, with: {n: 1}}\n";
    let mut away = server(&format!("http://{nobody}"), Storage::Shared, &[]).await;
    install(&away.client(), file).await;
    let id = start(&away.client(), "plain", json!({})).await;
    assert_eq!(ended(&away.client(), &id).await["status"], "succeeded");
    assert!(away.terminate().success(), "it does not wait for the collector for ever");
    let server = server(refuses.url(), Storage::Shared, &[]).await;
    install(&server.client(), file).await;
    let id = start(&server.client(), "plain", json!({})).await;
    assert_eq!(ended(&server.client(), &id).await["status"], "succeeded");
    eventually_async("the trace is counted as dropped", || async {
        let text = server.client().get("/metrics").await.text;
        text.contains("tidemill_traces_exported_total{outcome=\"dropped\"} 1").then_some(())
    })
    .await;
    assert!(server.log().contains("the collector answered 400"), "{}", server.log());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_collects_is_not_sent_and_the_sender_decides_about_its_own() {
    let (collector, called) = (collector().await, Endpoint::start(|_, _| Reply::Answer(200, "", "{}")).await);
    let server = server(collector.url(), Storage::Shared, &["--otlp-traces-percent", "0"]).await;
    let file = format!(
        "id: few\ntriggers: [{{id: hook, type: webhook, path: few, respond: when_finished}}]\nsteps:\n  - {{id: tell, uses: http.request, with: {{url: \"{}/x\"}}}}\n",
        called.url()
    );
    install(&server.client(), &file).await;
    let hook = || server.client().anonymous().request(reqwest::Method::POST, "/hooks/main/few").json(&json!({}));
    let _ = Answer::of(hook()).await.expect(200);
    let _ = Answer::of(hook().header("traceparent", SENT)).await.expect(200);
    assert!(whole(&collector, "4bf92f3577b34da6a3ce929d0e0e4736").await.contains_key("few"));
    let spans: Vec<_> = received(&collector, "/v1/traces").iter().map(ToString::to_string).collect();
    assert_eq!(spans.iter().map(|body| body.matches("\"few\"").count()).sum::<usize>(), 2, "name and workflow of the one");
    assert!(called.received()[0].headers["traceparent"].ends_with("-00"), "others hear that nobody collects it");
}
