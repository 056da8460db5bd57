//! Dead letters: replayed behind a canary, or discarded with a reason; by their causes, or one by one.

use tidemill_common::ids::ExecutionId;

use super::show;
use crate::app::action::Action;
use crate::app::state::form::Entry as Kind;
use crate::app::state::form::{Field, Form, Purpose};
use crate::app::state::listing::{Entry, Listing, Opens, Subject};
use crate::app::state::{Screen, State};
use crate::app::update::ask::confirmation;

/// The dead letters that are meant: by cause, or one by one.
struct Meant {
    ids: Vec<ExecutionId>,
    causes: Vec<(String, i64)>,
    count: i64,
    about: Vec<String>,
}

fn why(entry: &Entry) -> String {
    entry.json["cause"].as_str().unwrap_or_default().to_owned()
}

fn meant(listing: &Listing) -> Option<Meant> {
    if listing.subject == Subject::Causes {
        let entries: Vec<&Entry> = listing.list.targets().iter().filter_map(|id| listing.get(id)).collect();
        let cause = |entry: &&Entry| (entry.id.clone(), entry.json["count"].as_i64().unwrap_or(0));
        let causes: Vec<(String, i64)> = entries.iter().map(cause).collect();
        let count = causes.iter().map(|(_, count)| count).sum();
        return (!causes.is_empty()).then(|| Meant {
            ids: Vec::new(),
            causes,
            count,
            about: entries.into_iter().map(why).collect(),
        });
    }
    let targets = listing.list.targets();
    let opens = |id: &String| match listing.get(id)?.opens {
        Some(Opens::Execution(id)) => Some(id),
        _ => None,
    };
    let ids: Vec<ExecutionId> = targets.iter().filter_map(opens).collect();
    let about = vec![why(listing.selected()?)];
    let count = i64::try_from(ids.len()).unwrap_or(0);
    Some(Meant { ids, causes: Vec::new(), count, about })
}

/// Asks how they are to be replayed, or why they are discarded.
pub fn ask(state: &mut State, action: Action) {
    let Screen::Listing(listing) = state.screen() else { return };
    let Some(Meant { ids, causes, count, about }) = meant(listing) else { return };
    let things = if count == 1 { "1 dead letter".to_owned() } else { format!("{count} dead letters") };
    let mut notes: Vec<String> = about.iter().map(|cause| format!("cause: {cause}")).collect();
    let confirm = confirmation(state, count.to_string());
    let form = if action == Action::Replay {
        notes.push("each becomes a new execution; steps that succeeded are not repeated with `failed`".into());
        if causes.len() > 1 {
            notes.push("canary and rate are for each cause by itself".into());
        }
        let canary = if count > 1 { "1" } else { "0" };
        let mut fields = vec![
            Field::choice("from", &["failed", "start"], "where each begins"),
            Field::new("canary", canary, Kind::Text, "so many go first; the rest only when they succeeded"),
            Field::new("rate", "10", Kind::Text, "how many begin per second"),
        ];
        if count > 1 || state.place.protected.is_some() {
            fields.push(confirm);
        }
        Form::new(format!("replay {things}"), Purpose::Replay { ids, causes }, fields, state.now)
    } else {
        notes.push("nothing will be done about them; they stay in the history with your reason".into());
        let fields = vec![Field::new("reason", "", Kind::Text, "kept with them"), confirm];
        Form::new(format!("discard {things}"), Purpose::Discard { ids, causes }, fields, state.now)
    };
    show(state, form.notes(notes));
}
