//! Plans through the real binary: limits are exact under load, what they refuse is answered, kept and replayed, and periods, upgrades
//! and downgrades do what they say.

use std::path::Path;
use std::process::Command;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tidemill_harness::{Answer, Client, ServerOptions, Storage, TestServer, eventually_async};

use crate::scene::{BINARY, apply, install, problem, run, server, step, text};

const PASSWORD: &str = "correct horse battery";

/// A plan with few of everything, and an organization on it with the workspace `acme`. Returns its admin, and its id.
async fn small(server: &TestServer, executions: i64) -> (Client, String) {
    let operator = server.client();
    let plan = json!({"name": "Small", "place": 10, "price_cents": 1000, "limits": {"active_workflows": 2, "executions": executions,
        "integrations": 1, "members": 1}});
    let _ = operator.put("/api/billing/plans/small", &plan).await.expect(201);
    let made = operator.post("/api/organizations", &json!({"name": "Acme", "workspace": "acme"})).await.expect(201).json();
    let id = text(&made["organization"]["id"]);
    let claim = json!({"email": "ann@example.com", "password": PASSWORD});
    let _ = operator.anonymous().post(&format!("/api/invites/{}", text(&made["secret"])), &claim).await.expect(201);
    let session = operator.anonymous().post("/api/sign-in", &claim).await.expect(201).json();
    set(&operator, &id, "small").await;
    (operator.with_token(&text(&session["secret"])), id)
}

/// Puts an organization on a plan, as those who run the server.
async fn set(operator: &Client, organization: &str, plan: &str) {
    let path = format!("/api/organizations/{organization}/subscription");
    let set = Answer::of(operator.request(Method::PATCH, &path).json(&json!({ "plan": plan }))).await.expect(200);
    assert_eq!(set.json()["plan"], plan);
}

fn hook(id: &str) -> String {
    format!(
        "id: {id}\ntriggers: [{{id: t, type: webhook, path: {id}}}]\nsteps:\n  - {{id: a, uses: transform, with: {{x: 1}}}}\n"
    )
}

async fn used(client: &Client, metric: &str) -> Value {
    let quota = client.get("/api/user/quota").await.expect(200).json();
    quota["items"].as_array().unwrap().iter().find(|item| item["metric"] == metric).unwrap().clone()
}

async fn executions(client: &Client) -> usize {
    client.get("/api/executions?limit=200").await.expect(200).json()["items"].as_array().unwrap().len()
}

