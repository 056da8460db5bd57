//! A server's API on a database of its own, and an engine that only writes down what it was asked.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use poem::http::{HeaderMap, Method, StatusCode};
use poem::{Endpoint, EndpointExt, Request, Response};
use serde_json::{Value, json};
use tidemill_common::api::token::TokenCreate;
use tidemill_common::api::workspace::Role;
use tidemill_common::clock::{Clock, SystemClock};
use tidemill_common::ids::{ExecutionId, WorkspaceId};

use crate::api::{ApiDeps, layered, operations};
use crate::app::bootstrap::{FirstNames, bootstrap};
use crate::app::engine::{Answer as EngineAnswer, AnswerTo, Engine, EngineError, Order, Start, Started};
use crate::app::{
    AuditLog, BillingSubscriptions, BulkOrders, Code, Credentials, DeadLetters, Executions, Health, Idempotency, Nodes, People,
    PeopleParts, Plans as TariffPlans, Quotas, Schedules, Secrets, Subscriptions, Tokens, Triggers, Workflows,
};
use crate::auth::Authenticator;
use crate::executor::Versions;
use crate::runner::code::{CodeOptions, CodeRunner};
use crate::secrets::{AccountKey, Keeper, Vault};
use crate::store::tests::TestDatabase;
use crate::store::{Database, migrate};

/// The password of everybody in these tests.
pub const PASSWORD: &str = "correct horse battery";

/// A server's API.
pub struct TestApp {
    routes: poem::endpoint::BoxEndpoint<'static, Response>,
    tokens: Tokens,
    authenticator: Authenticator,
    /// What [`TestApp::furnish`] made.
    pub ids: BTreeMap<&'static str, String>,
    /// The admin's token in the workspace `main`.
    pub admin: String,
    /// The engine.
    pub engine: Arc<DiaryEngine>,
    /// Becomes true when the server stops.
    pub draining: Arc<AtomicBool>,
    /// The database; the last but one to go.
    pub database: TestDatabase,
    _keys: tempfile::TempDir,
}

/// An answer, read to its end.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// A header's value, empty when absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// Asserts that this is a problem, whole and well-formed, and gives its code.
    pub fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json", "{} {}", self.status, self.text);
        let problem = self.json();
        assert_eq!(problem["status"], self.status.as_u16(), "{problem}");
        assert_eq!(problem["request_id"], self.header("x-request-id"), "{problem}");
        assert_eq!(problem.get("retry_after").map(ToString::to_string).unwrap_or_default(), self.header("retry-after"));
        problem["code"].as_str().unwrap().to_owned()
    }
}

impl TestApp {
    pub async fn start() -> Self {
        let database = TestDatabase::empty();
        let schema = migrate(&database.url).unwrap();
        let store = database.connect();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let keys = tempfile::tempdir().unwrap();
        let vault = Arc::new(Vault::create(keys.path()).unwrap());
        let keeper = Keeper::new(store.clone(), vault);
        let secret = bootstrap(&store, &*clock, FirstNames::default()).await.unwrap().expect("the first start");
        let authenticator = Authenticator::new(store.clone(), clock.clone());
        let tokens = Tokens::new(store.clone(), authenticator.clone(), clock.clone());
        let (versions, draining) = (Versions::new(store.clone(), keeper.clone()), Arc::new(AtomicBool::new(false)));
        let plans = versions.plans().clone();
        let engine = Arc::new(DiaryEngine::new(store.clone()));
        // There is no step host in these tests: code is refused.
        let code = CodeRunner::start(CodeOptions::new("/nonexistent".into()));
        let parts = PeopleParts {
            authenticator: authenticator.clone(),
            key: AccountKey::new(&[7; 32]),
            activated: Arc::new(|| ()),
            url: "http://tidemill.test".to_owned().into(),
        };
        let workflows = Workflows::new(store.clone(), versions, Arc::clone(&clock), Arc::new(|| ()), code.clone());
        let executions = Executions::new(store.clone(), plans.clone(), engine.clone(), Arc::clone(&clock));
        let deps = ApiDeps {
            authenticator: authenticator.clone(),
            idempotency: Idempotency::new(store.clone(), clock.clone()),
            people: People::new(store.clone(), clock.clone(), parts),
            audit: AuditLog::new(store.clone()),
            tokens: tokens.clone(),
            secrets: Secrets::new(store.clone(), keeper.clone(), clock.clone(), Arc::new(|| ())),
            credentials: Credentials::new(store.clone(), keeper.clone(), clock.clone()),
            subscriptions: Subscriptions::new(store.clone(), keeper, clock.clone(), Arc::default()),
            triggers: Triggers::new(store.clone(), plans.clone(), Arc::clone(&clock)),
            schedules: Schedules::new(Arc::clone(&clock)),
            plans: TariffPlans::new(store.clone(), clock.clone()),
            quotas: Quotas::new(store.clone()),
            billing_subscriptions: BillingSubscriptions::new(store.clone(), clock.clone(), workflows.clone(), None),
            url: "http://tidemill.test".to_owned().into(),
            workflows,
            code: Code::new(store.clone(), code.clone()),
            bulk: BulkOrders::new(executions.clone(), Arc::default()),
            executions,
            dead_letters: DeadLetters::new(store.clone(), Arc::clone(&clock), Arc::default()),
            nodes: Nodes::new(store.clone()),
            health: Health::new(store, schema, draining.clone(), code),
            metrics: Arc::default(),
        };
        let admin = secret.reveal().to_owned();
        Self {
            routes: layered(operations(&deps), deps).boxed(),
            tokens,
            authenticator,
            ids: BTreeMap::new(),
            admin,
            engine,
            draining,
            database,
            _keys: keys,
        }
    }

