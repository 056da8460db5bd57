//! What lists have in common: marks, filters, holding new rows, an order.

use crate::app::action::Action;
use crate::app::effect::Effect;
use crate::app::state::filter::Filter;
use crate::app::state::list::List;
use crate::app::state::listing::{Sort, Subject, WHOLE};
use crate::app::state::{Screen, State};

/// Changes marks.
pub fn mark(state: &mut State, action: Action) {
    match state.screen_mut() {
        Screen::Executions(screen) => {
            mark_in(&mut screen.list, action);
            // What is marked must not move away: new rows wait.
            screen.hold();
        }
        Screen::Workflows(screen) => mark_in(&mut screen.list, action),
        Screen::Listing(listing) => mark_in(&mut listing.list, action),
        _ => {}
    }
    state.refresh();
}

fn mark_in<K: Clone + Ord>(list: &mut List<K>, action: Action) {
    match action {
        Action::Mark => {
            list.toggle_mark();
            list.move_by(1);
        }
        Action::MarkRange => list.mark_range(),
        Action::MarkAll => list.mark_all(),
        _ => {
            list.unmark();
        }
    }
}

/// Takes all marks away; whether there were any.
pub fn unmark(state: &mut State) -> bool {
    match state.screen_mut() {
        Screen::Executions(screen) => screen.list.unmark(),
        Screen::Workflows(screen) => screen.list.unmark(),
        Screen::Listing(listing) => listing.list.unmark(),
        _ => false,
    }
}

/// Follows new rows, or holds them.
pub fn follow(state: &mut State) {
    let (now, store) = (state.now, std::mem::take(&mut state.store));
    if let Screen::Executions(screen) = state.screen_mut() {
        if screen.follows() {
            screen.hold();
        } else {
            screen.follow(&store, now);
        }
    }
    state.store = store;
}

/// Shows failures only, or everything again.
pub fn failures(state: &mut State) -> Vec<Effect> {
    let wanted = match state.screen() {
        Screen::Executions(screen) if screen.filter == Filter::failures() => Filter::default(),
        _ => Filter::failures(),
    };
    set_filter(state, wanted);
    ask_server(state)
}

/// Shows other rows of the executions list.
pub fn set_filter(state: &mut State, filter: Filter) {
    let (now, store) = (state.now, std::mem::take(&mut state.store));
    if let Screen::Executions(screen) = state.screen_mut() {
        screen.set_filter(filter, &store, now);
    }
    state.store = store;
    state.refresh();
}

/// Applies the filter `text` to the list on screen; the error says what would be right.
pub fn apply_filter(state: &mut State, text: &str) -> Result<(), String> {
    match state.screen_mut() {
        Screen::Workflows(screen) => text.clone_into(&mut screen.filter),
        Screen::Listing(listing) => listing.set_filter(text)?,
        Screen::Executions(_) => set_filter(state, Filter::parse(text)?),
        _ => {}
    }
    state.refresh();
    Ok(())
}

/// Shows the audit log of the whole organization, or of this workspace again.
pub fn whole(state: &mut State) -> Vec<Effect> {
    let Some(filter) = state.screen().filter() else { return Vec::new() };
    let left: Vec<&str> = filter.split_whitespace().filter(|term| *term != WHOLE).collect();
    let is_whole = filter.split_whitespace().any(|term| term == WHOLE);
    let text = left.into_iter().chain((!is_whole).then_some(WHOLE)).collect::<Vec<_>>().join(" ");
    // A filter that was understood is understood with a term more or less.
    let applied = apply_filter(state, &text);
    debug_assert!(applied.is_ok(), "{text}");
    ask_server(state)
}

/// Asks the server for the newest rows that pass the filter: those that are loaded may not reach back far enough.
pub fn ask_server(state: &mut State) -> Vec<Effect> {
    if let Screen::Listing(listing) = state.screen()
        && matches!(listing.subject, Subject::Audit(_))
    {
        return vec![Effect::Read(listing.subject.query())];
    }
    let nothing_older = state.store.older.is_none();
    let Screen::Executions(screen) = state.screen_mut() else { return Vec::new() };
    let Some(wanted) = screen.filter.wanted().filter(|_| !nothing_older) else { return Vec::new() };
    screen.server.loading = true;
    vec![Effect::LoadFiltered { filter: screen.filter.text().to_owned(), wanted, cursor: None }]
}

/// Orders a listing by a column; the same column again turns the order around.
pub fn sort(state: &mut State, column: usize) {
    if let Screen::Listing(listing) = state.screen_mut() {
        let falling = match listing.sort {
            Some(sort) if sort.column == column => !sort.falling,
            _ => listing.subject.spec().columns.get(column).is_some_and(|column| column.right),
        };
        listing.sort = Some(Sort { column, falling });
    }
    state.refresh();
}
