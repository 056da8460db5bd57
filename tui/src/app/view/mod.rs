//! What the state looks like: pure. One file per screen; what screens share (header, hints, panes without data) lies beside
//! them. Nothing here decides anything.

mod aside;
mod chrome;
mod code;
mod dashboard;
mod execution;
mod executions;
mod form;
mod health;
mod json;
mod link;
mod listing;
mod overlay;
mod pane;
mod prefix;
mod settings;
mod source;
mod steps;
#[cfg(test)]
mod tests;
mod text;
mod theme;
mod workflow;
mod workflows;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::style::{Modifier, Style};

pub use theme::{Colors, Theme};

use super::state::{Screen, State, geometry};

/// Draws the whole screen.
pub fn draw(frame: &mut Frame, state: &State, theme: Theme) {
    let area = frame.area();
    let buf = frame.buffer_mut();
    paint(buf, state, theme);
    if theme.ascii {
        to_ascii(buf);
    }
    debug_assert_eq!((area.width, area.height), state.size, "the state knows the terminal's size");
}

/// Whatever the data brought: a terminal that shows ASCII only gets nothing else.
fn to_ascii(buf: &mut Buffer) {
    for cell in buf.content.iter_mut().filter(|cell| !cell.symbol().is_ascii()) {
        let plain = match cell.symbol() {
            "…" => "~",
            "“" | "”" => "\"",
            "→" => ">",
            _ => "?",
        };
        cell.set_symbol(plain);
    }
}

fn paint(buf: &mut Buffer, state: &State, theme: Theme) {
    if geometry::too_small(state.size) {
        chrome::too_small(buf, state, theme);
        return;
    }
    let areas = geometry::frame(state.size);
    chrome::header(buf, areas.header, state, theme);
    chrome::crumbs(buf, &areas, state, theme);
    match state.screen() {
        Screen::Dashboard(screen) => dashboard::draw(buf, areas.body, state, screen, theme),
        Screen::Executions(screen) => executions::draw(buf, areas.body, state, screen, theme),
        Screen::Execution(open) => execution::draw(buf, areas.body, state, open, theme),
        Screen::Workflows(screen) => workflows::draw(buf, areas.body, state, screen, theme),
        Screen::Workflow(open) => workflow::draw(buf, areas.body, state, open, theme),
        Screen::Listing(listing) => listing::draw(buf, areas.body, state, listing, theme),
        Screen::Code(code) => code::draw(buf, areas.body, state, code, theme),
        Screen::Settings(screen) => settings::draw(buf, areas.body, state, screen, theme),
    }
    if state.shown_link().is_stale(state.now) {
        buf.set_style(areas.body, Style::new().add_modifier(Modifier::DIM));
    }
    chrome::message(buf, areas.message, state, theme);
    chrome::hints(buf, areas.hints, state, theme);
    prefix::draw(buf, &areas, state, theme);
    if let Some(open) = &state.overlay {
        overlay::draw(buf, &areas, state, open, theme);
    }
}
