//! Forms: pages that ask for the input.

use reqwest::Method;
use serde_json::json;
use tidemill_harness::{Answer, Client, TestServer};

use crate::audit;
use crate::scene::{apply, header, install, problem, server};

/// A form whose file tries to run scripts on the page.
pub const SIGNUP: &str = r#"
id: signup
inputs:
  type: object
  required: [email, qty]
  properties:
    email: {type: string, format: email, title: "Your <b>address</b>", description: "\"><script>alert(1)</script>", minLength: 3}
    qty: {type: integer, minimum: 1}
    size: {enum: [S, M, "\"><img src=x onerror=alert(1)>"], default: M}
    note: {type: string, maxLength: 1000}
    terms: {type: boolean}
triggers:
  - {id: page, type: form, path: "signup/{who}", title: "Sign up </title><script>alert(1)</script>", thanks: "Thanks & <i>bye</i>"}
  - {id: away, type: form, path: away, redirect: "https://shop.example.com/thanks"}
steps: [{id: a, uses: transform, with: "{{ inputs }}"}]
output: "{{ steps.a.output }}"
"#;

async fn with() -> (TestServer, Client) {
    let server = server().await;
    install(&server.client(), SIGNUP.trim_start()).await;
    let anonymous = server.client().anonymous();
    (server, anonymous)
}

async fn send(client: &Client, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let request = client.request(Method::POST, path).body(body.to_owned());
    let typed = headers.iter().any(|(name, _)| *name == "Content-Type");
    let request = if typed { request } else { request.header("Content-Type", "application/x-www-form-urlencoded") };
    Answer::of(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
}

/// The value of the page's hidden field.
fn delivery(page: &str) -> String {
    let (_, rest) = page.split_once("name=\"_delivery\" value=\"").unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}

#[tokio::test]
async fn a_page_asks_for_the_inputs_and_runs_nothing_that_stands_in_them() {
    let (_server, visitor) = with().await;
    let page = visitor.get("/hooks/main/signup/ada").await.expect(200);
    assert_eq!(header(&page, "content-type"), "text/html; charset=utf-8");
    let policy = header(&page, "content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-") && policy.contains("frame-ancestors 'none'"),
        "{policy}"
    );
    for told in ["<script", "<img", "<b>", "onerror=alert(1)>\"", "http://", "https://"] {
        assert!(!page.text.contains(told), "{told}: {}", page.text);
    }
    for label in ["f1", "f2", "f3", "f4", "f5"] {
        assert_eq!(page.text.matches(&format!("for=\"{label}\"")).count(), 1, "{label}: {}", page.text);
        assert_eq!(page.text.matches(&format!(" id=\"{label}\"")).count(), 1, "{label}: {}", page.text);
    }
    assert!(page.text.contains("lang=\"en\"") && page.text.contains("<option selected>M</option>"), "{}", page.text);
    assert!(page.text.contains("type=\"email\"") && page.text.contains("<textarea"), "{}", page.text);
}

#[tokio::test]
async fn answers_are_checked_typed_and_taken_once() {
    let (server, visitor) = with().await;
    let path = "/hooks/main/signup/ada";
    let asked = visitor.get(path).await.expect(200);
    let wrong = send(&visitor, path, &[], "email=%22%3E%3Cscript%3E&qty=many&size=M").await.expect(422);
    assert!(wrong.text.contains("role=\"alert\"") && wrong.text.contains("qty: "), "{}", wrong.text);
    assert!(
        wrong.text.contains("value=\"many\"") && !wrong.text.contains("<script"),
        "what was answered is still there: {}",
        wrong.text
    );
    let missing = send(&visitor, path, &[], "qty=3").await.expect(422);
    assert!(missing.text.contains("email"), "{}", missing.text);
    assert_eq!(audit::tally(server.database().unwrap()), "");

    let body = format!("_delivery={}&email=ada%40example.com&qty=3&size=S&terms=yes&other=x", delivery(&asked.text));
    for _ in 0..2 {
        let thanks = send(&visitor, path, &[("Sec-Fetch-Site", "same-origin")], &body).await.expect(200);
        assert!(thanks.text.contains("Thanks &amp; &lt;i&gt;bye"), "{}", thanks.text);
    }
    audit::check_at_rest(server.database().unwrap());
    assert_eq!(audit::tally(server.database().unwrap()), "succeeded 1", "sent twice, taken once");
    let shown = server.client().get("/api/executions").await.expect(200).json();
    let whole =
        server.client().get(&format!("/api/executions/{}", shown["items"][0]["id"].as_str().unwrap())).await.expect(200).json();
    assert_eq!(whole["output"], json!({"email": "ada@example.com", "qty": 3, "size": "S", "terms": true}));
    assert_eq!((&whole["trigger_type"], &whole["input"]["params"]), (&json!("form"), &json!({"who": "ada"})));

    let away = send(&visitor, "/hooks/main/away", &[], "email=ada%40example.com&qty=3").await;
    assert_eq!((away.status, header(&away, "location")), (303, "https://shop.example.com/thanks"));
}

#[tokio::test]
async fn what_comes_from_elsewhere_or_as_something_else_is_refused() {
    let (server, visitor) = with().await;
    let path = "/hooks/main/signup/ada";
    let body = "email=ada%40example.com&qty=3";
    for headers in [
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
        ("Origin", "https://evil.example"),
        ("Origin", "null"),
    ] {
        let refused = send(&visitor, path, &[headers], body).await;
        assert_eq!((refused.status, problem(&refused).as_str()), (403, "forbidden"), "{headers:?}");
    }
    for (content_type, body) in [
        ("application/json", r#"{"email": "ada@example.com", "qty": 3, "files": [{"filepath": "/etc/passwd"}]}"#),
        ("multipart/form-data; boundary=x", "--x--"),
        ("text/plain", "email=a"),
    ] {
        let refused = send(&visitor, path, &[("Content-Type", content_type)], body).await;
        assert_eq!(refused.status, 415, "{content_type}: {}", refused.text);
    }
    let refused = Answer::of(visitor.request(Method::PUT, path)).await.expect(405);
    assert_eq!(header(&refused, "allow"), "GET, POST");
    assert_eq!(audit::tally(server.database().unwrap()), "");
    for inputs in ["", "inputs: {type: object, properties: {a: {type: object}}}\n"] {
        let file = format!(
            "id: bad\n{inputs}triggers: [{{id: t, type: form, path: bad}}]\nsteps: [{{id: a, uses: transform, with: {{}}}}]\n"
        );
        assert!(apply(&server.client(), &file).await.expect(422).text.contains("invalid_form"));
    }
}
