//! Subscriptions of a workspace: made, changed, deleted; their signing keys; and the log of their deliveries.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde_json::json;
use tidemill_common::api::subscription::{
    SubscriptionCreate, SubscriptionDeliveryPage, SubscriptionDeliveryState, SubscriptionDeliveryView, SubscriptionList,
    SubscriptionSecret, SubscriptionUpdate, SubscriptionView,
};
use tidemill_common::clock::Clock;
use tidemill_common::ids::{SubscriptionDeliveryId, SubscriptionId, WorkspaceId};
use tokio::sync::Notify;
use url::Url;

use super::access::authorize;
use super::audit::Act;
use super::error::{Error, check_text};
use super::page::{self, PageRequest};
use crate::auth::{Caller, Operation};
use crate::domain::subscription::OLD_KEY;
use crate::domain::workflow::plan::InternalEvent;
use crate::runner::payload;
use crate::secrets::{Keeper, Sealed, Subject};
use crate::store::queries::{happening, sealed, subscription};
use crate::store::rows::subscription::{Subscription, SubscriptionDelivery};
use crate::store::{self, Database};

/// Most subscriptions of a workspace.
const MOST: i64 = 50;
/// Bytes of a signing key.
const KEY_BYTES: usize = 32;
/// The event of a delivery that only tries a subscription out.
const TEST: &str = "test";

/// Subscriptions of a workspace.
#[derive(Clone)]
pub struct Subscriptions {
    database: Database,
    keeper: Keeper,
    clock: Arc<dyn Clock>,
    changed: Arc<Notify>,
}

impl Subscriptions {
    /// Subscriptions in `database`, their keys sealed by `keeper`; `changed` is woken when there is something new to deliver.
    pub fn new(database: Database, keeper: Keeper, clock: Arc<dyn Clock>, changed: Arc<Notify>) -> Self {
        Self { database, keeper, clock, changed }
    }

    /// The workspace's subscriptions.
    pub async fn list(&self, caller: &Caller) -> Result<SubscriptionList, Error> {
        authorize(caller, Operation::SubscriptionList)?;
        let workspace = caller.workspace;
        let rows = self.database.with_tenant(workspace, move |conn| subscription::subscription_list(conn, workspace)).await?;
        Ok(SubscriptionList { items: rows.into_iter().map(view).collect() })
    }

    /// One subscription.
    pub async fn view(&self, caller: &Caller, id: SubscriptionId) -> Result<SubscriptionView, Error> {
        authorize(caller, Operation::SubscriptionView)?;
        let workspace = caller.workspace;
        let found = self.database.with_tenant(workspace, move |conn| subscription::subscription_find(conn, workspace, id));
        Ok(view(found.await.map_err(Error::of("subscription"))?))
    }

    /// Makes a subscription, which is told what happens from now on.
    pub async fn create(&self, caller: &Caller, wanted: SubscriptionCreate) -> Result<SubscriptionSecret, Error> {
        authorize(caller, Operation::SubscriptionCreate)?;
        let url = check_url(&wanted.url)?;
        let name = wanted.name.unwrap_or_else(|| url.host_str().unwrap_or_default().to_owned());
        check_text("name", &name, 100)?;
        let (events, workflow) = (check_events(wanted.events)?, check_workflow(wanted.workflow)?);
        let (workspace, now) = (caller.workspace, self.clock.now());
        let id = SubscriptionId::new(now);
        let secret = new_key()?;
        let sealed = self.seal(workspace, id, &secret, now).await?;
        let act = Act::of(caller, Operation::SubscriptionCreate, now);
        let made = self.database.with_tenant(workspace, move |conn| {
            if subscription::subscription_count(conn, workspace)? >= MOST {
                return Ok(None);
            }
            let (begins, place) = happening::begin(conn, workspace.0)?;
            let row = Subscription {
                workspace_id: workspace.0,
                id: id.0,
                url: url.into(),
                events,
                workflow,
                name,
                disabled: None,
                failing_since: None,
                created_at: now,
                updated_at: now,
                key_version: sealed.key_version,
                nonce: sealed.nonce,
                ciphertext: sealed.ciphertext,
                old_key_until: None,
                begins,
                feed_txid: place.feed.0,
                feed_position: place.feed.1,
                audit_seq: place.audit,
            };
            subscription::subscription_insert(conn, &row)?;
            act.on("subscription", id).saying(&row.name).after(&state(&row)).write(conn)?;
            Ok(Some(row))
        });
        let too_many =
            || Error::Conflict(format!("a workspace has at most {MOST} subscriptions: delete one, or name more events in one"));
        let subscription = view(made.await?.ok_or_else(too_many)?);
        self.changed.notify_one();
        Ok(SubscriptionSecret { secret, subscription })
    }

