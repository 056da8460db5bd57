//! The verdict: what senders, effect server and database know, held against each other.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, Utc};
use tidemill_common::event::{Event, EventBody};
use tidemill_common::ids::ExecutionId;
use tidemill_common::status::{ExecutionStatus, StepStatus};
use uuid::Uuid;

use super::checks::Check;
use super::effects::{Calls, Place};
use super::faults::{Struck, explains};
use super::workflows::{AT_MOST_ONCE, Workflow};
use crate::domain::execution::State;
use crate::domain::workflow::compile;
use crate::domain::workflow::plan::Plan;
use crate::journal;
use crate::store::Error;
use crate::store::queries::audit::{Audit, AuditRow};

/// Executions that are looked at together.
const PAGE: i64 = 500;

/// Nodes that may be lost with an execution before it is set aside.
const TAKEOVERS: usize = 3;

/// What is known outside the database.
pub(super) struct Evidence {
    /// Executions that the server named, by delivery.
    pub(super) sent: BTreeMap<String, Vec<String>>,
    /// Answers that should not have come.
    pub(super) odd: Vec<String>,
    /// What the effect server got.
    pub(super) calls: HashMap<Place, Calls>,
    /// When what was killed.
    pub(super) struck: Vec<Struck>,
    /// Where the effect server was.
    pub(super) effects: String,
}

/// What was found.
pub(super) struct Verdict {
    pub(super) executions: u64,
    pub(super) effects: u64,
    pub(super) repeated_effects: u64,
    pub(super) set_aside: u64,
    pub(super) checks: Vec<Check>,
}

/// One execution with its events.
struct Found {
    row: AuditRow,
    workflow: Option<Workflow>,
    events: Vec<Event>,
}

/// From when to when which execution held a concurrency key.
type Turn = (DateTime<Utc>, DateTime<Utc>, Uuid);

struct Judge<'a> {
    evidence: &'a Evidence,
    plans: HashMap<Workflow, Arc<Plan>>,
    /// The executions that each delivery started.
    started: HashMap<String, Vec<String>>,
    /// When each execution held its concurrency key.
    turns: HashMap<String, Vec<Turn>>,
    executions: u64,
    set_aside: u64,
    repeated_effects: u64,
    acknowledged: Check,
    once: Check,
    ended: Check,
    gapless: Check,
    results: Check,
    fold: Check,
    happened: Check,
    repeated: Check,
    keyed: Check,
    never_twice: Check,
    in_turn: Check,
    left_over: Check,
}

/// Holds everything against everything.
pub(super) fn judge(audit: &mut Audit, evidence: &Evidence) -> Result<Verdict, Error> {
    let mut judge = Judge::new(evidence);
    let mut after = Uuid::nil();
    loop {
        let page = audit.executions(after, PAGE)?;
        let Some(last) = page.last() else { break };
        after = last.id;
        for found in found(audit, page)? {
            judge.execution(&found);
        }
    }
    judge.deliveries();
    judge.effects();
    judge.turns();
    let left_over = audit.left_over()?;
    judge.left_over.looked_at = judge.executions;
    for sentence in left_over {
        judge.left_over.look(Some(sentence));
    }
    Ok(judge.verdict())
}

fn found(audit: &mut Audit, page: Vec<AuditRow>) -> Result<Vec<Found>, Error> {
    let ids: Vec<Uuid> = page.iter().map(|row| row.id).collect();
    let mut events: HashMap<Uuid, Vec<Event>> = HashMap::new();
    for stored in audit.events(&ids)? {
        let id = ExecutionId(stored.execution_id);
        let event = journal::decode(id, stored.seq, stored.at, &stored.event_type, &stored.data)
            .map_err(|error| Error::Corrupt(format!("event {} of execution {id}: {error}", stored.seq)))?;
        events.entry(stored.execution_id).or_default().push(event);
    }
    let workflow = |row: &AuditRow| Workflow::ALL.into_iter().find(|workflow| workflow.id() == row.workflow_id);
    let found =
        page.into_iter().map(|row| Found { workflow: workflow(&row), events: events.remove(&row.id).unwrap_or_default(), row });
    Ok(found.collect())
}

