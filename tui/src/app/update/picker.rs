//! What palette, help and the sort menu offer.

use crate::app::action::{ACTIONS, Action};
use crate::app::keymap;
use crate::app::state::line::Line;
use crate::app::state::overlay::{Item, Picker, PickerKind, Target};
use crate::app::state::{Screen, State, can};

/// Most executions that the palette offers.
const RECENT: usize = 50;

/// A picker of what there is now.
pub fn build(state: &State, kind: PickerKind) -> Picker {
    let mut items: Vec<Item> = ACTIONS.iter().filter_map(|info| action(state, info.action)).collect();
    if kind == PickerKind::Palette {
        items.extend(state.catalogue.items.iter().map(|workflow| Item {
            target: Target::Workflow(workflow.id.clone()),
            name: workflow.id.clone(),
            about: format!("the workflow “{}”", workflow.name),
            keys: String::new(),
            disabled: None,
        }));
        items.extend(state.store.newest_first().take(RECENT).map(|row| Item {
            target: Target::Execution(row.id),
            name: row.id.short(),
            about: format!("{} of {}", row.status, row.workflow_id),
            keys: String::new(),
            disabled: None,
        }));
    }
    Picker { kind, query: Line::default(), items, cursor: 0 }
}

/// The columns by which the list on screen can be ordered.
pub fn sort(state: &State) -> Option<Picker> {
    let Screen::Listing(listing) = state.screen() else { return None };
    let columns = listing.subject.spec().columns.iter().enumerate();
    let items = columns.map(|(at, column)| {
        let now = listing.sort.filter(|sort| sort.column == at);
        let about = match now {
            Some(sort) if sort.falling => "greatest first now; enter turns it around",
            Some(_) => "least first now; enter turns it around",
            None => "order by this column",
        };
        let name = column.title.to_lowercase();
        Item { target: Target::Column(at), name, about: about.to_owned(), keys: String::new(), disabled: None }
    });
    Some(Picker { kind: PickerKind::Sort, query: Line::default(), items: items.collect(), cursor: 0 })
}

fn action(state: &State, action: Action) -> Option<Item> {
    let info = action.info();
    let keys = keymap::keys_of(state.scopes(), action);
    if keys.is_empty() || matches!(action, Action::Palette) {
        return None;
    }
    Some(Item {
        target: Target::Action(action),
        name: info.name.to_owned(),
        about: info.help.to_owned(),
        keys: keys.iter().map(|key| key.replace(' ', "")).collect::<Vec<_>>().join(" "),
        disabled: can(state, action).err(),
    })
}
