//! What is around every screen: header, crumbs, message, hints.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;
use unicode_width::UnicodeWidthStr as _;

use super::pane::{plain, put, put_right, span};
use super::text;
use super::theme::{Theme, Token};
use crate::app::action::Action;
use crate::app::keymap::{BINDINGS, keys_of};
use crate::app::state::geometry::{Frame, LEAST};
use crate::app::state::link::Health;
use crate::app::state::listing::EVERY;
use crate::app::state::load::Load;
use crate::app::state::toast::Tone;
use crate::app::state::{ROOTS, Screen, State};

/// No part of the crumbs is made shorter than this: the short id of an execution has as many columns.
const SHORTEST: usize = 8;

/// The state of the link in words, with a glyph.
fn health(state: &State, theme: Theme) -> Vec<Span<'static>> {
    let link = state.shown_link();
    let (token, words) = match link.health(state.now) {
        Health::Connecting => (Token::Muted, format!("{} CONNECTING", theme.pick("◌", "~"))),
        Health::Live | Health::Ended => (Token::Ok, format!("{} LIVE", theme.pick("●", "*"))),
        Health::Late(seconds) => (Token::Warn, format!("{} LATE {seconds}s", theme.pick("◐", "%"))),
        Health::Resync => (Token::Warn, format!("{} RESYNC", theme.pick("↻", "@"))),
        Health::Offline { age, retry, .. } => {
            let retry = if retry == 0 { "connecting".into() } else { format!("retry {retry}s") };
            (Token::Err, format!("{} OFFLINE {age}s {retry}", theme.pick("○", "o")))
        }
    };
    let mut spans = vec![span(theme, token, words)];
    if let (true, Some(last)) = (link.is_stale(state.now), link.last_frame()) {
        spans.push(span(theme, Token::Muted, format!("  as of {}", text::clock(last, state.now))));
    }
    spans
}

/// Product, server, workspace, state of the link.
pub fn header(buf: &mut Buffer, area: Rect, state: &State, theme: Theme) {
    let mut spans =
        vec![span(theme, Token::Accent, " tidemill"), plain("  "), span(theme, Token::Head, text::cut(&state.place.host, 32))];
    spans.push(plain("  "));
    spans.push(plain(text::cut(&state.place.workspace, 24)));
    if state.place.protected.is_some() {
        spans.push(span(theme, Token::Err, theme.pick("  ▲PROTECTED", "  !PROTECTED")));
    }
    if state.place.readonly {
        spans.push(span(theme, Token::Warn, "  read-only"));
    }
    put(buf, area, 0, spans);
    let mut right = vec![plain("  ")];
    right.extend(health(state, theme));
    right.push(plain(" "));
    put_right(buf, area, 0, right);
}

/// Where we are, what is special about it, and the line below.
pub fn crumbs(buf: &mut Buffer, areas: &Frame, state: &State, theme: Theme) {
    let arrow = theme.pick(" › ", " > ");
    let aside = aside(state);
    let room = usize::from(areas.crumbs.width).saturating_sub(aside.chars().count() + 5);
    let mut spans = vec![plain(" ")];
    for (at, (token, part)) in way(state, room).into_iter().enumerate() {
        if at > 0 {
            spans.push(span(theme, Token::Muted, arrow));
        }
        spans.push(span(theme, token, part));
    }
    if let Some(filter) = state.screen().filter().filter(|filter| !filter.is_empty()) {
        spans.push(span(theme, Token::Warn, format!("  /{}", text::cut(filter, 60))));
    }
    if state.screen().marked() > 0 {
        spans.push(span(theme, Token::Accent, format!("  {} marked", text::number(state.screen().marked()))));
    }
    put(buf, areas.crumbs, 0, spans);
    put_right(buf, areas.crumbs, 0, vec![plain("  "), span(theme, Token::Muted, aside), plain(" ")]);
    let rule = theme.pick("─", "-").repeat(usize::from(areas.rule.width));
    put(buf, areas.rule, 0, vec![span(theme, Token::Muted, rule)]);
}

