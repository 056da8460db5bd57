//! What forms about credentials and subscriptions send.

use tidemill_common::api::credential::{CredentialPut, CredentialType, RateLimit};
use tidemill_common::api::subscription::{SubscriptionCreate, SubscriptionUpdate};
use tidemill_common::ids::SubscriptionId;

use super::{Wrong, filled, needed, words};
use crate::app::order::{ConnectOrder, Order};
use crate::app::state::form::Form;

/// A credential.
pub fn credential(form: &Form) -> Result<Order, Wrong> {
    let (name, hosts) = (needed(form, "name")?, words(form, "hosts"));
    if hosts.is_empty() {
        return Err(("hosts".into(), "a credential is bound to the hosts that it is sent to: name one at least".into()));
    }
    let kind = CredentialType::from_word(form.text("type")).unwrap_or(CredentialType::Bearer);
    // Blanks may be part of a secret.
    let secret = form.fields.iter().find(|field| field.label == "secret").map(|field| field.line.text().to_owned());
    let secret = secret.filter(|secret| !secret.is_empty());
    if secret.is_none() && kind != CredentialType::Smtp {
        return Err(("secret".into(), "the secret is needed, each time: it is never read back".into()));
    }
    let put = CredentialPut {
        kind,
        hosts,
        secret,
        username: filled(form, "username"),
        header: filled(form, "header"),
        query: filled(form, "query"),
        token_url: filled(form, "token url"),
        client_id: filled(form, "client id"),
        scope: filled(form, "scope"),
        rate_limit: filled(form, "rate").map(|text| rate(&text)).transpose()?,
    };
    Ok(Order::Connect(ConnectOrder::CredentialPut(name, Box::new(put))))
}

fn rate(text: &str) -> Result<RateLimit, Wrong> {
    let wrong = || ("rate".to_owned(), format!("“{text}” is no rate: requests/seconds, such as 10/1"));
    let (requests, seconds) = text.split_once('/').ok_or_else(wrong)?;
    let number = |part: &str| part.trim().parse::<u32>().ok().filter(|number| *number > 0).ok_or_else(wrong);
    Ok(RateLimit { requests: number(requests)?, seconds: number(seconds)? })
}

/// A subscription, or what changes about one.
pub fn subscription(form: &Form, before: Option<&(SubscriptionId, String)>) -> Result<Order, Wrong> {
    let (url, events) = (needed(form, "address")?, words(form, "events"));
    if events.is_empty() {
        return Err(("events".into(), "at least one event, such as execution_failed".into()));
    }
    let (workflow, name) = (form.text("workflow").to_owned(), filled(form, "name"));
    let Some((id, known)) = before else {
        let workflow = Some(workflow).filter(|workflow| !workflow.is_empty());
        return Ok(Order::Connect(ConnectOrder::SubscriptionCreate(SubscriptionCreate { url, events, workflow, name })));
    };
    // An empty name leaves the one that it has; an empty workflow means any.
    let wanted = SubscriptionUpdate { url: Some(url), events: Some(events), workflow: Some(workflow), name, enabled: None };
    Ok(Order::Connect(ConnectOrder::SubscriptionUpdate(*id, known.clone(), Box::new(wanted))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read() {
        assert_eq!(rate("10/1").unwrap(), RateLimit { requests: 10, seconds: 1 });
        for wrong in ["10", "0/1", "a/b", "1/0"] {
            assert!(rate(wrong).is_err(), "{wrong}");
        }
    }
}