#[tokio::test]
async fn of_ten_times_as_many_as_may_exactly_as_many_are_admitted_and_the_rest_is_replayed() {
    let server = server().await;
    let (ann, organization) = small(&server, 20).await;
    install(&ann, &hook("in")).await;
    let deliver = async |number: usize| {
        let request = ann.anonymous().request(Method::POST, "/hooks/acme/in").header("Idempotency-Key", format!("d{number}"));
        Answer::of(request.json(&json!({ "n": number }))).await
    };
    let answers = join_all((0..200).map(deliver)).await;
    let admitted = answers.iter().filter(|answer| answer.status == 202).count();
    assert_eq!((admitted, executions(&ann).await), (20, 20));
    let refused = answers.iter().find(|answer| answer.status != 202).unwrap();
    assert_eq!((refused.status, problem(refused).as_str()), (429, "quota_exceeded"));
    let quota = &refused.json()["quota"];
    assert_eq!((&quota["metric"], &quota["limit"], &quota["used"]), (&json!("executions"), &json!(20), &json!(20)));
    assert_eq!(quota["upgrade"], "/api/pricing");
    assert_eq!(quota["resets_at"], used(&ann, "executions").await["resets_at"]);
    assert!(refused.headers.contains_key("retry-after"));
    assert_eq!(used(&ann, "executions").await["used"], 20);
    // A delivery that was admitted is known, however little is left; one that was refused counts once, however often it comes.
    let (known, again) = (answers.iter().position(|answer| answer.status == 202).unwrap(), refused.json());
    assert_eq!(deliver(known).await.expect(200).json()["duplicate"], true);
    let first_refused = answers.iter().position(|answer| answer.status == 429).unwrap();
    assert_eq!(deliver(first_refused).await.status, 429, "{again}");
    let manual = ann.post("/api/workflows/in/executions", &json!({})).await;
    assert_eq!((manual.status, problem(&manual).as_str()), (402, "quota_exceeded"));
    let kept = ann.get("/api/user/quota").await.json()["refused"].clone();
    assert_eq!(kept, 180);
    assert_eq!(problem(&ann.post("/api/refused-deliveries/replay", &json!({})).await), "quota_exceeded");
    let operator = server.client();
    set(&operator, &organization, "business").await;
    // Its sender tries again before it is replayed: one execution.
    assert_eq!(deliver(first_refused).await.status, 202);
    for left in [80, 0] {
        let replayed = ann.post("/api/refused-deliveries/replay", &json!({})).await.expect(200).json();
        assert_eq!(replayed["left"], left, "{replayed}");
    }
    assert_eq!(used(&ann, "executions").await["used"], 200);
    let count = server.database().unwrap().query("SELECT count(*)::text FROM tidemill.executions");
    assert_eq!(count[0].as_deref(), Some("200"));
    let kept = ann.get("/api/refused-deliveries?limit=1").await.expect(200).json();
    assert!(kept["items"][0]["execution_id"].is_string(), "{kept}");
    // From a limit to none, and back: what came in between counts.
    set(&operator, &organization, "enterprise").await;
    assert_eq!(deliver(200).await.status, 202);
    assert_eq!(executions(&ann).await, 200, "a page is full");
    eventually_async("it is summed up", async || (used(&ann, "executions").await["used"] == 201).then_some(())).await;
    set(&operator, &organization, "business").await;
    assert_eq!(deliver(201).await.status, 202);
    assert_eq!(used(&ann, "executions").await["used"], 202);
}

#[tokio::test]
async fn what_there_is_at_any_time_is_limited_exactly_as_well() {
    let server = server().await;
    let (ann, _) = small(&server, 100).await;
    for number in 0..8 {
        assert_eq!(apply(&ann, &hook(&format!("w{number}"))).await.status, 201);
    }
    let activate = async |number: usize| ann.post(&format!("/api/workflows/w{number}/activate"), &json!({})).await;
    let answers = join_all((0..8).map(activate)).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 2);
    let refused = answers.iter().find(|answer| answer.status != 200).unwrap();
    assert_eq!((refused.status, problem(refused).as_str()), (402, "quota_exceeded"));
    assert_eq!(refused.json()["quota"]["metric"], "active_workflows");
    let put = async |name: &str| {
        ann.put(&format!("/api/credentials/{name}"), &json!({"type": "bearer", "hosts": ["example.com"], "secret": "x"})).await
    };
    assert_eq!((put("one").await.status, put("one").await.status), (201, 200));
    assert_eq!(problem(&put("two").await), "quota_exceeded");
    let invite = ann.post("/api/workspaces/acme/invites", &json!({"role": "viewer"})).await.expect(201).json();
    let accept = json!({"email": "ben@example.com", "password": PASSWORD});
    let refused = ann.anonymous().post(&format!("/api/invites/{}", text(&invite["secret"])), &accept).await;
    assert_eq!((refused.status, problem(&refused).as_str()), (402, "quota_exceeded"));
    let _ = ann.post("/api/workspaces/acme/service-accounts", &json!({"name": "ci", "role": "viewer"})).await.expect(201);
    let export = ann.get("/api/workspaces/acme/audit-log/export").await;
    assert_eq!((export.status, problem(&export).as_str()), (402, "not_in_plan"));
    let _ = server.client().get("/api/workspaces/main/audit-log/export").await.expect(200);
}

