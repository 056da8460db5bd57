//! The machine in the hands of several executors, through random schedules of crashes, takeovers, pauses, cancels and timers.
//!
//! [`world`] holds what is durable and what the operator wants, [`node`] does what the executor does, [`oracle`] says what must
//! hold after every append, [`plans`] makes workflows. A schedule follows from its number alone: run it again with [`schedule`].

mod node;
mod oracle;
mod plans;
mod world;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::domain::workflow::plan::Plan;
use world::World;

/// Schedules of one test run.
const SCHEDULES: u64 = 100_000;

/// Workflows that they share.
const PLANS: u64 = 300;

/// Numbers that look random and come from a seed (`SplitMix64`).
#[derive(Debug, Clone)]
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(most).unwrap()).unwrap()
    }

    /// True this many times of a hundred.
    fn percent(&mut self, share: usize) -> bool {
        self.below(100) < share
    }
}

/// Carries out one schedule to its end. Returns how many decisions it took.
fn schedule(number: u64, plans: &[Arc<Plan>]) -> u64 {
    let mut random = Random(number);
    let plan = Arc::clone(&plans[random.below(plans.len())]);
    World::new(plan, random).run()
}

fn plans() -> Vec<Arc<Plan>> {
    (0..PLANS).map(|seed| plans::random(&mut Random(seed))).collect()
}

#[test]
fn whatever_happens_to_the_executors_the_promises_hold() {
    let (plans, next, decisions) = (plans(), AtomicU64::new(0), AtomicU64::new(0));
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= SCHEDULES {
                        return;
                    }
                    let outcome = std::panic::catch_unwind(AssertUnwindSafe(|| schedule(number, &plans)));
                    let Ok(made) = outcome else { panic!("schedule {number} breaks a promise; see above") };
                    decisions.fetch_add(made, Ordering::Relaxed);
                }
            });
        }
    });
    let decisions = decisions.into_inner();
    assert!(decisions > SCHEDULES * 4, "the schedules do something: {decisions} decisions");
    eprintln!("{SCHEDULES} schedules, {decisions} decisions");
}