    /// A token of the admin with a lesser role.
    pub async fn token(&self, role: Role) -> String {
        let caller = self.authenticator.authenticate(&self.admin, None).await.unwrap();
        let wanted = TokenCreate {
            name: "test".to_owned(),
            role: Some(role),
            expires_in_days: None,
            scopes: None,
            workspaces: None,
            service_account: None,
        };
        self.tokens.create(&caller, wanted).await.unwrap().secret
    }

    /// Furnishes `main` with one of everything, and makes another organisation with the workspace `theirs`. Returns the session of
    /// its admin.
    pub async fn furnish(&mut self) -> String {
        let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("no text")).to_owned();
        assert_eq!(self.apply("w", json!([])).await.status, StatusCode::CREATED);
        let put = self.ask(&self.admin, Method::PUT, "/api/secrets/shop", Some(json!({"value": "x"}))).await;
        assert_eq!(put.status, StatusCode::CREATED);
        let account = self.get("/api/user").await.json();
        let member = self.post("/api/workspaces/main/service-accounts", json!({"name": "ci", "role": "viewer"})).await.json();
        let share = json!({"object_kind": "workflow", "object_id": "w", "user_id": member["user_id"], "permission": "view"});
        let subscription = json!({"url": "https://hooks.example.com/in", "events": ["execution_failed"]});
        let made = [
            ("user", member["user_id"].clone()),
            ("workspace", account["workspace"]["id"].clone()),
            ("organization", account["organization_id"].clone()),
            ("execution", self.post("/api/workflows/w/executions", json!({})).await.json()["id"].clone()),
            ("token", self.post("/api/tokens", json!({"name": "t"})).await.json()["token"]["id"].clone()),
            (
                "invite",
                self.post("/api/workspaces/main/invites", json!({"role": "viewer"})).await.json()["invite"]["id"].clone(),
            ),
            ("share", self.post("/api/workspaces/main/shares", share).await.json()["id"].clone()),
            ("subscription", self.post("/api/subscriptions", subscription).await.json()["subscription"]["id"].clone()),
        ];
        self.ids.extend(made.iter().map(|(name, value)| (*name, text(value))));
        self.database.execute(
            "INSERT INTO tidemill.invoices (organization_id, id, number, at, period_start, period_end, currency, lines, total_cents, state, due_at)
             SELECT id, '01890a5d-ac96-774b-bcce-b302099a8099', 9999, now(), now(), now(), 'usd', '[]', 1, 'open', now() FROM tidemill.organizations",
        );
        self.ids.insert("invoice", "01890a5d-ac96-774b-bcce-b302099a8099".to_owned());
        let subscription = self.get("/api/billing/subscription").await.json()["id"].clone();
        self.ids.insert("billing_subscription", text(&subscription));
        let test = format!("/api/subscriptions/{}/test", self.ids["subscription"]);
        let delivery = self.post(&test, json!({})).await.json()["id"].clone();
        self.ids.insert("delivery", text(&delivery));
        let ours = self.join("main", "ours@example.com").await;
        let session = self.ask(&ours, Method::GET, "/api/sessions", None).await.json()["items"][0]["id"].clone();
        self.ids.insert("session", text(&session));
        let other = self.post("/api/organizations", json!({"name": "Other", "workspace": "theirs"})).await.json();
        self.ids.insert("their organization", text(&other["organization"]["id"]));
        self.accept(&text(&other["secret"]), "theirs@example.com").await
    }

    /// Invites somebody into a workspace as an editor. Returns the session.
    pub async fn join(&self, workspace: &str, email: &str) -> String {
        let made = self.post(&format!("/api/workspaces/{workspace}/invites"), json!({"role": "editor"})).await.json();
        self.accept(made["secret"].as_str().unwrap(), email).await
    }

    /// Accepts an invite with a new account and signs in. Returns the session.
    pub async fn accept(&self, invite: &str, email: &str) -> String {
        let claim = json!({"email": email, "password": PASSWORD});
        let accepted = self.public(Method::POST, &format!("/api/invites/{invite}"), claim.clone()).await;
        assert_eq!(accepted.status, StatusCode::CREATED, "{}", accepted.text);
        self.public(Method::POST, "/api/sign-in", claim).await.json()["secret"].as_str().unwrap().to_owned()
    }

    /// Sends a request without a token.
    pub async fn public(&self, method: Method, path: &str, body: Value) -> Answer {
        let request = Request::builder().method(method).uri(path.parse().unwrap()).content_type("application/json");
        self.send(request.body(body.to_string())).await
    }

    /// Sends a request as it is.
    pub async fn send(&self, request: Request) -> Answer {
        let response = self.routes.call(request).await.expect("the envelope knows no errors");
        let (parts, body) = response.into_parts();
        Answer { status: parts.status, headers: parts.headers, text: body.into_string().await.unwrap() }
    }

    /// Sends a request with a token and a JSON body.
    pub async fn ask(&self, token: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
        let request =
            Request::builder().method(method).uri(path.parse().unwrap()).header("Authorization", format!("Bearer {token}"));
        self.send(match body {
            Some(body) => request.content_type("application/json").body(body.to_string()),
            None => request.finish(),
        })
        .await
    }

    /// Reads as the admin.
    pub async fn get(&self, path: &str) -> Answer {
        self.ask(&self.admin, Method::GET, path, None).await
    }

    /// Posts as the admin.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask(&self.admin, Method::POST, path, Some(body)).await
    }

    /// Applies a workflow of one step as the admin.
    pub async fn apply(&self, id: &str, triggers: Value) -> Answer {
        let file = json!({"id": id, "triggers": triggers, "steps": [{"id": "a", "uses": "transform", "with": {"x": 1}}]});
        self.ask(&self.admin, Method::PUT, &format!("/api/workflows/{id}"), Some(file)).await
    }
}