    /// Changes a subscription.
    pub async fn update(
        &self,
        caller: &Caller,
        id: SubscriptionId,
        wanted: SubscriptionUpdate,
    ) -> Result<SubscriptionView, Error> {
        authorize(caller, Operation::SubscriptionUpdate)?;
        let SubscriptionUpdate { url, events, workflow, name, enabled } = wanted;
        let url = url.as_deref().map(check_url).transpose()?;
        let events = events.map(check_events).transpose()?;
        let workflow = workflow.map(|workflow| check_workflow(Some(workflow).filter(|id| !id.is_empty()))).transpose()?;
        name.as_ref().map(|name| check_text("name", name, 100)).transpose()?;
        let (workspace, now) = (caller.workspace, self.clock.now());
        let act = Act::of(caller, Operation::SubscriptionUpdate, now);
        let changed = self.database.with_tenant(workspace, move |conn| {
            let mut row = subscription::subscription_lock(conn, workspace, id)?;
            let act = act.on("subscription", id).before(&state(&row));
            row.url = url.map_or(row.url, String::from);
            row.events = events.unwrap_or(row.events);
            row.workflow = workflow.unwrap_or(row.workflow);
            row.name = name.unwrap_or(row.name);
            match (enabled, row.disabled.is_some()) {
                (Some(true), true) => {
                    (row.disabled, row.failing_since) = (None, None);
                    let (begins, place) = happening::begin(conn, workspace.0)?;
                    row.begin_at(begins, place);
                }
                (Some(false), false) => {
                    let reason = "disabled by a member";
                    row.disabled = Some(reason.to_owned());
                    subscription::delivery_give_up(conn, (workspace.0, id.0), reason)?;
                }
                _ => {}
            }
            row.updated_at = now;
            subscription::subscription_update(conn, &row)?;
            act.saying(&row.name).after(&state(&row)).write(conn)?;
            Ok(row)
        });
        let row = changed.await.map_err(Error::of("subscription"))?;
        self.changed.notify_one();
        Ok(view(row))
    }

    /// Gives a subscription a new signing key. The one before it signs as well for a day, so that nothing is refused meanwhile.
    pub async fn rotate(&self, caller: &Caller, id: SubscriptionId) -> Result<SubscriptionSecret, Error> {
        authorize(caller, Operation::SubscriptionRotate)?;
        let (workspace, now) = (caller.workspace, self.clock.now());
        let find = move |conn: &mut store::Connection| Ok(sealed::subscription(conn, workspace.0, id.0)?);
        let found = self.database.engine(find).await?.ok_or(Error::NotFound("subscription"))?;
        let old = self.keeper.open(workspace, |_| Subject::Subscription(id.0), &found)?;
        let secret = new_key()?;
        let keys = old.lines().next().map_or_else(|| secret.clone(), |old| format!("{secret}\n{old}"));
        let sealed = self.seal(workspace, id, &keys, now).await?;
        let act = Act::of(caller, Operation::SubscriptionRotate, now);
        let changed = self.database.with_tenant(workspace, move |conn| {
            let mut row = subscription::subscription_lock(conn, workspace, id)?;
            if row.ciphertext != found.ciphertext {
                return Ok(None);
            }
            row.key_version = sealed.key_version;
            (row.nonce, row.ciphertext) = (sealed.nonce, sealed.ciphertext);
            (row.old_key_until, row.updated_at) = (Some(now + OLD_KEY), now);
            subscription::subscription_update(conn, &row)?;
            act.on("subscription", id).saying(&row.name).after(&row.ciphertext).write(conn)?;
            Ok(Some(row))
        });
        let raced = || Error::Conflict("somebody else has given it a new key at the same moment: theirs holds".to_owned());
        let row = changed.await.map_err(Error::of("subscription"))?.ok_or_else(raced)?;
        Ok(SubscriptionSecret { secret, subscription: view(row) })
    }