#[tokio::test]
async fn a_lesser_plan_pauses_and_a_greater_one_resumes() {
    let server = server().await;
    let (operator, database) = (server.client(), server.database().unwrap());
    let (ann, organization) = small(&server, 100).await;
    set(&operator, &organization, "business").await;
    for id in ["a", "b", "c"] {
        install(&ann, &hook(id)).await;
    }
    let ordered = ann.post("/api/user/plan/downgrade", &json!({"plan": "free"})).await.expect(200).json();
    assert_eq!(
        (&ordered["plan"], &ordered["next_plan"], &ordered["exceeds"]),
        (&json!("business"), &json!("free"), &Value::Null)
    );
    let _ = ann.post("/api/billing/subscribe", &json!({"plan": "business"})).await.expect(200);
    let limits = json!({"active_workflows": 1, "executions": 50, "integrations": 10, "members": 1});
    let free = json!({"name": "Free", "place": 1, "price_cents": 0, "limits": limits});
    let _ = operator.put("/api/billing/plans/free", &free).await.expect(200);
    let id = text(&ann.get("/api/billing/subscription").await.json()["id"]);
    let foreign = text(&operator.get("/api/billing/subscription").await.json()["id"]);
    assert_eq!(ann.post(&format!("/api/billing/subscription/{foreign}/cancel"), &json!({})).await.status, 404);
    let ordered = ann.post(&format!("/api/billing/subscription/{id}/cancel"), &json!({})).await.expect(200).json();
    assert_eq!(ordered["exceeds"][0]["pauses"], json!(["acme/b", "acme/a"]), "{ordered}");
    let deliver = async |id: &str| ann.anonymous().post(&format!("/hooks/acme/{id}"), &json!({})).await.status;
    assert_eq!(deliver("a").await, 202, "until the period ends nothing changes");
    database.execute("UPDATE tidemill.billing_subscriptions SET period_end = now() WHERE plan = 'business'");
    let ended = eventually_async("the next period begins", || async {
        let now = ann.get("/api/billing/subscription").await.json();
        (now["plan"] == "free").then_some(now)
    })
    .await;
    assert_eq!(ended["paused"].as_array().unwrap().len(), 2, "{ended}");
    assert_eq!(used(&ann, "executions").await["used"], 0);
    eventually_async("paused addresses are silent", || async { (deliver("a").await == 404).then_some(()) }).await;
    assert_eq!(deliver("c").await, 202);
    let history = ann.get("/api/billing/history").await.expect(200).text;
    assert!(history.contains("cancelled") && history.contains("acme/a"), "{history}");
    let up = ann.post("/api/user/plan/upgrade", &json!({"plan": "pro"})).await.expect(200).json();
    assert_eq!((&up["plan"], &up["paused"]), (&json!("pro"), &Value::Null), "{up}");
    eventually_async("what was paused goes on", || async { (deliver("a").await == 202).then_some(()) }).await;
    let invoice = ann.get("/api/billing/invoices").await.expect(200).json()["items"][0].clone();
    let cents = invoice["total_cents"].as_i64().unwrap();
    assert!((1..=2900).contains(&cents), "the rest of the month: {invoice}");
    let page = ann.get(&format!("/api/billing/invoices/{}/page", text(&invoice["id"]))).await.expect(200);
    assert!(page.text.contains("<h1>Invoice ") && page.text.contains("Acme"), "{}", page.text);
    assert_eq!(operator.get(&format!("/api/billing/invoices/{}", text(&invoice["id"]))).await.status, 404);
    money(&server, &ann, &invoice).await;
}

/// An invoice that is not paid in time, paid, and what customers are worth.
async fn money(server: &TestServer, ann: &Client, invoice: &Value) {
    let (operator, database) = (server.client(), server.database().unwrap());
    database.execute("UPDATE tidemill.invoices SET due_at = now()");
    let state = async || ann.get("/api/billing/subscription").await.json()["state"].clone();
    eventually_async("the invoice is overdue", || async { (state().await == "past_due").then_some(()) }).await;
    let pay = format!("/api/billing/invoices/{}/pay", text(&invoice["id"]));
    assert_eq!(ann.post(&pay, &json!({})).await.status, 403, "who pays says nothing");
    assert_eq!(operator.post(&pay, &json!({})).await.expect(200).json()["state"], "paid");
    assert_eq!(state().await, "active");
    let _ = operator.put("/api/billing/acquisition-costs", &json!({"month": "2020-02-02", "cents": 1})).await.expect(400);
    let worth = operator.get("/api/billing/ltv-cac").await.expect(200).json();
    assert_eq!((&worth["paying"], &worth["revenue_cents"]), (&json!(1), &invoice["total_cents"]));
    assert!(text(&worth["formula"]).contains("ltv = arpa / churn"));
    database.execute("UPDATE tidemill.billing_subscriptions SET grace_end = now(), state = 'past_due' WHERE plan = 'pro'");
    eventually_async("the plan is lost", || async {
        (ann.get("/api/billing/subscription").await.json()["plan"] == "free").then_some(())
    })
    .await;
}

