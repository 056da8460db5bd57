//! Owns the terminal and the channels: takes what comes in, lets `update` change the state, executes effects, draws.
//!
//! It draws only when something changed: after a key as soon as no other key waits, else no oftener than the link to the
//! terminal bears. So a line that is slow, or stands still for a while, gets the newest picture and not each one that was
//! missed. Where nothing that is visible changes with time there is no timer.

use std::collections::VecDeque;
use std::time::Duration;

use chrono::{DateTime, Utc};
use crossterm::event::{Event as Input, EventStream};
use futures_util::StreamExt as _;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use super::clipboard::osc52;
use super::effect::{Effect, Purpose};
use super::effects::Server;
use super::event::{Answer, Event};
use super::options::{Surroundings, TuiError, TuiOptions};
use super::session;
use super::state::session::Session;
use super::state::toast::Tone;
use super::state::{Place, State};
use super::terminal::Screen;
use super::update::{self, update};
use super::view::Theme;
use crate::client::Client;

/// Shortest time between frames that no key asked for.
const FRAME_LOCAL: Duration = Duration::from_millis(33);
const FRAME_SSH: Duration = Duration::from_millis(100);
/// Keys that may wait for the screen.
const KEYS: usize = 64;

/// Runs the TUI until the user leaves, or the process is told to end.
///
/// # Errors
///
/// When there is no terminal, it breaks, or the server's address or token can't be used. A server that can't be reached is
/// no error: the screen says so, and connects again for ever.
pub async fn run(options: TuiOptions) -> Result<(), TuiError> {
    let surroundings = Surroundings::detect(options.environment);
    let client = Client::new(&options.client)?;
    let mut screen = Screen::enter()?;
    if let Some(path) = &options.record {
        screen.record(path).map_err(|error| TuiError::Record(path.clone(), error))?;
    }
    Runner::new(options, surroundings, client, screen)?.run().await
}

struct Runner {
    options: TuiOptions,
    surroundings: Surroundings,
    theme: Theme,
    screen: Screen,
    server: Server,
    state: State,
    keys: Keys,
    frame_at: Instant,
}

/// What the runner waited for.
enum Next {
    /// The terminal is gone, or the process was told to end.
    Leave,
    /// The user did something.
    Input(Event),
    /// The server said something.
    Server(Event),
    /// A frame is due, or something that is visible changes with time.
    Due,
}

impl Runner {
    fn new(options: TuiOptions, surroundings: Surroundings, client: Client, screen: Screen) -> Result<Self, TuiError> {
        let place = options.place(&client);
        let theme = Theme {
            colors: options.colors.unwrap_or(surroundings.colors),
            ascii: options.ascii.unwrap_or(surroundings.ascii),
            links: surroundings.links,
        };
        let mut state = State::new(options.clock.now(), screen.size()?, place);
        state.colors = theme.colors;
        let (server, keys) = (Server::connect(client), Keys::read());
        Ok(Self { options, surroundings, theme, screen, server, state, keys, frame_at: Instant::now() })
    }

    async fn run(mut self) -> Result<(), TuiError> {
        let (mut terminate, mut hang_up) = (signal(SignalKind::terminate())?, signal(SignalKind::hangup())?);
        let mut effects = update::start(&mut self.state);
        let kept = self.kept();
        if let Some(kept) = &kept {
            self.state.views.clone_from(&kept.views);
        }
        if let Some(id) = self.options.start {
            effects.extend(update::open(&mut self.state, id));
        } else if let Some(kept) = kept.filter(|_| self.options.restore) {
            effects.extend(update::restore(&mut self.state, &kept));
        }
        self.draw()?;
        loop {
            let mut waiting: VecDeque<Effect> = effects.into();
            while let Some(effect) = waiting.pop_front() {
                waiting.extend(self.execute(effect).await?);
            }
            if self.state.quitting {
                self.keep();
                return Ok(());
            }
            let wakeup = self.wakeup();
            let next = tokio::select! {
                biased;
                () = told(&mut terminate, &mut hang_up) => Next::Leave,
                input = self.keys.next() => input.map_or(Next::Leave, Next::Input),
                event = self.server.next() => Next::Server(event),
                () = at(wakeup) => Next::Due,
            };
            effects = match next {
                Next::Leave => {
                    self.keep();
                    return Ok(());
                }
                Next::Input(event) => self.handle(event, true)?,
                Next::Server(event) => self.handle(event, false)?,
                Next::Due => self.wake()?,
            };
        }
    }