impl<'a> Judge<'a> {
    fn new(evidence: &'a Evidence) -> Self {
        let plans = Workflow::ALL.into_iter().filter_map(|workflow| {
            let plan = compile(&workflow.file(&evidence.effects)).ok()?;
            Some((workflow, Arc::new(plan)))
        });
        Self {
            evidence,
            plans: plans.collect(),
            started: HashMap::new(),
            turns: HashMap::new(),
            executions: 0,
            set_aside: 0,
            repeated_effects: 0,
            acknowledged: Check::new("every acknowledged delivery has the execution that was named"),
            once: Check::new("a delivery starts at most one execution"),
            ended: Check::new("every execution ended, and as it should"),
            gapless: Check::new("events are numbered from 1 without gaps and end once"),
            results: Check::new("one committed result per execution, step and iteration"),
            fold: Check::new("the row of an execution is the fold of its events"),
            happened: Check::new("what a step says it did has happened"),
            repeated: Check::new("an effect is repeated only after a kill"),
            keyed: Check::new("a repeated effect has the idempotency key of the first, and no other"),
            never_twice: Check::new("an effect that is at_most_once is never repeated"),
            in_turn: Check::new("executions with the same concurrency key run one at a time"),
            left_over: Check::new("nothing is left over: queue, keys, deliveries, events, feed"),
        }
    }

    fn execution(&mut self, found: &Found) {
        self.executions += 1;
        let id = found.row.id;
        let Some(workflow) = found.workflow else {
            return self.ended.look(Some(format!("execution {id} is of an unknown workflow {}", found.row.workflow_id)));
        };
        self.note_delivery(found);
        let ends = found.events.iter().filter(|event| matches!(event.body, EventBody::ExecutionCompleted { .. })).count();
        let gapless = found.events.iter().zip(1..).all(|(event, seq)| event.seq == seq) && ends <= 1;
        self.gapless.expect(gapless, || format!("execution {id}"));
        self.check_results(found);
        let Some(plan) = self.plans.get(&workflow).cloned() else { return };
        match State::fold(ExecutionId(id), plan, &found.events) {
            Ok(state) => {
                self.check_fold(found, &state);
                self.check_end(found, &state);
                self.check_happened(workflow, &state);
            }
            Err(error) => self.fold.look(Some(format!("execution {id}: {error}"))),
        }
        if workflow == Workflow::Keyed {
            self.note_turn(found);
        }
    }

    fn note_delivery(&mut self, found: &Found) {
        let Some(input) = input(found) else { return };
        if let Some(delivery) = input["body"]["delivery"].as_str() {
            self.started.entry(delivery.to_owned()).or_default().push(found.row.id.to_string());
        }
    }

    fn check_results(&mut self, found: &Found) {
        let mut seen = HashSet::new();
        for event in &found.events {
            let is_result = matches!(
                event.body,
                EventBody::StepCompleted { .. } | EventBody::StepFailed { retry_at: None, .. } | EventBody::StepSkipped { .. }
            );
            if let Some(place) = event.body.place().filter(|_| is_result) {
                let again = (!seen.insert(place.clone())).then(|| format!("{place} of execution {}", found.row.id));
                self.results.look(again);
            }
        }
    }

    fn check_fold(&mut self, found: &Found, state: &State) {
        let (row, end) = (&found.row, state.end.as_ref());
        let same = row.status == state.status().as_str()
            && row.last_seq == state.seq
            && row.finished_at == end.map(|end| end.at)
            && row.error.is_some() == end.is_some_and(|end| end.error.is_some());
        self.fold.expect(same, || {
            format!(
                "execution {}: {} at event {}, its events say {} at {}",
                row.id,
                row.status,
                row.last_seq,
                state.status(),
                state.seq
            )
        });
    }

    /// It succeeded; or it was set aside, which takes so many kills while it was under way.
    fn check_end(&mut self, found: &Found, state: &State) {
        let row = &found.row;
        let as_it_should = match state.status() {
            ExecutionStatus::Succeeded => true,
            ExecutionStatus::DeadLetter => {
                self.set_aside += 1;
                let (from, to) = (state.id.admitted_at(), row.finished_at.unwrap_or_default());
                let losses = self.evidence.struck.iter().flat_map(|struck| &struck.losses);
                losses.filter(|at| (from..=to).contains(at)).count() >= TAKEOVERS
            }
            _ => false,
        };
        self.ended.expect(as_it_should, || {
            format!("execution {} is {}: {}", row.id, row.status, row.error.as_deref().unwrap_or("no error"))
        });
    }