/// The screens that lead here, the last one bright. What is too long for `room` columns gives way, the longest names first: an id is
/// seldom one of these.
fn way(state: &State, room: usize) -> Vec<(Token, String)> {
    let top = state.screens().count();
    let mut parts: Vec<(Token, String)> = Vec::new();
    for (at, screen) in (1..).zip(state.screens()) {
        let token = if at == top { Token::Head } else { Token::Muted };
        parts.extend(screen.crumb().split(" › ").map(|part| (token, text::cut(part, 48))));
    }
    let arrows = 3 * parts.len().saturating_sub(1);
    let taken = |parts: &[(Token, String)]| arrows + parts.iter().map(|(_, part)| part.width()).sum::<usize>();
    loop {
        let over = taken(&parts).saturating_sub(room);
        let longest = parts.iter_mut().max_by_key(|(_, part)| part.width());
        let Some((_, part)) = longest.filter(|(_, part)| over > 0 && part.width() > SHORTEST) else { return parts };
        *part = text::cut(part, part.width().saturating_sub(over).max(SHORTEST));
    }
}

/// What stands to the right of the crumbs: how much of it is shown.
fn aside(state: &State) -> String {
    let loaded = text::number(state.store.len());
    let more = if state.store.older.is_some() { ", older on the server" } else { "" };
    match state.screen() {
        Screen::Dashboard(_) | Screen::Executions(_) if state.store.is_empty() && state.store.load != Load::Ready => {
            "not read yet".to_owned()
        }
        Screen::Dashboard(_) => format!("{loaded} executions loaded"),
        Screen::Executions(screen) if screen.filter.is_empty() => format!("{loaded} loaded{more}"),
        Screen::Executions(screen) => {
            format!("{} of {loaded} loaded{more}", text::number(screen.list.keys().len() + screen.held))
        }
        Screen::Workflows(_) if state.catalogue.load != Load::Ready => "not read yet".to_owned(),
        Screen::Workflows(screen) => {
            let all = text::number(state.catalogue.items.len());
            let more = if state.catalogue.truncated { ", more on the server" } else { "" };
            format!("{} of {all}{more}", text::number(screen.list.keys().len()))
        }
        Screen::Listing(listing) => {
            let (shown, all) = (listing.list.keys().len(), listing.entries().len());
            if all == 0 && listing.load != Load::Ready {
                return "not read yet".to_owned();
            }
            let count =
                if shown == all { text::number(all) } else { format!("{} of {}", text::number(shown), text::number(all)) };
            format!("{count}, read every {} s", EVERY.num_seconds())
        }
        Screen::Workflow(open) if open.draft.is_some() => "DRAFT, not applied".to_owned(),
        Screen::Workflow(open) => open.detail.as_ref().map_or_else(String::new, |detail| {
            let active = state.catalogue.get(&open.id).and_then(|workflow| workflow.active_version);
            let active = active.map_or_else(|| "not active".to_owned(), |version| format!("version {version} active"));
            format!("{active}, newest {}", detail.workflow.version)
        }),
        Screen::Code(_) => "nothing is kept".to_owned(),
        Screen::Settings(_) => "of this terminal, and of who asks".to_owned(),
        Screen::Execution(open) => format!("event {}", open.detail.as_ref().map_or(0, |detail| detail.execution.last_seq)),
    }
}

/// The newest message.
pub fn message(buf: &mut Buffer, area: Rect, state: &State, theme: Theme) {
    if !state.batch.is_over() && state.batch.total > 1 {
        let words = format!(" {} {}", theme.pick("…", "~"), state.batch.text());
        return put(buf, area, 0, vec![span(theme, Token::Run, words)]);
    }
    let toast = state.toasts.current(state.now);
    let (token, glyph, words) = match (toast, state.shown_link().health(state.now)) {
        (Some(toast), _) => match toast.tone {
            Tone::Good => (Token::Ok, theme.pick("✓", "+"), toast.text.clone()),
            Tone::Plain => (Token::Accent, theme.pick("•", "-"), toast.text.clone()),
            Tone::Bad => (Token::Err, "!", toast.text.clone()),
        },
        (None, Health::Offline { reason, .. }) => (Token::Err, "!", format!("{reason}; ^r tries now")),
        _ => return,
    };
    let words = text::cut(&words, usize::from(area.width.saturating_sub(4)));
    put(buf, area, 0, vec![span(theme, token, format!(" {glyph} ")), plain(words)]);
}

