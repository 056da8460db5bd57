//! What is killed and when: a schedule that follows from its seed alone.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use rustix::process::Signal;
use serde::Serialize;

use super::random::Random;

/// What is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Target {
    /// The server, with SIGKILL. Its Postgres is orphaned; the next server stops it.
    Server,
    /// The server while it starts, before it says that it is ready.
    StartingServer,
    /// The postmaster, with SIGKILL. The server starts another.
    Postmaster,
    /// Postgres is shut down at once: connections break, the next start recovers from the log.
    PostgresAtOnce,
    /// Postgres is shut down fast: connections are told, everything is written.
    PostgresFast,
    /// Server and postmaster together, as in a power cut.
    Both,
}

impl Target {
    /// Whether the server must be started again.
    pub(super) fn ends_server(self) -> bool {
        matches!(self, Self::Server | Self::StartingServer | Self::Both)
    }

    /// What the postmaster is sent, if anything.
    pub(super) fn to_postmaster(self) -> Option<Signal> {
        match self {
            Self::Postmaster | Self::Both => Some(Signal::KILL),
            Self::PostgresAtOnce => Some(Signal::QUIT),
            Self::PostgresFast => Some(Signal::INT),
            Self::Server | Self::StartingServer => None,
        }
    }
}

/// One kill of the schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Fault {
    /// What is killed.
    pub(super) target: Target,
    /// How long after the server was ready, or was started, in milliseconds.
    pub(super) after_ms: u64,
}

/// A kill that happened.
#[derive(Debug, Clone)]
pub(super) struct Struck {
    /// When.
    pub(super) at: Instant,
    /// When a node may have been lost by it at the latest, on the clock of the wall: a server that is killed while it starts was killed before, to
    /// start.
    pub(super) losses: Vec<DateTime<Utc>>,
    /// From when on the one who was struck can't have done anything any more.
    pub(super) over: Instant,
}

/// The first `count` faults of `seed`.
pub(super) fn schedule(seed: u64, count: u32, postgres: bool) -> Vec<Fault> {
    let mut random = Random::new(seed);
    (0..count).map(|_| fault(&mut random, postgres)).collect()
}

fn fault(random: &mut Random, postgres: bool) -> Fault {
    // Always as many numbers per fault, so that the schedule with and without Postgres strikes at the same moments.
    let (kind, moment, spread) = (random.below(100), random.next(), random.below(100));
    let target = match kind {
        0..10 => Target::StartingServer,
        10..25 if postgres => Target::Postmaster,
        25..35 if postgres => Target::PostgresAtOnce,
        35..45 if postgres => Target::PostgresFast,
        45..60 if postgres => Target::Both,
        _ => Target::Server,
    };
    // Most strike soon: work that was just taken up is what a crash hurts.
    let most = match (target, spread) {
        (Target::StartingServer, _) => 400,
        (_, 0..50) => 300,
        (_, 50..90) => 1_200,
        _ => 3_000,
    };
    Fault { target, after_ms: moment % most }
}

/// Whether something was struck between two calls of the same effect, so that the second may be the repetition of the first.
pub(super) fn explains(struck: &[Struck], first: Instant, second: Instant) -> bool {
    struck.iter().any(|fault| fault.at <= second && first <= fault.over)
}

/// How long after Postgres is back the server may still carry out what it had under way before it hears that it must not.
pub(super) const SETTLING: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_follows_from_its_seed() {
        assert_eq!(schedule(7, 50, true), schedule(7, 50, true));
        assert_ne!(schedule(7, 50, true), schedule(8, 50, true));
        assert!(schedule(7, 500, false).iter().all(|fault| fault.target.to_postmaster().is_none()));
        assert!(schedule(7, 500, true).iter().any(|fault| fault.target == Target::Both));
    }

    #[test]
    fn a_repetition_needs_a_fault_between() {
        let begin = Instant::now();
        let at = |seconds| begin + Duration::from_secs(seconds);
        let struck = [Struck { at: at(10), losses: vec![DateTime::default()], over: at(12) }];
        assert!(explains(&struck, at(9), at(13)));
        assert!(explains(&struck, at(11), at(13)), "sent before the kill, read after it");
        assert!(!explains(&struck, at(1), at(9)));
        assert!(!explains(&struck, at(13), at(14)));
    }
}