/// Admits by writing the row of a queued execution, and nothing else.
pub struct DiaryEngine {
    database: Database,
    /// What was admitted.
    pub starts: Mutex<Vec<(Start, ExecutionId)>>,
    /// What was ordered.
    pub orders: Mutex<Vec<(ExecutionId, Order)>>,
    /// Whether it has no room.
    pub full: AtomicBool,
}

impl DiaryEngine {
    fn new(database: Database) -> Self {
        Self { database, starts: Mutex::default(), orders: Mutex::default(), full: AtomicBool::new(false) }
    }

    async fn admit(&self, start: Start) -> Result<Started, EngineError> {
        if self.full.load(Ordering::Relaxed) {
            return Err(EngineError::Overloaded { retry_after: 3 });
        }
        let known = |(earlier, _): &&(Start, ExecutionId)| start.dedupe.is_some() && earlier.dedupe == start.dedupe;
        if let Some((_, execution_id)) = self.starts.lock().unwrap().iter().find(known) {
            return Ok(Started { execution_id: *execution_id, duplicate: true });
        }
        let execution_id = ExecutionId::new(chrono::Utc::now());
        let row = start.clone();
        self.database.engine(move |conn| insert(conn, &row, execution_id)).await.map_err(|_| EngineError::Unavailable)?;
        self.starts.lock().unwrap().push((start, execution_id));
        Ok(Started { execution_id, duplicate: false })
    }
}

fn insert(conn: &mut crate::store::Connection, start: &Start, id: ExecutionId) -> Result<(), crate::store::Error> {
    use crate::store::schema::executions;
    use diesel::prelude::*;
    diesel::insert_into(executions::table)
        .values((
            executions::workspace_id.eq(start.workspace_id.0),
            executions::id.eq(id.0),
            executions::workflow_uid.eq(start.workflow_uid.0),
            executions::workflow_id.eq("w"),
            executions::version.eq(start.version),
            executions::status.eq("queued"),
            executions::trigger_type.eq(&*start.trigger.kind),
            executions::last_seq.eq(1),
        ))
        .execute(conn)?;
    Ok(())
}

impl Engine for DiaryEngine {
    fn start(&self, start: Start) -> BoxFuture<'_, Result<Started, EngineError>> {
        self.admit(start).boxed()
    }

    fn order(&self, _workspace: WorkspaceId, id: ExecutionId, order: Order) -> BoxFuture<'_, Result<(), EngineError>> {
        self.orders.lock().unwrap().push((id, order));
        async { Err(EngineError::Ended) }.boxed()
    }

    fn answer(&self, _to: AnswerTo, _answer: EngineAnswer) -> BoxFuture<'_, Result<(), EngineError>> {
        async { Err(EngineError::Ended) }.boxed()
    }
}
