//! Pages of a list over very many executions. The rows are put into Postgres directly; the pages come from the API.

use serde_json::json;

use crate::bench::connection::Request;
use crate::bench::load::{Load, Until};
use crate::bench::report::Case;
use crate::bench::stage::Stage;
use crate::bench::{Error, Section};
use crate::store::queries::bench::many_executions;

/// The last one has one execution in ten thousand.
const WORKFLOWS: [&str; 10] = [
    "tidemill-bench-a",
    "tidemill-bench-b",
    "tidemill-bench-c",
    "tidemill-bench-d",
    "tidemill-bench-e",
    "tidemill-bench-f",
    "tidemill-bench-g",
    "tidemill-bench-h",
    "tidemill-bench-i",
    "tidemill-bench-rare",
];

/// Filters, as they stand in the address.
const FILTERS: [&str; 13] = [
    "",
    "status=succeeded",
    "status=failed",
    "status=failed,dead_letter",
    "status=cancelled",
    "status=dead_letter",
    "status=running,waiting,queued,paused",
    "workflow=tidemill-bench-a",
    "workflow=tidemill-bench-rare",
    "workflow=tidemill-bench-a&status=failed",
    "workflow=tidemill-bench-a&status=dead_letter",
    "workflow=tidemill-bench-rare&status=failed",
    "workflow=tidemill-bench-rare&status=succeeded",
];

/// Requests for each kind of page.
const REQUESTS: u64 = 100;

/// How many pages on a page far from the newest is, each as long as may be.
const FAR: u32 = 100;

pub(super) async fn measure(stage: &Stage<'_>) -> Result<Section, Error> {
    let url = stage.postgres()?.to_owned();
    for id in WORKFLOWS {
        let workflow = json!({"id": id, "name": "Bench: pages", "steps": [{"id": "nothing", "uses": "transform", "with": {}}]});
        stage.api().call("PUT", &format!("/api/workflows/{id}"), Some(&workflow)).await?;
    }
    let count = stage.options.executions;
    stage.say(&format!("inserting {count} executions"));
    let inserting = tokio::task::spawn_blocking(move || many_executions(&url, &WORKFLOWS, count));
    inserting.await.unwrap_or_else(|stopped| std::panic::resume_unwind(stopped.into_panic()))?;

    let mut pages: Vec<(String, Request)> = FILTERS.iter().map(|filter| page(stage, filter, None)).collect();
    for filter in ["", "status=failed"] {
        let cursor = far(stage, filter).await?;
        pages.push(page(stage, filter, cursor.as_deref()));
    }
    let mut cases = Vec::new();
    for (name, request) in &pages {
        stage.say(name);
        stage.api().deliver(request).await?;
        let seen = stage.load(request.clone(), 1, Until::Sent(REQUESTS)).drive().await?;
        cases.push(Case::new(name).latencies(&seen).count("refused", seen.refused.count()));
    }
    stage.say("all of these, 8 clients");
    let requests = pages.into_iter().map(|(_, request)| request).collect();
    let addresses = vec![stage.target.address.clone()];
    let all = Load { requests, addresses, clients: 8, until: Until::Elapsed(stage.options.duration) }.drive().await?;
    cases.push(Case::new("all of these, 8 clients").latencies(&all).count("refused", all.refused.count()));
    Ok(stage.section(None, cases))
}

/// A page: its name and its request.
fn page(stage: &Stage<'_>, filter: &str, cursor: Option<&str>) -> (String, Request) {
    let mut path = "/api/executions".to_owned();
    let mut name = if filter.is_empty() { "no filter".to_owned() } else { filter.replace("tidemill-bench-", "") };
    let query = [Some(filter.to_owned()).filter(|filter| !filter.is_empty()), cursor.map(|cursor| format!("cursor={cursor}"))];
    for (part, separator) in query.into_iter().flatten().zip(["?", "&"]) {
        path.push_str(separator);
        path.push_str(&part);
    }
    if cursor.is_some() {
        name = format!("{name}, {FAR} pages on");
    }
    (name, stage.api().request("GET", &path, None))
}

/// The cursor of a page far from the newest.
async fn far(stage: &Stage<'_>, filter: &str) -> Result<Option<String>, Error> {
    let mut cursor: Option<String> = None;
    for _ in 0..FAR {
        let after = cursor.as_ref().map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        let page = stage.api().call("GET", &format!("/api/executions?limit=200&{filter}{after}"), None).await?;
        match page["next_cursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => break,
        }
    }
    Ok(cursor)
}