    /// Deletes a subscription and the log of its deliveries.
    pub async fn delete(&self, caller: &Caller, id: SubscriptionId) -> Result<(), Error> {
        authorize(caller, Operation::SubscriptionDelete)?;
        let workspace = caller.workspace;
        let act = Act::of(caller, Operation::SubscriptionDelete, self.clock.now());
        let deleted = self.database.with_tenant(workspace, move |conn| {
            let row = subscription::subscription_lock(conn, workspace, id)?;
            subscription::subscription_delete(conn, workspace, id)?;
            act.on("subscription", id).saying(&row.name).before(&state(&row)).write(conn)
        });
        deleted.await.map_err(Error::of("subscription"))
    }

    /// A page of what a subscription was told, newest first.
    pub async fn deliveries(
        &self,
        caller: &Caller,
        id: SubscriptionId,
        state: Option<SubscriptionDeliveryState>,
        page: PageRequest,
    ) -> Result<SubscriptionDeliveryPage, Error> {
        authorize(caller, Operation::SubscriptionDeliveryList)?;
        let size = page.size()?;
        let before = page.after()?.map(|key| key.parse()).transpose().map_err(|_| {
            Error::Invalid("`cursor` is not one that this list gave: send the `next_cursor` of a page".to_owned())
        })?;
        let workspace = caller.workspace;
        let read = self.database.with_tenant(workspace, move |conn| {
            drop(subscription::subscription_find(conn, workspace, id)?);
            let state = state.map(SubscriptionDeliveryState::as_str);
            subscription::delivery_list(conn, (workspace, id), (state, before), page::rows(size))
        });
        let mut rows = read.await.map_err(Error::of("subscription"))?;
        let next_cursor = page::cut(&mut rows, size, |row| row.id.to_string());
        Ok(SubscriptionDeliveryPage { items: rows.into_iter().map(delivery_view).collect::<Result<_, _>>()?, next_cursor })
    }

    /// Tells a subscription something that never happened, to see whether deliveries arrive.
    pub async fn test(&self, caller: &Caller, id: SubscriptionId) -> Result<SubscriptionDeliveryView, Error> {
        authorize(caller, Operation::SubscriptionTest)?;
        let (workspace, now) = (caller.workspace, self.clock.now());
        let act = Act::of(caller, Operation::SubscriptionTest, now);
        let told = self.database.with_tenant(workspace, move |conn| {
            let row = subscription::subscription_lock(conn, workspace, id)?;
            if row.disabled.is_some() {
                return Ok(None);
            }
            let delivery = new_delivery((workspace, id), TEST, payload(TEST, now, &json!({"subscription": id})), (now, now));
            subscription::delivery_insert(conn, &delivery)?;
            act.on("subscription", id).saying(&row.name).write(conn)?;
            Ok(Some(delivery))
        });
        let row = told.await.map_err(Error::of("subscription"))?.ok_or_else(disabled)?;
        self.changed.notify_one();
        Ok(delivery_view(row)?)
    }

    /// Has a delivery that has ended tried again.
    pub async fn redeliver(
        &self,
        caller: &Caller,
        id: SubscriptionId,
        delivery: SubscriptionDeliveryId,
    ) -> Result<SubscriptionDeliveryView, Error> {
        authorize(caller, Operation::SubscriptionRedeliver)?;
        let (workspace, now) = (caller.workspace, self.clock.now());
        let act = Act::of(caller, Operation::SubscriptionRedeliver, now);
        let told = self.database.with_tenant(workspace, move |conn| {
            let row = subscription::subscription_lock(conn, workspace, id)?;
            if row.disabled.is_some() {
                return Ok(Err(disabled()));
            }
            let again = subscription::delivery_again(conn, (workspace, id), delivery, now)?;
            act.on("subscription", id).saying(format!("{}: {delivery}", row.name)).write(conn)?;
            let under_way = || Error::Conflict("this delivery is under way: its next attempt comes by itself".to_owned());
            Ok(again.ok_or_else(under_way))
        });
        let row = told.await.map_err(Error::of("subscription or delivery"))??;
        self.changed.notify_one();
        Ok(delivery_view(row)?)
    }