#[tokio::test]
async fn whoever_listens_is_told_at_80_and_at_100_percent() {
    let server = server().await;
    let (ann, organization) = small(&server, 10).await;
    let operator = server.client();
    set(&operator, &organization, "business").await;
    install(&ann, &hook("in")).await;
    for (id, event) in [("near", "quota_warning"), ("full", "quota_reached")] {
        let listens = format!(
            "id: {id}\ntriggers: [{{id: t, type: event, event: {event}}}]\nsteps:\n  - {{id: a, uses: transform, with: {{x: 1}}}}\n\
             output: {{quota: \"{{{{ trigger.body.quota }}}}\"}}\n"
        );
        install(&ann, &listens).await;
    }
    let limited = json!({"name": "Business", "place": 3, "price_cents": 9900, "limits": {"executions": 10}});
    let _ = operator.put("/api/billing/plans/business", &limited).await.expect(200);
    let deliver = async || ann.anonymous().post("/hooks/acme/in", &json!({})).await.status;
    let told = async |id: &str, count: usize| {
        eventually_async(&format!("{id} is told"), || async {
            let list = ann.get(&format!("/api/executions?workflow={id}")).await.expect(200).json();
            (list["items"].as_array().unwrap().len() == count).then_some(list)
        })
        .await
    };
    for _ in 0..8 {
        assert_eq!(deliver().await, 202);
    }
    let near = told("near", 1).await;
    let detail = ann.get(&format!("/api/executions/{}", text(&near["items"][0]["id"]))).await.json();
    assert_eq!(
        (&detail["output"]["quota"]["percent"], &detail["output"]["quota"]["used"]),
        (&json!(80), &json!(8)),
        "{detail}"
    );
    assert_eq!((deliver().await, deliver().await, deliver().await), (202, 202, 429));
    drop(told("full", 1).await);
    drop(told("near", 1).await);
    assert_eq!(used(&ann, "executions").await["used"], 10, "being told costs nothing");
}

/// A workflow with a step that takes 700 MiB and asks for `memory_mib`.
fn greedy(memory_mib: u32) -> String {
    let code = "output = len(bytearray(700 << 20))";
    format!("id: greedy\nsteps:\n  - {{id: a, uses: python, timeout: 35s, with: {{memory_mib: {memory_mib}, code: {code}}}}}\n")
}

/// Puts the plan `small` with what it gives a code step.
async fn gives(operator: &Client, code_step: Value) -> Answer {
    let plan = json!({"name": "Small", "place": 10, "limits": { "code_step": code_step }});
    operator.put("/api/billing/plans/small", &plan).await
}

