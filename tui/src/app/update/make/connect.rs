//! Forms about credentials and subscriptions.

use chrono::{DateTime, Utc};
use tidemill_common::api::credential::CredentialView;
use tidemill_common::api::subscription::SubscriptionView;

use crate::app::state::form::{Entry, Field, Form, Purpose};

/// The types of credentials.
const TYPES: [&str; 6] = ["bearer", "basic", "api_key", "oauth2", "smtp", "signing"];

/// Keeps a credential, or puts another one in its place. The secret is needed again: it is never read back.
pub fn credential(before: Option<&CredentialView>, now: DateTime<Utc>) -> Form {
    let text = |field: fn(&CredentialView) -> Option<&String>| before.and_then(field).cloned().unwrap_or_default();
    let kind = Field::choice("type", &TYPES, "a token, user and password, a key, OAuth client, a mail server, a webhook key")
        .with(before.map_or(TYPES[0], |before| before.kind.as_str()));
    let hosts = before.map_or_else(String::new, |before| before.hosts.join(", "));
    let rate = before.and_then(|before| before.rate_limit).map(|limit| format!("{}/{}", limit.requests, limit.seconds));
    let fields = vec![
        Field::new("name", before.map_or("", |before| before.name.as_str()), Entry::Text, "steps name it as `credential`"),
        kind,
        Field::new("hosts", hosts, Entry::Text, "where it is sent and nowhere else: api.example.com:8443, with commas between"),
        Field::new("secret", "", Entry::Hidden, "token, password or key; never shown, here or later"),
        Field::new("username", text(|view| view.username.as_ref()), Entry::Text, "of basic and smtp"),
        Field::new("header", text(|view| view.header.as_ref()), Entry::Text, "of an api_key, such as X-Api-Key"),
        Field::new("query", text(|view| view.query.as_ref()), Entry::Text, "of an api_key, instead of a header"),
        Field::new("token url", text(|view| view.token_url.as_ref()), Entry::Text, "of oauth2: where tokens are got"),
        Field::new("client id", text(|view| view.client_id.as_ref()), Entry::Text, "of oauth2"),
        Field::new("scope", text(|view| view.scope.as_ref()), Entry::Text, "of oauth2, words with spaces between"),
        Field::new("rate", rate.unwrap_or_default(), Entry::Text, "requests/seconds of one node, such as 10/1; more wait"),
    ];
    let title = before.map_or_else(|| "keep a credential".to_owned(), |before| format!("put {} anew", before.name));
    let mut form = Form::new(title, Purpose::Credential, fields, now);
    if before.is_some() {
        // The secret is what has to be typed; what else there was is filled in.
        form.at = 3;
    }
    form
}

/// Has an address told of events, or changes what it is told.
pub fn subscription(before: Option<&SubscriptionView>, now: DateTime<Utc>) -> Form {
    let events = before.map_or_else(|| "execution_failed".to_owned(), |before| before.events.join(", "));
    let workflow = before.and_then(|before| before.workflow.clone()).unwrap_or_default();
    let fields = vec![
        Field::new("address", before.map_or("https://", |before| before.url.as_str()), Entry::Text, "where deliveries go"),
        Field::new("events", events, Entry::Text, "with commas between: execution_failed, execution_ended, member_added …"),
        Field::new("workflow", workflow, Entry::Text, "only what happens to this one; any when empty"),
        Field::new(
            "name",
            before.map_or("", |before| before.name.as_str()),
            Entry::Text,
            "what it is for; the host when empty",
        ),
    ];
    let title = before.map_or_else(|| "have an address told".to_owned(), |before| format!("what {} is told", before.name));
    let purpose = Purpose::Subscription(before.map(|before| (before.id, before.name.clone())));
    let note = before.is_none().then(|| "deliveries are signed; the key is shown one time".to_owned());
    Form::new(title, purpose, fields, now).notes(note)
}