/// The keys that are most useful here; after a prefix, the keys that complete it.
pub fn hints(buf: &mut Buffer, area: Rect, state: &State, theme: Theme) {
    let pairs = if state.pending.is_empty() { useful(state) } else { completions(state) };
    let mut spans = vec![plain(" ")];
    let mut used = 1;
    let room = usize::from(area.width).saturating_sub(8);
    for (key, label) in pairs {
        let width = key.chars().count() + label.chars().count() + 3;
        if used + width > room {
            break;
        }
        used += width;
        spans.push(span(theme, Token::Accent, key));
        spans.push(span(theme, Token::Muted, format!(" {label}  ")));
    }
    put(buf, area, 0, spans);
    put_right(buf, area, 0, vec![span(theme, Token::Accent, "?"), span(theme, Token::Muted, " help ")]);
}

fn useful(state: &State) -> Vec<(String, String)> {
    let actions: &[Action] = match state.screen() {
        Screen::Dashboard(_) => &[Action::Open, Action::NextFailure, Action::Cancel],
        Screen::Executions(screen) if screen.list.marked() > 0 => {
            &[Action::Cancel, Action::Retry, Action::Pause, Action::MarkAll, Action::Unmark]
        }
        Screen::Executions(_) => {
            &[Action::Open, Action::Filter, Action::Failures, Action::Mark, Action::Cancel, Action::Retry, Action::Views]
        }
        Screen::Execution(_) => &[
            Action::NextPane,
            Action::TabRight,
            Action::Zoom,
            Action::Cancel,
            Action::NextFailure,
            Action::YankJson,
            Action::Back,
        ],
        Screen::Workflows(screen) if screen.list.marked() > 0 => {
            &[Action::Switch, Action::Remove, Action::MarkAll, Action::Unmark]
        }
        Screen::Workflows(_) => &[Action::Open, Action::Start, Action::Switch, Action::New, Action::Filter],
        Screen::Workflow(_) => &[Action::Start, Action::Edit, Action::Switch, Action::TabRight, Action::Remove, Action::Back],
        Screen::Listing(listing) => listing.subject.spec().hints,
        Screen::Code(_) => &[Action::Execute, Action::Edit, Action::EditInput, Action::Language],
        Screen::Settings(_) => &[Action::Open, Action::Theme, Action::Mouse, Action::YankId, Action::Messages],
    };
    let key = |action: Action| keys_of(state.scopes(), action).first().map_or_else(String::new, |key| key.replace(' ', ""));
    let label = |action: Action| match action {
        Action::Switch => "(de)activate".to_owned(),
        Action::TabRight => "tab".to_owned(),
        other => other.info().name.to_owned(),
    };
    let mut pairs: Vec<(String, String)> = Vec::new();
    if matches!(state.screen(), Screen::Dashboard(_)) {
        pairs.extend(ROOTS.iter().map(|(root, _, name)| (key(Action::Go(*root)), (*name).to_owned())));
    }
    pairs.extend(actions.iter().map(|action| (key(*action), label(*action))));
    pairs.push((":".into(), "palette".into()));
    pairs
}

/// The keys that complete the sequence that was begun, and what they mean.
pub fn completions(state: &State) -> Vec<(String, String)> {
    let prefix = format!("{} ", state.pending);
    let here = BINDINGS.iter().filter(|binding| state.scopes().contains(&binding.scope));
    let of = |binding: &crate::app::keymap::Binding| {
        let rest = binding.keys.iter().find_map(|key| key.strip_prefix(prefix.as_str()))?;
        Some((format!("{}{rest}", state.pending), binding.action.info().name.to_owned()))
    };
    here.filter_map(of).collect()
}

/// What is shown when nothing else fits: still the state of the link and what is under way.
pub fn too_small(buf: &mut Buffer, state: &State, theme: Theme) {
    let area = *buf.area();
    let (columns, rows) = state.size;
    put(
        buf,
        area,
        0,
        vec![span(theme, Token::Warn, format!("terminal too small: {columns}x{rows}, need {}x{}", LEAST.0, LEAST.1))],
    );
    put(buf, area, 1, health(state, theme));
    let active = state.store.newest_first().filter(|row| !row.status.is_terminal()).count();
    put(buf, area, 2, vec![plain(format!("{} under way, {} loaded", text::number(active), text::number(state.store.len())))]);
}
