//! Claims executions that are due: waits that are over, arrivals that no node had room for, work of lost nodes.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use tidemill_common::ids::ExecutionId;

use super::Background;
use super::claim_floor::{ClaimFloor, Look};
use crate::queue::Claim;
use crate::store::Error;

/// Executions that are claimed at once.
const BATCH: usize = 200;

/// How soon this node looks again while another one admits what it has no room for: nobody tells us of what is admitted there.
const CROWDED_LOOK: TimeDelta = TimeDelta::seconds(1);

/// How long a suspect runs alone before the next one is taken up.
const PROBATION: Duration = Duration::from_secs(10);

/// How soon the next suspect may have its turn: this one may have ended, or come to a rest.
const NEXT_SUSPECT: TimeDelta = TimeDelta::milliseconds(100);

/// How often nodes must have been lost with an execution before it is suspected of it.
const SUSPECT: i16 = 2;

/// The suspect that this node took up last. One at a time: if it loses this node too, nothing else that was innocent so far is
/// lost with it for the third time.
#[derive(Default)]
struct Suspect(Option<(ExecutionId, Instant)>);

impl Suspect {
    /// How many more may be taken up now.
    fn room(&self, background: &Background) -> usize {
        let busy = self.0.is_some_and(|(id, since)| since.elapsed() < PROBATION && background.executor.runs(id));
        usize::from(!busy)
    }

    fn note(&mut self, claims: &[Claim]) {
        if let Some(claim) = claims.iter().find(|claim| claim.takeovers == SUSPECT) {
            self.0 = Some((claim.lease.execution_id, Instant::now()));
        }
    }
}

pub(super) async fn run(background: Background) {
    let mut pulse = background.pulse.subscribe();
    let (mut suspect, mut floor) = (Suspect::default(), ClaimFloor::new(Instant::now()));
    loop {
        let mut next = match claim_round(&background, &mut suspect, &mut floor).await {
            Ok(next) => next,
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "nothing can be claimed: the database can't be reached"
                );
                Some(background.clock.now() + TimeDelta::seconds(1))
            }
        };
        // Until something is due, somebody here says that something is, or a beat saw it.
        loop {
            tokio::select! {
                () = background.until(next) => break,
                () = background.executor.claims_woken() => break,
                Ok(()) = pulse.changed() => {
                    let seen = pulse.borrow_and_update();
                    if seen.lost {
                        break;
                    }
                    next = seen.next_due.into_iter().chain(next).min();
                }
            }
        }
    }
}

/// Claims what is due and takes it up. Returns when there is more to claim, as far as is known.
async fn claim_round(
    background: &Background,
    suspect: &mut Suspect,
    floor: &mut ClaimFloor,
) -> Result<Option<DateTime<Utc>>, Error> {
    let Background { queue, executor, clock, .. } = background;
    let room = executor.room_to_claim().min(BATCH);
    if room == 0 {
        // Whoever makes room wakes us.
        return Ok(None);
    }
    let (lost, crowded) = {
        let pulse = background.pulse.borrow();
        (pulse.lost, pulse.crowded)
    };
    let mut claims = look(background, floor, room).await?;
    let mut more_lost = false;
    if lost && claims.len() < room {
        let taken = queue.take_over(room - claims.len(), suspect.room(background)).await?;
        suspect.note(&taken);
        more_lost = !taken.is_empty() || suspect.room(background) == 0;
        claims.extend(taken);
    }
    let full = claims.len() >= room;
    for claim in claims {
        match executor.room() {
            Some(permit) => {
                let executor = executor.clone();
                tokio::spawn(async move { executor.take_up(claim, permit).await });
            }
            None => queue.give_back(claim.lease, clock.now()).await?,
        }
    }
    if full {
        return Ok(Some(clock.now()));
    }
    let looks = [crowded.then(|| clock.now() + CROWDED_LOOK), more_lost.then(|| clock.now() + NEXT_SUSPECT)];
    Ok(queue.next_due(floor.next(Instant::now())).await?.into_iter().chain(looks.into_iter().flatten()).min())
}

/// Claims what is due, from the floor on.
async fn look(background: &Background, floor: &mut ClaimFloor, room: usize) -> Result<Vec<Claim>, Error> {
    let (begin, at) = (Instant::now(), background.clock.now());
    let from = floor.next(begin);
    let claims = background.queue.claim((from, at), room).await?;
    let oldest = claims.iter().map(|claim| claim.available_at).min();
    floor.looked(Look { floor: from, at, took: begin.elapsed(), oldest }, Instant::now());
    Ok(claims)
}
