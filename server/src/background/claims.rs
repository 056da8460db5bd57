//! Claims executions that are due: waits that are over, arrivals that no node had room for, work of lost nodes.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use tidemill_common::ids::ExecutionId;
use tokio::task::{JoinError, JoinSet};

use super::Background;
use super::claim_floor::{ClaimFloor, Look, WHOLE};
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

/// How the queue is looked through.
struct Looks {
    floor: ClaimFloor,
    /// The whole look that is under way beside the others, if one is.
    beside: JoinSet<Result<Look, Error>>,
    suspect: Suspect,
}

pub(super) async fn run(background: Background) {
    let mut pulse = background.pulse.subscribe();
    let mut looks = Looks { floor: ClaimFloor::new(), beside: JoinSet::new(), suspect: Suspect::default() };
    loop {
        let mut next = match looks.round(&background).await {
            Ok(next) => next,
            Err(error) => {
                complain(&error);
                Some(background.clock.now() + TimeDelta::seconds(1))
            }
        };
        // Until something is due, somebody here says that something is, or a beat saw it.
        loop {
            let may_look = looks.beside.is_empty() && background.executor.room_to_claim() > 0;
            let whole_again = looks.floor.whole_again().filter(|_| may_look);
            tokio::select! {
                () = background.until(next) => break,
                () = background.executor.claims_woken() => break,
                () = until(whole_again) => break,
                Some(ended) = looks.beside.join_next() => {
                    looks.ended(ended);
                    break;
                }
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

impl Looks {
    /// Claims what is due and takes it up. Returns when there is more to claim, as far as is known.
    async fn round(&mut self, background: &Background) -> Result<Option<DateTime<Utc>>, Error> {
        let Background { queue, executor, clock, .. } = background;
        let room = executor.room_to_claim().min(BATCH);
        if room == 0 {
            // Whoever makes room wakes us.
            return Ok(None);
        }
        if self.beside.is_empty() && self.floor.whole_again().is_some_and(|at| at <= Instant::now()) {
            self.beside.spawn(whole_look(background.clone(), room));
        }
        let (lost, crowded) = {
            let pulse = background.pulse.borrow();
            (pulse.lost, pulse.crowded)
        };
        let (look, mut claims) = look(background, self.floor.next(), room).await?;
        self.floor.looked(look, Instant::now());
        let mut more_lost = false;
        if lost && claims.len() < room {
            let taken = queue.take_over(room - claims.len(), self.suspect.room(background)).await?;
            self.suspect.note(&taken);
            more_lost = !taken.is_empty() || self.suspect.room(background) == 0;
            claims.extend(taken);
        }
        let full = claims.len() >= room;
        take_up(background, claims).await?;
        if full {
            return Ok(Some(clock.now()));
        }
        let looks = [crowded.then(|| clock.now() + CROWDED_LOOK), more_lost.then(|| clock.now() + NEXT_SUSPECT)];
        Ok(queue.next_due(self.floor.next()).await?.into_iter().chain(looks.into_iter().flatten()).min())
    }

    /// Notes what became of the look beside the others.
    fn ended(&mut self, ended: Result<Result<Look, Error>, JoinError>) {
        match ended {
            Ok(Ok(look)) => self.floor.looked(look, Instant::now()),
            Ok(Err(error)) => {
                complain(&error);
                self.floor.failed(Instant::now());
            }
            Err(stopped) => std::panic::resume_unwind(stopped.into_panic()),
        }
    }
}

/// Claims what is due from `floor` on.
async fn look(background: &Background, floor: DateTime<Utc>, room: usize) -> Result<(Look, Vec<Claim>), Error> {
    let (begin, at) = (Instant::now(), background.clock.now());
    let claims = background.queue.claim((floor, at), room).await?;
    let oldest = claims.iter().map(|claim| claim.available_at).min();
    Ok((Look { floor, at, took: begin.elapsed(), oldest }, claims))
}

/// Looks through the whole queue while others look from the floor on, and takes up what it claims.
async fn whole_look(background: Background, room: usize) -> Result<Look, Error> {
    let (look, claims) = look(&background, WHOLE, room).await?;
    take_up(&background, claims).await?;
    Ok(look)
}

async fn take_up(background: &Background, claims: Vec<Claim>) -> Result<(), Error> {
    let Background { queue, executor, clock, .. } = background;
    for claim in claims {
        match executor.room() {
            Some(permit) => {
                let executor = executor.clone();
                tokio::spawn(async move { executor.take_up(claim, permit).await });
            }
            None => queue.give_back(claim.lease, clock.now()).await?,
        }
    }
    Ok(())
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

fn complain(error: &Error) {
    tracing::warn!(error = error as &dyn std::error::Error, "nothing can be claimed: the database can't be reached");
}
