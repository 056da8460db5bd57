//! What a scenario asks of the server besides its load: install a workflow, look whether all has ended.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Error;
use super::connection::{Answer, Connection, Request};
use super::target::Target;

/// How often it is asked whether all has ended.
const POLL: Duration = Duration::from_millis(20);

/// How long a scenario's executions may take to end when nothing is added to them any more.
const PATIENCE: Duration = Duration::from_secs(180);

/// The API of one server, with a token.
#[derive(Debug, Clone, Copy)]
pub(super) struct Api<'a>(pub(super) &'a Target);

/// A workflow with a webhook that listens.
#[derive(Debug)]
pub(super) struct Installed {
    /// Its `id`.
    pub(super) id: &'static str,
    /// The address of its webhook.
    path: String,
}

impl Api<'_> {
    /// Puts `workflow`, whose `id` is `id` and whose first trigger is a webhook, and switches it on.
    pub(super) async fn install(self, id: &'static str, workflow: &Value) -> Result<Installed, Error> {
        self.call("PUT", &format!("/api/workflows/{id}"), Some(workflow)).await?;
        self.call("POST", &format!("/api/workflows/{id}/activate"), Some(&json!({}))).await?;
        let installed = self.call("GET", &format!("/api/workflows/{id}"), None).await?;
        let path = installed.pointer("/triggers/0/path").and_then(Value::as_str);
        Ok(Installed { id, path: path.ok_or(Error::Protocol("the workflow has no webhook path"))?.to_owned() })
    }

    /// Switches the triggers off and removes the workflow; its executions stay, as they do for everybody.
    pub(super) async fn remove(self, installed: &Installed) -> Result<(), Error> {
        self.call("DELETE", &format!("/api/workflows/{}", installed.id), None).await.map(drop)
    }

    /// A delivery of `body` to the webhook.
    pub(super) fn delivery(self, installed: &Installed, body: &Value) -> Request {
        let body = body.to_string();
        Request::new(&self.0.address, ("POST", &installed.path), "content-type: application/json\r\n", body.as_bytes())
    }

    /// Delivers once and gives the answer, so that a wrong one is found before anything is measured.
    pub(super) async fn deliver(self, delivery: &Request) -> Result<Value, Error> {
        let mut connection = Connection::open(&self.0.address).await?;
        checked(delivery, &connection.send(delivery).await?)
    }

    /// The events of an execution, type and data, as the server stores them.
    pub(super) async fn events(self, execution: &str) -> Result<Vec<(String, String)>, Error> {
        let (mut events, mut after) = (Vec::new(), 0);
        loop {
            let page = self.call("GET", &format!("/api/executions/{execution}/events?after={after}"), None).await?;
            let items = page["items"].as_array().ok_or(Error::Protocol("the execution has no events"))?;
            let shape = |event: &Value| (event["type"].as_str().unwrap_or_default().to_owned(), event["data"].to_string());
            events.extend(items.iter().map(shape));
            match page["next_after"].as_i64() {
                Some(next) => after = next,
                None => return Ok(events),
            }
        }
    }

    /// Waits until no execution of the workflow is under way.
    pub(super) async fn all_ended(self, installed: &Installed) -> Result<(), Error> {
        let path = format!("/api/executions?workflow={}&status=queued,running,waiting,paused&limit=1", installed.id);
        let begin = Instant::now();
        loop {
            let page = self.call("GET", &path, None).await?;
            if page["items"].as_array().is_some_and(Vec::is_empty) {
                return Ok(());
            }
            if begin.elapsed() > PATIENCE {
                return Err(Error::Unfinished(PATIENCE));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// A request with the token.
    pub(super) fn request(self, method: &str, path: &str, body: Option<&Value>) -> Request {
        let mut headers = format!("authorization: Bearer {}\r\n", self.0.token);
        if body.is_some() {
            headers.push_str("content-type: application/json\r\n");
        }
        let body = body.map(Value::to_string).unwrap_or_default();
        Request::new(&self.0.address, (method, path), &headers, body.as_bytes())
    }

    /// Sends a request with the token; the JSON of its answer.
    pub(super) async fn call(self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, Error> {
        let request = self.request(method, path, body);
        let mut connection = Connection::open(&self.0.address).await?;
        checked(&request, &connection.send(&request).await?)
    }
}

/// The JSON of an answer that is 2xx.
pub(super) fn checked(request: &Request, answer: &Answer<'_>) -> Result<Value, Error> {
    let Answer { status, body, .. } = *answer;
    if !(200..300).contains(&status) {
        let body = String::from_utf8_lossy(body).chars().take(500).collect();
        return Err(Error::Answer { request: request.name.clone(), status, body });
    }
    if body.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(body).map_err(|_| Error::Protocol("its body is not JSON"))
}

/// The execution that an answer to a delivery names.
pub(super) fn execution_of(answer: &Value) -> Result<&str, Error> {
    answer["execution_id"].as_str().ok_or(Error::Protocol("the delivery names no execution"))
}
