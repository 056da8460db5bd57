//! A picture of the screen without a terminal: it connects, reads what the screen shows, presses the keys that it is told, and draws
//! once. It changes nothing: keys may lead to a question, but no order is ever sent.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use tokio::time::{Instant, timeout};

use super::effect::Effect;
use super::effects::Server;
use super::event::Event;
use super::options::{TuiError, TuiOptions};
use super::state::State;
use super::state::link::Health;
use super::update::{self, update};
use super::view::{self, Colors, Theme};
use crate::client::Client;

/// A screen that is connected, has read everything and hears nothing for so long is complete.
const QUIET: Duration = Duration::from_millis(400);
/// After so long it is drawn as it is.
const LONGEST: Duration = Duration::from_secs(10);

/// What is drawn.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Columns and rows.
    pub size: (u16, u16),
    /// The keys that lead there: characters, and `<enter>`, `<esc>`, `<tab>`, `<down>` and the like.
    pub keys: Vec<KeyEvent>,
}

/// The keys in `text`.
///
/// # Errors
///
/// Names what is no key.
pub fn keys(text: &str) -> Result<Vec<KeyEvent>, String> {
    let (mut keys, mut rest) = (Vec::new(), text);
    while let Some(first) = rest.chars().next() {
        let (code, after) = match rest.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
            Some((name, after)) => (named(name).ok_or_else(|| format!("there is no key <{name}>"))?, after),
            None => (KeyCode::Char(first), &rest[first.len_utf8()..]),
        };
        keys.push(KeyEvent::new(code, KeyModifiers::NONE));
        rest = after;
    }
    Ok(keys)
}

fn named(name: &str) -> Option<KeyCode> {
    Some(match name {
        "enter" => KeyCode::Enter,
        "esc" => KeyCode::Esc,
        "tab" => KeyCode::Tab,
        "backtab" => KeyCode::BackTab,
        "space" => KeyCode::Char(' '),
        "up" => KeyCode::Up,
        "down" => KeyCode::Down,
        "left" => KeyCode::Left,
        "right" => KeyCode::Right,
        "home" => KeyCode::Home,
        "end" => KeyCode::End,
        "pgup" => KeyCode::PageUp,
        "pgdn" => KeyCode::PageDown,
        "lt" => KeyCode::Char('<'),
        _ => return None,
    })
}

/// Draws what a session with these options would show.
///
/// # Errors
///
/// When the server's address or the token can't be used. A server that can't be reached is no error: the picture says so.
pub async fn capture(options: TuiOptions, wanted: &Wanted) -> Result<Buffer, TuiError> {
    let mut session = Session::new(&options, wanted.size)?;
    let mut effects = update::start(&mut session.state);
    if let Some(id) = options.start {
        effects.extend(update::open(&mut session.state, id));
    }
    session.execute(effects);
    session.settle().await;
    for key in &wanted.keys {
        session.event(Event::Key(*key));
        session.settle().await;
    }
    let theme = Theme { colors: options.colors.unwrap_or(Colors::True), ascii: options.ascii == Some(true), links: false };
    let (columns, rows) = wanted.size;
    let Ok(mut terminal) = Terminal::new(TestBackend::new(columns, rows));
    let Ok(drawn) = terminal.draw(|frame| view::draw(frame, &session.state, theme));
    Ok(drawn.buffer.clone())
}

struct Session {
    state: State,
    server: Server,
    clock: std::sync::Arc<dyn tidemill_common::clock::Clock>,
}

impl Session {
    fn new(options: &TuiOptions, size: (u16, u16)) -> Result<Self, TuiError> {
        let client = Client::new(&options.client)?;
        let state = State::new(options.clock.now(), size, options.place(&client));
        Ok(Self { state, server: Server::connect(client), clock: options.clock.clone() })
    }

    fn event(&mut self, event: Event) {
        let effects = update(&mut self.state, self.clock.now(), event);
        self.execute(effects);
    }

    /// What is about a terminal has none here, and nothing is ordered.
    fn execute(&mut self, effects: Vec<Effect>) {
        for effect in effects.into_iter().filter(|effect| !matches!(effect, Effect::Send(_))) {
            let _about_the_terminal = self.server.execute(effect);
        }
    }

    /// Lets come what comes, until the screen is complete.
    async fn settle(&mut self) {
        let end = Instant::now() + LONGEST;
        while Instant::now() < end {
            match timeout(QUIET, self.server.next()).await {
                Ok(event) => self.event(event),
                Err(_) if self.is_complete() => return,
                Err(_) => self.event(Event::Tick),
            }
        }
    }

    fn is_complete(&self) -> bool {
        let connected = matches!(self.state.shown_link().health(self.state.now), Health::Live | Health::Ended);
        connected && !self.state.is_loading()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_characters_and_names() {
        let codes = |text| keys(text).unwrap().iter().map(|key| key.code).collect::<Vec<_>>();
        assert_eq!(codes("2j<enter><lt>"), [KeyCode::Char('2'), KeyCode::Char('j'), KeyCode::Enter, KeyCode::Char('<')]);
        assert_eq!(codes("a<b"), [KeyCode::Char('a'), KeyCode::Char('<'), KeyCode::Char('b')]);
        assert_eq!(keys("<return>").unwrap_err(), "there is no key <return>");
    }
}
