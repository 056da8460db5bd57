//! Views of the executions list: chosen, kept under a name, forgotten; its columns and its order.

use super::lists;
use crate::app::effect::Effect;
use crate::app::state::filter::Filter;
use crate::app::state::form::{Entry, Field, Form, Purpose};
use crate::app::state::line::Line;
use crate::app::state::overlay::{Item, Overlay, Picker, PickerKind, Target};
use crate::app::state::toast::Tone;
use crate::app::state::views::{Column, Look, Order, View};
use crate::app::state::{Screen, State};

/// Most views that are kept.
const MOST: usize = 50;

fn item(target: Target, name: &str, about: String) -> Item {
    Item { target, name: name.to_owned(), about, keys: String::new(), disabled: None }
}

fn picker(kind: PickerKind, items: Vec<Item>) -> Picker {
    Picker { kind, query: Line::default(), items, cursor: 0 }
}

fn look(state: &State) -> Option<&Look> {
    match state.screen() {
        Screen::Executions(screen) => Some(&screen.look),
        _ => None,
    }
}

/// What a look is, in a few words.
fn words(filter: &str, look: &Look) -> String {
    let columns = Column::ALL.into_iter().filter(|column| look.shows(*column)).map(Column::name).collect::<Vec<_>>();
    let filter = if filter.is_empty() { "everything".to_owned() } else { format!("/{filter}") };
    format!("{filter}, {}, with {}", look.order.name(), columns.join(" "))
}

/// The views that can be chosen, and that the present one can be kept.
pub fn pick(state: &State) -> Option<Picker> {
    let Screen::Executions(screen) = state.screen() else { return None };
    let plain = View { name: String::new(), filter: String::new(), look: Look::default() };
    let mut items = vec![item(Target::View(plain), "everything", "all executions, the newest first".into())];
    items.extend(state.views.iter().map(|view| item(Target::View(view.clone()), &view.name, words(&view.filter, &view.look))));
    let present = words(screen.filter.text(), &screen.look);
    items.push(item(Target::KeepView, "keep this view", present));
    let forget = |view: &View| {
        item(Target::ForgetView(view.name.clone()), &format!("forget {}", view.name), "it is gone at once".into())
    };
    items.extend(state.views.iter().map(forget));
    Some(picker(PickerKind::Views, items))
}

/// The columns, with what enter does to each.
pub fn columns(state: &State) -> Option<Picker> {
    let look = look(state)?;
    let about = |column: Column| if look.shows(column) { "shown: enter leaves it out" } else { "left out: enter shows it" };
    let items = Column::ALL.into_iter();
    Some(picker(
        PickerKind::Columns,
        items.map(|column| item(Target::Shown(column), column.name(), about(column).into())).collect(),
    ))
}

/// The orders.
pub fn orders(state: &State) -> Option<Picker> {
    let look = look(state)?;
    let about = |order: Order| if look.order == order { "as it is now" } else { "of the executions that are loaded" };
    let items = Order::ALL.into_iter();
    Some(picker(PickerKind::Sort, items.map(|order| item(Target::Order(order), order.name(), about(order).into())).collect()))
}

/// Shows a view.
pub fn show(state: &mut State, view: View) -> Vec<Effect> {
    let filter = Filter::parse(&view.filter).unwrap_or_default();
    if let Screen::Executions(screen) = state.screen_mut() {
        screen.look = view.look;
    }
    lists::set_filter(state, filter);
    lists::ask_server(state)
}

/// Leaves a column out, or takes it in again; the choice stays open for the next one.
pub fn turn(state: &mut State, column: Column, at: usize) {
    if let Screen::Executions(screen) = state.screen_mut() {
        screen.look.turn(column);
    }
    state.overlay = columns(state).map(|picker| Overlay::Picker(Picker { cursor: at, ..picker }));
}

/// Orders the rows.
pub fn order(state: &mut State, order: Order) {
    if let Screen::Executions(screen) = state.screen_mut() {
        screen.look.order = order;
    }
    state.refresh();
}

/// Asks for the name of the present view.
pub fn name(state: &mut State) {
    let Screen::Executions(screen) = state.screen() else { return };
    let note = words(screen.filter.text(), &screen.look);
    let field = Field::new("name", "", Entry::Text, "a view of this name is replaced");
    let form = Form::new("keep this view", Purpose::View, vec![field], state.now).notes([note]);
    state.overlay = Some(Overlay::Form(Box::new(form)));
}

/// Keeps the present view under `name`.
///
/// # Errors
///
/// Says what is wrong with the name.
pub fn save(state: &mut State, name: &str) -> Result<(), String> {
    let Screen::Executions(screen) = state.screen() else { return Ok(()) };
    if name.is_empty() {
        return Err("a view has a name".into());
    }
    let view = View { name: name.to_owned(), filter: screen.filter.text().to_owned(), look: screen.look.clone() };
    match state.views.iter().position(|other| other.name == name) {
        Some(at) => state.views[at] = view,
        None if state.views.len() >= MOST => return Err(format!("{MOST} views are kept already: forget one")),
        None => state.views.push(view),
    }
    let kept = if state.place.session.is_some() { "" } else { ", until this session ends" };
    state.toasts.push(state.now, Tone::Good, format!("the view {name} is kept{kept}; V chooses it"));
    Ok(())
}

/// Forgets the view called `name`.
pub fn forget(state: &mut State, name: &str) {
    state.views.retain(|view| view.name != name);
    state.toasts.push(state.now, Tone::Plain, format!("the view {name} is forgotten"));
}