    /// What a session is kept under.
    fn place(&self) -> String {
        format!("{} {}", self.options.client.server, self.options.client.workspace.as_deref().unwrap_or("-"))
    }

    /// The session that was kept.
    fn kept(&self) -> Option<Session> {
        session::load(self.options.session.as_ref()?, &self.place())
    }

    /// Keeps what is on screen for the next time. That it can't be kept is no reason not to leave.
    fn keep(&self) {
        if let Some(path) = &self.options.session
            && let Err(error) = session::save(path, &self.place(), Session::of(&self.state))
        {
            tracing::warn!(%error, path = %path.display(), "the session was not kept");
        }
    }

    /// Lets an event change the state, and draws if it is time to.
    fn handle(&mut self, event: Event, urgent: bool) -> Result<Vec<Effect>, TuiError> {
        if let Event::Resize(columns, rows) = event {
            self.screen.resized((columns, rows));
        }
        let effects = update(&mut self.state, self.options.clock.now(), event);
        if self.state.dirty && (urgent && !self.keys.has_more() || Instant::now() >= self.frame_at) {
            self.draw()?;
        }
        Ok(effects)
    }

    /// A frame was due, or something that is visible changed with time.
    fn wake(&mut self) -> Result<Vec<Effect>, TuiError> {
        if self.state.dirty {
            self.draw()?;
            return Ok(Vec::new());
        }
        self.handle(Event::Tick, true)
    }

    fn draw(&mut self) -> Result<(), TuiError> {
        let begun = Instant::now();
        self.screen.draw(&self.state, self.theme)?;
        // A full line makes writing wait: it gets as long a rest as it needed.
        let rest = begun.elapsed();
        self.state.dirty = false;
        if let Some(why) = self.screen.tape_failed() {
            self.state.toasts.push(self.state.now, Tone::Bad, why);
            self.state.dirty = true;
        }
        let least = if self.surroundings.ssh { FRAME_SSH } else { FRAME_LOCAL };
        self.frame_at = Instant::now() + least.max(rest);
        Ok(())
    }

    /// When to draw next without an event, if at all.
    fn wakeup(&self) -> Option<Instant> {
        if self.state.dirty {
            return Some(self.frame_at);
        }
        let due: DateTime<Utc> = self.state.next_change()?;
        let wait = (due - self.options.clock.now()).to_std().unwrap_or_default();
        Some(Instant::now() + wait)
    }

    /// Executes `effect`; gives those that follow from it.
    async fn execute(&mut self, effect: Effect) -> Result<Vec<Effect>, TuiError> {
        match self.server.execute(effect) {
            Some(Effect::Copy { what, text }) => {
                let copied = match osc52(&text, self.surroundings.tmux) {
                    Ok(sequence) => {
                        self.screen.write(&sequence)?;
                        Ok(what.to_owned())
                    }
                    Err(why) => Err(why),
                };
                self.handle(Event::Answer(Answer::Copied(copied)), true)?;
            }
            Some(Effect::CaptureMouse(capture)) => self.screen.capture_mouse(capture)?,
            Some(Effect::Colors(colors)) => {
                self.theme.colors = colors;
                self.screen.redraw()?;
                self.draw()?;
            }
            Some(Effect::Edit { purpose, text }) => return self.edit(purpose, text).await,
            Some(Effect::Redraw) => {
                self.screen.redraw()?;
                self.draw()?;
            }
            Some(Effect::Suspend) => self.suspend().await?,
            Some(Effect::Workspace(workspace)) => return self.visit(workspace),
            _ => {}
        }
        Ok(Vec::new())
    }

