//! What is driven: the workflow, and the request that starts an execution of it.

use serde_json::{Value, json};

use super::Error;
use super::connection::{Connection, Request};
use super::target::Target;

const ID: &str = "tidemill-bench";

/// Three steps without outside effects, answered when the execution has finished.
fn workflow() -> Value {
    json!({
        "id": ID,
        "name": "Bench: synchronous webhook",
        "triggers": [{"id": "in", "type": "webhook", "path": "tidemill-bench", "respond": "when_finished"}],
        "steps": [
            {"id": "order", "uses": "transform", "with": {"qty": "{{ trigger.body.qty }}", "price": "{{ trigger.body.price }}"}},
            {"id": "total", "uses": "transform", "with": {"total": "{{ steps.order.output.qty * steps.order.output.price }}"}},
            {"id": "tier", "uses": "transform", "with": {"gold": "{{ steps.total.output.total > 100 }}"}}
        ],
        "output": {"total": "{{ steps.total.output.total }}", "gold": "{{ steps.tier.output.gold }}"}
    })
}

/// The installed workflow.
#[derive(Debug)]
pub(super) struct Installed {
    /// What each client sends.
    pub(super) delivery: Request,
    /// The events of one execution, type and data, as the server stores them.
    pub(super) events: Vec<(String, String)>,
}

/// Installs the workflow and runs it once, so that a wrong answer is found before anything is measured.
pub(super) async fn install(target: &Target) -> Result<Installed, Error> {
    call(target, ("PUT", &format!("/api/workflows/{ID}")), Some(&workflow())).await?;
    call(target, ("POST", &format!("/api/workflows/{ID}/activate")), Some(&json!({}))).await?;
    let installed = call(target, ("GET", &format!("/api/workflows/{ID}")), None).await?;
    let path = installed.pointer("/triggers/0/path").and_then(Value::as_str);
    let path = path.ok_or(Error::Protocol("the workflow has no webhook path"))?;
    let body = json!({"qty": 3, "price": 40}).to_string();
    let delivery = Request::new(&target.address, ("POST", path), "content-type: application/json\r\n", body.as_bytes());
    let mut connection = Connection::open(&target.address).await?;
    let answer = checked(&delivery, connection.send(&delivery).await?)?;
    if answer.pointer("/output/total") != Some(&json!(120)) {
        return Err(Error::Protocol("the workflow did not compute 3 * 40 = 120"));
    }
    let id = answer["execution_id"].as_str().ok_or(Error::Protocol("the delivery names no execution"))?;
    let page = call(target, ("GET", &format!("/api/executions/{id}/events")), None).await?;
    let events = page["items"].as_array().ok_or(Error::Protocol("the execution has no events"))?;
    let events = events.iter().map(|event| (event["type"].as_str().unwrap_or_default().to_owned(), event["data"].to_string()));
    Ok(Installed { delivery, events: events.collect() })
}

/// Switches the triggers off and removes the workflow; its executions stay, as they do for everybody.
pub(super) async fn remove(target: &Target) -> Result<(), Error> {
    call(target, ("DELETE", &format!("/api/workflows/{ID}")), None).await.map(drop)
}

async fn call(target: &Target, verb: (&str, &str), body: Option<&Value>) -> Result<Value, Error> {
    let mut headers = format!("authorization: Bearer {}\r\n", target.token);
    if body.is_some() {
        headers.push_str("content-type: application/json\r\n");
    }
    let body = body.map(Value::to_string).unwrap_or_default();
    let request = Request::new(&target.address, verb, &headers, body.as_bytes());
    let mut connection = Connection::open(&target.address).await?;
    let answer = connection.send(&request).await?;
    checked(&request, answer)
}

fn checked(request: &Request, (status, body): (u16, &[u8])) -> Result<Value, Error> {
    if !(200..300).contains(&status) {
        let body = String::from_utf8_lossy(body).chars().take(500).collect();
        return Err(Error::Answer { request: request.name.clone(), status, body });
    }
    if body.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(body).map_err(|_| Error::Protocol("its body is not JSON"))
}
