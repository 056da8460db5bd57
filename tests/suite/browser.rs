//! A headless Chromium without JavaScript, driven over `WebDriver` (W3C, 2018): what people see of a form, and what comes of it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;
use tidemill_harness::{TestServer, eventually_async};

use crate::scene::{detail, ended, install, text};

/// A browser that lives as long as this value.
struct Browser {
    driver: Child,
    session: String,
    http: reqwest::Client,
    _profile: TempDir,
}

impl Browser {
    async fn start() -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is needed (Debian: apt-get install chromium chromium-driver)");
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines.find_map(|line| {
            let line = line.unwrap();
            line.split_once("successfully on port ").map(|(_, port)| port.trim_end_matches('.').to_owned())
        });
        // Nobody may be blocked by what the driver has to say later.
        std::thread::spawn(move || lines.for_each(drop));
        let profile = tempfile::tempdir().unwrap();
        let options = json!({
            "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                format!("--user-data-dir={}", profile.path().display())],
            "prefs": {"profile.managed_default_content_settings.javascript": 2},
        });
        let wanted = json!({"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}});
        let (base, http) =
            (format!("http://127.0.0.1:{}", port.unwrap()), reqwest::Client::builder().no_proxy().build().unwrap());
        let made = http.post(format!("{base}/session")).json(&wanted).send().await.unwrap().json::<Value>().await.unwrap();
        let id = made["value"]["sessionId"].as_str().unwrap_or_else(|| panic!("no browser: {made}"));
        Self { driver, session: format!("{base}/session/{id}"), http, _profile: profile }
    }

    async fn ask(&self, path: &str) -> Value {
        self.http.get(format!("{}/{path}", self.session)).send().await.unwrap().json::<Value>().await.unwrap()["value"].clone()
    }

    async fn tell(&self, path: &str, body: Value) -> Value {
        let sent = self.http.post(format!("{}/{path}", self.session)).json(&body).send().await.unwrap();
        let said = sent.json::<Value>().await.unwrap()["value"].clone();
        assert!(said["error"].is_null(), "{path} {body}: {said}");
        said
    }

    async fn open(&self, url: &str) {
        self.tell("url", json!({ "url": url })).await;
    }

    /// The elements that a CSS selector finds.
    async fn find(&self, css: &str) -> Vec<String> {
        let found = self.tell("elements", json!({"using": "css selector", "value": css})).await;
        found.as_array().unwrap().iter().map(|element| text(element.as_object().unwrap().values().next().unwrap())).collect()
    }

    async fn type_into(&self, css: &str, keys: &str) {
        let element = self.find(css).await.remove(0);
        self.tell(&format!("element/{element}/clear"), json!({})).await;
        self.tell(&format!("element/{element}/value"), json!({ "text": keys })).await;
    }

    async fn click(&self, css: &str) {
        let element = self.find(css).await.remove(0);
        self.tell(&format!("element/{element}/click"), json!({})).await;
    }

    /// What stands on the page, once there is one: another one may be on its way.
    async fn page(&self) -> String {
        eventually_async("the page can be read", || async {
            let body = self.find("body").await.into_iter().next()?;
            self.ask(&format!("element/{body}/text")).await.as_str().map(str::to_owned)
        })
        .await
    }

    /// Whether something opened a dialog: nothing that stands in a workflow file may.
    async fn has_dialog(&self) -> bool {
        self.ask("alert/text").await["error"] != "no such alert"
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Its browsers end with it.
        self.driver.kill().ok();
        self.driver.wait().ok();
    }
}

/// Somebody fills a form in; the workflow file tries to run scripts on its page.
pub async fn a_form_is_filled_in(server: &TestServer, file: &str) {
    let client = server.client();
    install(&client, file).await;
    let browser = Browser::start().await;
    browser.open(&format!("{}/hooks/main/signup/ada", server.url())).await;
    assert!(!browser.has_dialog().await);
    let fields = browser.find("input:not([type=hidden]), select, textarea").await;
    let mut labels = Vec::new();
    for field in &fields {
        let role = text(&browser.ask(&format!("element/{field}/computedrole")).await);
        assert!(["textbox", "spinbutton", "combobox", "checkbox"].contains(&role.as_str()), "{role}");
        labels.push(text(&browser.ask(&format!("element/{field}/computedlabel")).await));
    }
    assert!(labels.len() == 5 && labels.iter().all(|label| !label.is_empty()), "{labels:?}");
    // The browser asks for what is required by itself.
    browser.click("button").await;
    assert!(!browser.page().await.contains("bye"), "{}", browser.page().await);
    browser.type_into("input[type=email]", "ada@example.com").await;
    browser.type_into("input[type=number]", "3").await;
    browser.type_into("textarea", "First line\nsecond <b>line</b>").await;
    browser.click("select option:nth-child(2)").await;
    browser.click("input[type=checkbox]").await;
    browser.click("button").await;
    eventually_async("the thanks are shown", || async { browser.page().await.contains("Thanks & <i>bye</i>").then_some(()) })
        .await;
    assert!(!browser.has_dialog().await);
    let listed = client.get("/api/executions?workflow=signup").await.expect(200).json();
    let id = text(&listed["items"][0]["id"]);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    ended(&client, &id).await;
    let whole = detail(&client, &id).await;
    let expected =
        json!({"email": "ada@example.com", "qty": 3, "note": "First line\r\nsecond <b>line</b>", "size": "S", "terms": true});
    assert_eq!((&whole["output"], &whole["trigger_type"]), (&expected, &json!("form")));
}