    async fn seal(&self, workspace: WorkspaceId, id: SubscriptionId, keys: &str, now: DateTime<Utc>) -> Result<Sealed, Error> {
        Ok(self.keeper.seal(workspace, Subject::Subscription(id.0), keys.as_bytes(), now).await?)
    }
}

/// A delivery that is due at once, of what happened at `at`.
pub(super) fn new_delivery(
    (workspace, subscription): (WorkspaceId, SubscriptionId),
    event: &str,
    payload: serde_json::Value,
    (at, now): (DateTime<Utc>, DateTime<Utc>),
) -> SubscriptionDelivery {
    SubscriptionDelivery {
        workspace_id: workspace.0,
        // The log is in the order of the ids.
        id: SubscriptionDeliveryId::new(at).0,
        subscription_id: subscription.0,
        event: event.to_owned(),
        payload,
        created_at: now,
        state: SubscriptionDeliveryState::Waiting.as_str().to_owned(),
        attempts: 0,
        next_at: Some(now),
        attempted_at: None,
        status: None,
        error: None,
        duration_ms: None,
    }
}

fn disabled() -> Error {
    Error::Conflict("the subscription is disabled: enable it first".to_owned())
}

fn new_key() -> Result<String, Error> {
    let mut bytes = zeroize::Zeroizing::new([0_u8; KEY_BYTES]);
    getrandom::fill(bytes.as_mut_slice()).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(format!("whsec_{}", STANDARD.encode(bytes.as_slice())))
}

fn check_url(text: &str) -> Result<Url, Error> {
    let wrong = |why: &str| Error::Invalid(format!("`url` {why}; an example is https://hooks.example.com/tidemill"));
    let url = Url::parse(text.trim()).map_err(|error| wrong(&format!("is not a web address: {error}")))?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err(wrong("begins with https:// or http://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("can't carry a user name or password: deliveries are signed"));
    }
    Ok(url)
}

fn check_events(mut events: Vec<String>) -> Result<Vec<String>, Error> {
    if let Some(unknown) = events.iter().find(|word| InternalEvent::from_word(word).is_none()) {
        let known: Vec<&str> = InternalEvent::all().map(InternalEvent::as_str).collect();
        let unknown: String = unknown.chars().filter(|c| !c.is_control()).take(60).collect();
        return Err(Error::Invalid(format!("there is no event `{unknown}`; there are {}", known.join(", "))));
    }
    events.sort_unstable();
    events.dedup();
    if events.is_empty() {
        return Err(Error::Invalid("`events` names none: name at least one, such as execution_failed".to_owned()));
    }
    Ok(events)
}

fn check_workflow(workflow: Option<String>) -> Result<Option<String>, Error> {
    workflow.map(|id| super::workflow::known_id(&id)).transpose()
}

/// What of a subscription can change, for the audit log.
fn state(row: &Subscription) -> (&str, &[String], Option<&str>, &str, Option<&str>) {
    (&row.url, &row.events, row.workflow.as_deref(), &row.name, row.disabled.as_deref())
}

fn view(row: Subscription) -> SubscriptionView {
    SubscriptionView {
        id: SubscriptionId(row.id),
        name: row.name,
        url: row.url,
        events: row.events,
        workflow: row.workflow,
        enabled: row.disabled.is_none(),
        disabled_reason: row.disabled,
        failing_since: row.failing_since,
        old_secret_until: row.old_key_until,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

fn delivery_view(row: SubscriptionDelivery) -> Result<SubscriptionDeliveryView, store::Error> {
    let state = SubscriptionDeliveryState::from_word(&row.state)
        .ok_or_else(|| store::Error::Corrupt(format!("a delivery has the state `{}`", row.state)))?;
    Ok(SubscriptionDeliveryView {
        id: SubscriptionDeliveryId(row.id),
        event: row.event,
        state,
        attempts: u32::try_from(row.attempts).unwrap_or_default(),
        next_at: row.next_at,
        attempted_at: row.attempted_at,
        status: row.status.and_then(|status| u16::try_from(status).ok()),
        error: row.error,
        duration_ms: row.duration_ms.and_then(|duration| u32::try_from(duration).ok()),
        created_at: row.created_at,
        payload: row.payload,
    })
}
