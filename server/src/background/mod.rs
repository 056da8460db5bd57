//! Loops that run beside requests: the beat of the node, claims, calls between executions, bulk orders, schedules, conditions,
//! events, subscriptions, replays, rollups, partitions.
//!
//! Each loop waits for a time or for being woken, does one round, and survives the failure of a round. What a loop has to know
//! of other nodes the beat sees for all of them: at rest it is the only one that asks the database.

mod billing_subscriptions;
mod bulk;
mod calls;
mod claim_floor;
mod claims;
mod conditions;
mod events;
mod housekeeping;
mod pulse;
mod replays;
mod rollups;
mod schedules;
mod subscriptions;
mod traces;
mod upkeep;
mod watch;

pub use housekeeping::housekeeping_round;
pub use traces::{TraceExport, TraceTap, TracesPending, report_metrics, traces};

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tidemill_common::clock::Clock;
use tokio::sync::Notify;
use tokio::sync::watch::Sender;
use tokio::task::JoinSet;

use crate::app::{BillingSubscriptions, BulkRounds, Replays, SubscriptionRounds};
use crate::config::{Retention, Role};
use crate::executor::{CodeMeter, Executor};
use crate::hub::Hub;
use crate::ingress::schedule::Schedules;
use crate::ingress::{Conditions, Events};
use crate::live::Live;
use crate::queue::{Node, Pulse, Queue};
use crate::store::Database;
use crate::telemetry::Metrics;

/// What the loops work with.
#[derive(Clone)]
pub struct Background {
    /// This node.
    pub node: Node,
    /// What it does.
    pub roles: Vec<Role>,
    /// What its last beat saw.
    pub pulse: Sender<Pulse>,
    /// Runs executions.
    pub executor: Executor,
    /// Gives leases.
    pub queue: Queue,
    /// Fires schedules.
    pub schedules: Schedules,
    /// Looks at conditions.
    pub conditions: Conditions,
    /// Tells event triggers what has happened.
    pub events: Events,
    /// Tells subscriptions what has happened.
    pub subscriptions: SubscriptionRounds,
    /// Follows the feed.
    pub hub: Hub,
    /// Replays dead letters.
    pub replays: Replays,
    /// How long what has ended is kept.
    pub retention: Live<Retention>,
    /// What this node keeps.
    pub data_dir: PathBuf,
    /// Counts.
    pub metrics: Arc<Metrics>,
    /// How long code steps ran since the last beat.
    pub code_meter: CodeMeter,
    /// Which plan organizations are on, and what comes then.
    pub billing_subscriptions: BillingSubscriptions,
    /// Carries out orders about many executions.
    pub bulk: BulkRounds,
    /// Keeps partitions ahead.
    pub database: Database,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Woken when a schedule was activated on this node.
    pub schedules_changed: Arc<Notify>,
    /// Woken when an execution has ended that may have called others.
    pub calls_left: Arc<Notify>,
    /// The same for conditions.
    pub conditions_changed: Arc<Notify>,
    /// The same for event triggers.
    pub events_changed: Arc<Notify>,
}

impl Background {
    /// Starts every loop. They end when the set is dropped.
    pub fn start(&self) -> JoinSet<()> {
        let mut loops = JoinSet::new();
        loops.spawn(pulse::run(self.clone()));
        loops.spawn(upkeep::run(self.data_dir.clone(), self.metrics.upkeep()));
        if self.roles.contains(&Role::Executor) {
            loops.spawn(claims::run(self.clone()));
        }
        if self.roles.contains(&Role::Scheduler) {
            loops.spawn(schedules::run(self.clone()));
            loops.spawn(conditions::run(self.clone()));
            loops.spawn(events::run(self.clone()));
            loops.spawn(subscriptions::run(self.clone()));
            loops.spawn(housekeeping::run(self.clone()));
            loops.spawn(replays::run(self.clone()));
            loops.spawn(bulk::run(self.clone()));
            loops.spawn(calls::run(self.clone()));
            loops.spawn(rollups::run(self.clone()));
            loops.spawn(watch::run(self.clone()));
            loops.spawn(billing_subscriptions::run(self.clone()));
        }
        loops.spawn(self.hub.clone().follow_feed());
        loops
    }

    /// Waits until `at`; without a time, for ever.
    async fn until(&self, at: Option<DateTime<Utc>>) {
        match at {
            // A millisecond more, so that the clock is never before the instant when the timer fires.
            Some(at) => {
                let left = (at - self.clock.now()).to_std().unwrap_or_default();
                tokio::time::sleep(left + Duration::from_millis(1)).await;
            }
            None => std::future::pending().await,
        }
    }
}
