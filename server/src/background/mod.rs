//! Loops that run beside requests: heartbeats, claims, leases adrift, calls between executions, bulk orders, schedules, replays, rollups,
//! Loops that run beside requests: heartbeats, claims, leases adrift, schedules, conditions, events, replays, rollups,
//! partitions.
//!
//! Each loop waits for a time or for being woken, does one round, and survives the failure of a round. One round of each is
//! a function of its own, so that tests run a round when they want one.

mod adrift;
mod bulk;
mod calls;
mod claims;
mod conditions;
mod events;
mod heartbeat;
mod housekeeping;
mod replays;
mod rollups;
mod schedules;

pub use adrift::adrift_round;
pub use calls::calls_round;
pub use claims::claim_round;
pub use housekeeping::housekeeping_round;
pub use rollups::rollup_round;

use std::sync::Arc;

use tidemill_common::clock::Clock;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::app::{BulkRounds, Replays};
use crate::executor::Executor;
use crate::hub::Hub;
use crate::ingress::schedule::Schedules;
use crate::ingress::{Conditions, Events};
use crate::queue::Queue;
use crate::store::Database;

/// What the loops work with.
#[derive(Clone)]
pub struct Background {
    /// The name of this node, for people.
    pub node_name: String,
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
    /// Follows the feed.
    pub hub: Hub,
    /// Replays dead letters.
    pub replays: Replays,
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
        loops.spawn(heartbeat::run(self.clone()));
        loops.spawn(claims::run(self.clone()));
        loops.spawn(adrift::run(self.clone()));
        loops.spawn(bulk::run(self.clone()));
        loops.spawn(calls::run(self.clone()));
        loops.spawn(schedules::run(self.clone()));
        loops.spawn(conditions::run(self.clone()));
        loops.spawn(events::run(self.clone()));
        loops.spawn(housekeeping::run(self.clone()));
        loops.spawn(replays::run(self.clone()));
        loops.spawn(rollups::run(self.clone()));
        loops.spawn(self.hub.clone().follow_feed());
        loops
    }
}
