//! Tells subscriptions what has happened, and delivers it.
//!
//! What a subscription is told is written together with how far it has read, so that each event is told once. A delivery is taken
//! for a while by one node; where that one dies another repeats the attempt, under the same id.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use futures_util::{StreamExt as _, stream};
use tidemill_common::clock::Clock;
use tidemill_common::ids::{OrganizationId, SubscriptionId, WorkspaceId};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use url::Url;
use uuid::Uuid;

use super::audit::Act;
use super::subscription::new_delivery;
use crate::domain::subscription::{ATTEMPTS, Attempted, Next, PATIENCE};
use crate::domain::workflow::plan::{InternalEvent, Listen};
use crate::ingress::happening::{Happenings, READERS};
use crate::runner::{Parcel, Runner, SigningKey, payload};
use crate::secrets::{Keeper, Subject};
use crate::store::queries::feed::{self, Snapshot};
use crate::store::queries::subscription_round::{self as round, AttemptRow, DueRow, ReaderRow};
use crate::store::{self, Database};

/// Deliveries under way at once on this node; a subscription with so many of them gets no further ones.
const AT_ONCE: usize = 32;
const EACH: usize = 4;
/// How long one attempt may take (Standard Webhooks: 15 to 30 s).
const TIMEOUT: Duration = Duration::from_secs(20);
/// After so many seconds an attempt is somebody else's.
const LEASE: i64 = 60;
/// So many deliveries of a subscription wait at most; it reads on when they have become fewer.
const WAITING: i64 = 1000;

/// Tells subscriptions what has happened. Cheap to clone.
#[derive(Clone)]
pub struct SubscriptionRounds {
    database: Database,
    happenings: Happenings,
    keeper: Keeper,
    runner: Runner,
    clock: Arc<dyn Clock>,
    changed: Arc<Notify>,
    room: Arc<Semaphore>,
    busy: Arc<Mutex<HashMap<Uuid, usize>>>,
}

impl SubscriptionRounds {
    /// Deliveries go out through `runner`; `changed` is woken when there may be one.
    pub fn new(database: Database, keeper: Keeper, runner: Runner, clock: Arc<dyn Clock>, changed: Arc<Notify>) -> Self {
        let happenings = Happenings::new(database.clone());
        let (room, busy) = (Arc::new(Semaphore::new(AT_ONCE)), Arc::default());
        Self { database, happenings, keeper, runner, clock, changed, room, busy }
    }

    /// Waits until a subscription was changed on this node.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Tells every enabled subscription what has happened. Returns how many there are, and whether one has more to read.
    pub async fn tell(&self) -> Result<(usize, bool), store::Error> {
        let (count, readers) = self.database.engine(|conn| Ok(round::readers(conn, WAITING)?)).await?;
        let told = stream::iter(readers).map(|reader| async move {
            let subscription = reader.id;
            let told = if reader.full { self.wait_for_room(reader).await } else { self.tell_one(reader).await };
            told.unwrap_or_else(|error| {
                tracing::warn!(error = &error as &dyn std::error::Error, %subscription, "a subscription can't be told; trying again");
                false
            })
        });
        let more = told.buffer_unordered(READERS).fold(false, |more, behind| async move { more || behind }).await;
        Ok((count, more))
    }

    async fn tell_one(&self, reader: ReaderRow) -> Result<bool, store::Error> {
        // A word that this version doesn't know is one of a newer version.
        let events: Vec<InternalEvent> = reader.events.iter().filter_map(|word| InternalEvent::from_word(word)).collect();
        let (workspace, id) = (WorkspaceId(reader.workspace_id), SubscriptionId(reader.id));
        let begins = Snapshot::parse(&reader.begins);
        let begins = begins.ok_or_else(|| store::Error::Corrupt(format!("the beginning of subscription {id}")))?;
        let stretch = self.happenings.read(workspace, (reader.place(), Some(begins)), &events).await?;
        if !stretch.moved {
            return Ok(false);
        }
        let (now, workflow) = (self.clock.now(), reader.workflow.as_deref().map(Arc::from));
        let mut told = Vec::new();
        for happening in &stretch.happenings {
            for event in &events {
                let listen = Listen { event: *event, workflow: Option::clone(&workflow) };
                if happening.is(&listen) {
                    let payload = payload(event.as_str(), happening.at(), &happening.body(*event));
                    told.push(new_delivery((workspace, id), event.as_str(), payload, (happening.at(), now)));
                }
            }
        }
        self.database.engine(move |conn| round::tell(conn, &reader, stretch.to, &told)).await?;
        Ok(stretch.more)
    }

    /// So much waits that it reads no further. What has been forgotten by then can't be told any more, and that is said.
    async fn wait_for_room(&self, reader: ReaderRow) -> Result<bool, store::Error> {
        let place = reader.place().feed;
        if !self.database.engine(move |conn| Ok(feed::reaches_back_to(conn, place)?)).await? {
            let reason = format!("{WAITING} deliveries wait, and it has fallen behind further than events can be read");
            self.disable((reader.workspace_id, reader.id), reason).await?;
        }
        Ok(false)
    }