    /// A step that succeeded had its effect; every iteration of it.
    fn check_happened(&mut self, workflow: Workflow, state: &State) {
        for (step, iterations) in workflow.effects() {
            let succeeded =
                state.plan().step_index(step).is_some_and(|index| state.steps[index].status == StepStatus::Succeeded);
            for iteration in (0..*iterations).filter(|_| succeeded) {
                let place = format!("{}/{step}/{iteration}", state.id);
                self.happened.expect(self.evidence.calls.contains_key(&place), || format!("{place} never reached the world"));
            }
        }
    }

    fn note_turn(&mut self, found: &Found) {
        let began = found.events.iter().find(|event| matches!(event.body, EventBody::StepStarted { .. })).map(|event| event.at);
        let key = input(found).and_then(|input| input["body"]["key"].as_str().map(str::to_owned));
        if let (Some(began), Some(ended), Some(key)) = (began, found.row.finished_at, key) {
            self.turns.entry(key).or_default().push((began, ended, found.row.id));
        }
    }

    fn deliveries(&mut self) {
        for (delivery, named) in &self.evidence.sent {
            let started = self.started.get(delivery);
            let holds = started.is_some_and(|started| started == named);
            self.acknowledged.expect(holds, || {
                format!(
                    "delivery {delivery} was acknowledged with {}; it started {}",
                    named.join(" and "),
                    started.map_or("nothing".to_owned(), |ids| ids.join(" and "))
                )
            });
        }
        for odd in &self.evidence.odd {
            self.acknowledged.look(Some(odd.clone()));
        }
        for (delivery, started) in &self.started {
            self.once.expect(started.len() == 1, || format!("delivery {delivery} started {}", started.join(" and ")));
        }
    }

    fn effects(&mut self) {
        let mut owners: HashMap<&str, &str> = HashMap::new();
        for (place, calls) in &self.evidence.calls {
            let unexplained = calls.at.windows(2).filter(|pair| !self.explained(pair[0], pair[1])).count();
            self.repeated_effects += u64::try_from(calls.at.len() - 1).unwrap_or(u64::MAX);
            self.repeated.expect(unexplained == 0, || format!("{place} happened {} times", calls.at.len()));
            let other = calls.keys.first().and_then(|key| owners.insert(key, place));
            self.keyed.expect(calls.keys.len() == 1 && other.is_none(), || match other {
                Some(other) => format!("{place} has the key of {other}"),
                None => format!("{place} has the keys {}", calls.keys.join(", ")),
            });
            if place.split('/').nth(1) == Some(AT_MOST_ONCE) {
                self.never_twice.expect(calls.at.len() == 1, || format!("{place} happened {} times", calls.at.len()));
            }
        }
    }

    fn explained(&self, first: Instant, second: Instant) -> bool {
        explains(&self.evidence.struck, first, second)
    }

    fn turns(&mut self) {
        for (key, turns) in &mut self.turns {
            turns.sort_unstable();
            for pair in turns.windows(2) {
                let ((_, ended, first), (began, _, second)) = (pair[0], pair[1]);
                self.in_turn.expect(ended <= began, || format!("key {key}: {second} began before {first} ended"));
            }
        }
    }

    fn verdict(self) -> Verdict {
        let effects = self.evidence.calls.values().map(|calls| calls.at.len()).sum::<usize>();
        Verdict {
            executions: self.executions,
            effects: u64::try_from(effects).unwrap_or(u64::MAX),
            repeated_effects: self.repeated_effects,
            set_aside: self.set_aside,
            checks: vec![
                self.acknowledged,
                self.once,
                self.ended,
                self.gapless,
                self.results,
                self.fold,
                self.happened,
                self.repeated,
                self.keyed,
                self.never_twice,
                self.in_turn,
                self.left_over,
            ],
        }
    }
}

/// What the execution was started with.
fn input(found: &Found) -> Option<&serde_json::Value> {
    match &found.events.first()?.body {
        EventBody::ExecutionQueued(origin) | EventBody::ExecutionStarted { origin: Some(origin) } => Some(&origin.input),
        _ => None,
    }
}