#[tokio::test]
async fn a_plan_says_how_much_a_code_step_can_ask_for_up_to_what_the_operator_gives() {
    let args = ["--code-memory-mib", "2048", "--code-seconds", "60"].map(str::to_owned);
    let options = ServerOptions { binary: BINARY.into(), args: args.to_vec(), storage: Storage::Shared };
    let server = TestServer::start_with(options).await;
    let (operator, (ann, _)) = (server.client(), small(&server, 100).await);
    let tried = json!({"language": "python", "code": "output = len(bytearray(700 << 20))", "memory_mib": 900});
    let try_out = async || ann.post("/api/code/execute", &tried).await.expect(200).json();
    // A plan that says nothing gives what the operator gives.
    install(&ann, &greedy(900)).await;
    assert_eq!(step(&run(&ann, "greedy", json!({})).await, "a")["output"], json!(700 << 20));
    assert_eq!(try_out().await["output"], json!(700 << 20));
    // The plan gives less: nothing that asks for more is taken, and what was taken before has what the plan gives.
    let least = gives(&operator, json!({"memory_mib": 512, "seconds": 30})).await.expect(200).json();
    assert_eq!(least["limits"]["code_step"], json!({"seconds": 30, "memory_mib": 512}));
    assert_eq!(step(&run(&ann, "greedy", json!({})).await, "a")["error"]["class"], "out_of_memory");
    assert_eq!(try_out().await["error"]["class"], "out_of_memory");
    let refused = apply(&ann, &greedy(2049)).await.expect(422).json();
    let said = |error: &Value| format!("{}: {}", text(&error["path"]), text(&error["message"]));
    let said: Vec<_> = refused["errors"].as_array().unwrap().iter().map(said).collect();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said.iter().any(|line| line.contains("memory_mib") && line.contains("this server") && line.contains("2048 MiB")));
    assert!(said.iter().any(|line| line.contains("timeout") && line.contains("your plan") && line.contains("30 s")));
    // A greater one: at once, for what is saved and what runs.
    let _ = gives(&operator, json!({"memory_mib": 1024})).await.expect(200);
    install(&ann, &greedy(1024)).await;
    assert_eq!(step(&run(&ann, "greedy", json!({})).await, "a")["output"], json!(700 << 20));
    let refused = apply(&ann, &greedy(1025)).await.expect(422).json();
    assert!(refused.to_string().contains("your plan gives a code step: at most 1024 MiB"), "{refused}");
    // No plan gives less than a step has that asks for nothing.
    for less in [json!({"memory_mib": 511}), json!({"seconds": 29}), json!({"seconds": -1}), json!({"log_kib": 16385})] {
        let refused = gives(&operator, less).await;
        assert!(refused.status < 500 && problem(&refused) == "bad_request", "{}", refused.text);
    }
}

#[tokio::test]
async fn the_command_line_shows_and_changes_plans() {
    let server = server().await;
    let token = server.data_dir().join("admin-token");
    let run = |arguments: &[&str]| -> (bool, String) {
        let command = |token: &Path| {
            let mut command = Command::new(BINARY);
            command.args(arguments).args(["--server", server.url(), "--token-file"]).arg(token);
            command.output().unwrap()
        };
        let output = command(&token);
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        (output.status.success(), said)
    };
    let (fine, table) = run(&["plan", "ls"]);
    assert!(fine && table.contains("pro\t2900") && table.contains("on request"), "{table}");
    let put = [
        "plan",
        "put",
        "team",
        "--name",
        "Team",
        "--place",
        "5",
        "--price",
        "4900",
        "--executions",
        "10",
        "--feature",
        "audit_export",
        "--code-seconds",
        "300",
        "--code-memory-mib",
        "2048",
    ];
    let (fine, said) = run(&put);
    assert!(fine, "{said}");
    let (fine, wide) = run(&["plan", "ls", "-o", "wide"]);
    assert!(fine && wide.contains("300 s, 2048 MiB"), "{wide}");
    let (fine, quota) = run(&["quota", "show"]);
    assert!(fine && quota.contains("enterprise") && quota.contains("active_workflows"), "{quota}");
    let (fine, shown) = run(&["plan", "show", "-o", "json"]);
    assert!(fine && shown.contains("enterprise"), "{shown}");
    for arguments in [
        &["billing", "history"][..],
        &["billing", "invoices"],
        &["billing", "ltv-cac"],
        &["quota", "refused"],
        &["quota", "usage"],
    ] {
        let (fine, said) = run(arguments);
        assert!(fine, "{arguments:?} {said}");
    }
    let (fine, said) = run(&["billing", "checkout", "pro"]);
    assert!(!fine && said.contains("stripe_key"), "{said}");
    let (fine, said) = run(&["plan", "rm", "free", "--yes"]);
    assert!(!fine && said.contains("not deleted"), "{said}");
    let (fine, said) = run(&["plan", "rm", "team", "--yes"]);
    assert!(fine, "{said}");
    let (fine, pricing) = run(&["api", "get", "/api/pricing"]);
    assert!(fine && pricing.contains("\"business\""), "{pricing}");
}