    /// Goes to another workspace: what is known is of the present one, so everything begins anew there.
    fn visit(&mut self, workspace: String) -> Result<Vec<Effect>, TuiError> {
        self.keep();
        self.options.client.workspace = Some(workspace.clone());
        let place = Place { workspace, ..self.state.place.clone() };
        let mut state = State::new(self.options.clock.now(), self.state.size, place);
        (state.colors, state.mouse) = (self.state.colors, self.state.mouse);
        self.server = Server::connect(Client::new(&self.options.client)?);
        self.state = state;
        let mut effects = update::start(&mut self.state);
        if let Some(kept) = self.kept() {
            self.state.views.clone_from(&kept.views);
            effects.extend(update::restore(&mut self.state, &kept));
        }
        self.draw()?;
        Ok(effects)
    }

    /// Gives the terminal to the user's editor. Streams are read meanwhile by their own tasks.
    async fn edit(&mut self, purpose: Purpose, text: String) -> Result<Vec<Effect>, TuiError> {
        self.keys.stop().await;
        Screen::leave();
        let (editor, suffix, before) = (self.options.editor, purpose.suffix(), text.clone());
        let edited = tokio::task::spawn_blocking(move || editor(&text, suffix)).await;
        self.screen.take_back()?;
        self.keys = Keys::read();
        let result = match edited {
            Ok(Ok(after)) => Ok((after != before).then_some(after)),
            Ok(Err(why)) => Err(why),
            Err(_) => Err("the editor could not be waited for".to_owned()),
        };
        let (columns, rows) = self.screen.size()?;
        let mut effects = self.handle(Event::Resize(columns, rows), true)?;
        effects.extend(self.handle(Event::Edited(purpose, result), true)?);
        Ok(effects)
    }

    /// Nobody may read keys while the shell has the terminal: the reader is ended, and made anew afterwards.
    async fn suspend(&mut self) -> Result<(), TuiError> {
        self.keys.stop().await;
        self.screen.suspend()?;
        self.keys = Keys::read();
        let (columns, rows) = self.screen.size()?;
        self.handle(Event::Resize(columns, rows), true)?;
        Ok(())
    }
}

/// Waits for the process to be told to end: by `kill`, or because the SSH connection is gone.
async fn told(terminate: &mut Signal, hang_up: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = hang_up.recv() => {}
    }
}

async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}

/// Reads keys, mouse and size in a task of its own.
struct Keys {
    task: JoinHandle<()>,
    events: mpsc::Receiver<Event>,
}

impl Keys {
    fn read() -> Self {
        let (sender, events) = mpsc::channel(KEYS);
        let task = tokio::spawn(async move {
            let mut stream = EventStream::new();
            while let Some(Ok(input)) = stream.next().await {
                if let Some(event) = event(input)
                    && sender.send(event).await.is_err()
                {
                    return;
                }
            }
        });
        Self { task, events }
    }

    /// The next input; `None` when the terminal is gone.
    async fn next(&mut self) -> Option<Event> {
        self.events.recv().await
    }

    /// Whether more input has come already.
    fn has_more(&self) -> bool {
        !self.events.is_empty()
    }

    async fn stop(&mut self) {
        self.task.abort();
        // Ended is ended, by whatever means.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn event(input: Input) -> Option<Event> {
    match input {
        Input::Key(key) => Some(Event::Key(key)),
        Input::Mouse(mouse) => Some(Event::Mouse(mouse)),
        Input::Paste(text) => Some(Event::Paste(text)),
        Input::Resize(columns, rows) => Some(Event::Resize(columns, rows)),
        Input::FocusGained | Input::FocusLost => None,
    }
}
