//! What streams say.

use std::collections::BTreeMap;

use tidemill_common::api::stream::StreamFrame;
use tidemill_common::event::{Event, EventBody};
use tidemill_common::ids::ExecutionId;

use crate::app::data::Query;
use crate::app::effect::Effect;
use crate::app::event::Channel;
use crate::app::state::store::Applied;
use crate::app::state::toast::Tone;
use crate::app::state::{Screen, State};
use crate::client::link::LinkEvent;

/// More rows than this are not read one by one: the list is read anew.
const MOST_SINGLE_READS: usize = 16;

/// Asks for everything that the root screens show.
pub fn load(state: &mut State) -> Vec<Effect> {
    let now = state.now;
    state.store.load.begin(now);
    state.catalogue.load.begin(now);
    vec![
        Effect::LoadExecutions { generation: state.store.generation, cursor: None },
        Effect::LoadWorkflows { generation: state.catalogue.generation },
        Effect::Read(Query::Server),
        Effect::Read(Query::Causes),
    ]
}

/// Lets a stream's news change the state.
pub fn update(state: &mut State, channel: Channel, event: LinkEvent) -> Vec<Effect> {
    let before = state.shown_link().health(state.now);
    let (effects, changed) = match channel {
        Channel::Feed => feed(state, event),
        Channel::Execution(id) => execution(state, id, event),
    };
    if changed {
        state.refresh();
    }
    state.dirty |= changed || before != state.shown_link().health(state.now);
    effects
}

fn feed(state: &mut State, event: LinkEvent) -> (Vec<Effect>, bool) {
    let now = state.now;
    match event {
        LinkEvent::Open => {
            state.link.heard(now);
            (Vec::new(), false)
        }
        LinkEvent::Down { reason, retry_in } => {
            state.link.lost(now, reason, retry_in);
            (Vec::new(), false)
        }
        LinkEvent::Resync => {
            state.link.resync();
            state.store.generation += 1;
            state.toasts.push(now, Tone::Plain, "events were missed: reading everything anew");
            (Vec::new(), true)
        }
        LinkEvent::Ended => (Vec::new(), false),
        LinkEvent::Frames(frames) => {
            state.link.heard(now);
            frames_of_feed(state, frames)
        }
    }
}

fn frames_of_feed(state: &mut State, frames: Vec<StreamFrame>) -> (Vec<Effect>, bool) {
    let mut changed = false;
    let mut effects = Vec::new();
    let mut missing: BTreeMap<ExecutionId, i32> = BTreeMap::new();
    let mut failed = false;
    for frame in frames {
        match frame {
            StreamFrame::Event { event, execution, .. } => {
                failed |= has_failed(&event);
                let applied = match execution {
                    Some(row) => state.store.put(row),
                    None => state.store.apply(&event),
                };
                changed |= applied == Applied::Changed;
                if applied == Applied::Gap {
                    missing.insert(event.execution_id, event.seq);
                }
            }
            // What happened between our snapshot and the beginning of the stream is in a new snapshot only.
            StreamFrame::Live { .. } if state.link.needs_snapshot() => effects.extend(load(state)),
            _ => {}
        }
    }
    if failed {
        effects.push(Effect::Read(Query::Causes));
    }
    let behind = |id: &ExecutionId, seq: i32| state.store.get(*id).is_none_or(|row| row.last_seq < seq);
    missing.retain(|id, seq| behind(id, *seq));
    if missing.len() > MOST_SINGLE_READS {
        effects.extend(load(state));
    } else {
        effects.extend(missing.into_keys().map(Effect::LoadExecution));
    }
    (effects, changed)
}

/// Whether it failed for good: then there is one dead letter more.
fn has_failed(event: &Event) -> bool {
    matches!(event.body, EventBody::ExecutionCompleted { error: Some(_), .. })
}

fn execution(state: &mut State, id: ExecutionId, event: LinkEvent) -> (Vec<Effect>, bool) {
    let now = state.now;
    let Some(open) = state.open_execution().filter(|open| open.id == id) else { return (Vec::new(), false) };
    match event {
        LinkEvent::Open => open.link.heard(now),
        LinkEvent::Down { reason, retry_in } => open.link.lost(now, reason, retry_in),
        LinkEvent::Resync => {
            open.link.resync();
            return (vec![Effect::LoadExecution(id)], true);
        }
        LinkEvent::Ended => open.link.ended(),
        LinkEvent::Frames(frames) => {
            open.link.heard(now);
            let (mut applied, mut skipped) = (Vec::new(), false);
            for frame in frames {
                match frame {
                    StreamFrame::Event { event, .. } => applied.push(open.apply(event)),
                    StreamFrame::Bookmark { cursor, .. } => skipped |= cursor.parse().is_ok_and(|seq| open.skip_to(seq)),
                    _ => {}
                }
            }
            let after = open.last_seq();
            let effects = if applied.contains(&Applied::Gap) {
                vec![Effect::Follow { id, after }, Effect::LoadExecution(id)]
            } else if skipped {
                vec![Effect::LoadExecution(id)]
            } else {
                Vec::new()
            };
            return (effects, applied.contains(&Applied::Changed));
        }
    }
    (Vec::new(), false)
}

/// Tries to connect at once and reads everything anew.
pub fn resync(state: &mut State) -> Vec<Effect> {
    let mut effects = vec![Effect::Reconnect];
    state.store.generation += 1;
    state.catalogue.generation += 1;
    effects.extend(load(state));
    match state.screen() {
        Screen::Execution(open) => effects.push(Effect::LoadExecution(open.id)),
        _ => effects.extend(super::data::reload(state)),
    }
    state.toasts.push(state.now, Tone::Plain, "reading everything anew");
    effects
}