    /// Begins the deliveries that are due, among `attempts`.
    pub async fn deliver_due(&self, attempts: &mut JoinSet<()>) -> Result<(), store::Error> {
        let room = i64::try_from(self.room.available_permits()).unwrap_or(i64::MAX);
        if room == 0 {
            return Ok(());
        }
        let busy = self.busy();
        let each = i64::try_from(EACH).unwrap_or(1);
        for row in self.database.engine(move |conn| Ok(round::take_due(conn, (each, room), &busy, LEASE)?)).await? {
            let Ok(place) = Arc::clone(&self.room).acquire_owned().await else { break };
            *self.lock_busy().entry(row.subscription_id).or_default() += 1;
            attempts.spawn(self.clone().attempt(row, place));
        }
        Ok(())
    }

    /// The subscriptions with as many deliveries under way as they may have.
    fn busy(&self) -> Vec<Uuid> {
        self.lock_busy().iter().filter(|(_, count)| **count >= EACH).map(|(id, _)| *id).collect()
    }

    fn lock_busy(&self) -> std::sync::MutexGuard<'_, HashMap<Uuid, usize>> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn attempt(self, row: DueRow, place: OwnedSemaphorePermit) {
        let (subscription, delivery) = (row.subscription_id, row.id);
        if let Err(error) = self.deliver(row).await {
            tracing::warn!(error = &error as &dyn std::error::Error, %subscription, %delivery, "what came of a delivery can't be kept; it is repeated");
        }
        let mut busy = self.lock_busy();
        match busy.get_mut(&subscription) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(busy.remove(&subscription)),
        }
        drop(busy);
        drop(place);
        // Others of the same subscription may be due.
        self.changed.notify_one();
    }

    async fn deliver(&self, row: DueRow) -> Result<(), store::Error> {
        let begin = Instant::now();
        let attempted = match self.parcel(&row) {
            Ok(parcel) => self.runner.deliver(parcel).await,
            Err(error) => Attempted { status: None, error: Some(error), retry_after: None },
        };
        let next = attempted.next(row.id, row.attempt);
        let (state, again) = match next {
            Next::Delivered => ("delivered", None),
            Next::Again(pause) => ("waiting", Some(TimeDelta::from_std(pause).unwrap_or(PATIENCE))),
            Next::Failed | Next::Gone => ("failed", None),
        };
        let kept = AttemptRow {
            workspace_id: row.sealed.workspace_id,
            id: row.id,
            subscription_id: row.subscription_id,
            attempt: row.attempt,
            state,
            again,
            status: attempted.status.and_then(|status| i16::try_from(status).ok()),
            error: attempted.error.map(|error| error.replace('\0', "")),
            duration_ms: i32::try_from(begin.elapsed().as_millis()).unwrap_or(i32::MAX),
        };
        let failing_since = self.database.engine(move |conn| Ok(round::attempted(conn, &kept)?)).await?;
        let subscription = (row.sealed.workspace_id, row.subscription_id);
        if next == Next::Gone {
            self.disable(subscription, "the other side answered 410: it wants no deliveries any more".to_owned()).await?;
        } else if failing_since.is_some_and(|since| self.clock.now() - since > PATIENCE) {
            let days = PATIENCE.num_days();
            self.disable(subscription, format!("no delivery has arrived for {days} days, with {ATTEMPTS} attempts each"))
                .await?;
        }
        Ok(())
    }

    fn parcel(&self, row: &DueRow) -> Result<Parcel, String> {
        let workspace = WorkspaceId(row.sealed.workspace_id);
        let subject = Subject::Subscription(row.subscription_id);
        let keys = self.keeper.open(workspace, |_| subject, &row.sealed).map_err(|error| error.to_string())?;
        let keys = keys.lines().take(if row.both_keys { 2 } else { 1 }).map(SigningKey::new);
        Ok(Parcel {
            url: Url::parse(&row.url).map_err(|error| format!("the address is not a URL: {error}"))?,
            id: format!("msg_{}", row.id.simple()),
            keys: keys.collect::<Result<_, _>>()?,
            body: row.payload.to_string().into_bytes(),
            timeout: TIMEOUT,
        })
    }

    /// Nothing is told to it any more; the audit log says why, which is an internal event too.
    async fn disable(&self, subscription: (Uuid, Uuid), reason: String) -> Result<(), store::Error> {
        let now = self.clock.now();
        let disable = move |conn: &mut store::Connection| {
            let Some(row) = round::disable(conn, subscription, &reason)? else { return Ok(()) };
            let act = Act::by_node(OrganizationId(row.organization_id), "subscription_disable", now);
            let act = act.in_workspace(WorkspaceId(subscription.0)).on("subscription", subscription.1);
            act.saying(format!("{}: {reason}", row.name)).write_as_engine(conn)
        };
        self.database.engine(disable).await?;
        tracing::warn!(subscription = %subscription.1, "a subscription is disabled; `tidemill subscription ls` says why");
        Ok(())
    }
}
