//! What the TUI knows. Pure data: the present time arrives with the events.
//!
//! Start at [`State`]. One file per screen; what screens share (executions, workflows, links, messages) lies beside them.

mod can;
pub mod dashboard;
pub mod execution;
pub mod executions;
pub mod filter;
mod fold;
pub mod geometry;
pub mod graph;
pub mod json;
pub mod line;
pub mod link;
pub mod list;
pub mod load;
pub mod overlay;
mod screen;
pub mod store;
#[cfg(test)]
pub(crate) mod testing;
pub mod toast;
mod wakeup;
pub mod workflows;

use chrono::{DateTime, Utc};

pub use can::{approval, can, status};
pub use screen::{ROOTS, Root, Screen};

use self::link::Link;
use self::overlay::Overlay;
use self::store::Store;
use self::toast::Toasts;
use self::workflows::Catalogue;
use super::keymap::Scope;

/// Where we are connected to, and what we may do there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The server's host and port.
    pub host: String,
    /// The workspace's name in addresses; empty until it is known.
    pub workspace: String,
    /// Whether everything that changes the server is off.
    pub readonly: bool,
}

/// Everything that the TUI knows.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// The time of the newest event.
    pub now: DateTime<Utc>,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// Where we are connected to.
    pub place: Place,
    /// The workspace feed.
    pub link: Link,
    /// The executions that are loaded.
    pub store: Store,
    /// The workflows that are loaded.
    pub catalogue: Catalogue,
    root: Screen,
    above: Vec<Screen>,
    /// What lies over the screen.
    pub overlay: Option<Overlay>,
    /// Messages.
    pub toasts: Toasts,
    /// The strokes of a sequence that is not complete.
    pub pending: String,
    /// Whether the mouse is ours.
    pub mouse: bool,
    /// Whether something that is visible changed since the last frame.
    pub dirty: bool,
    /// Whether the user wants to leave.
    pub quitting: bool,
}

impl State {
    /// A state that shows the dashboard and knows nothing yet.
    pub fn new(now: DateTime<Utc>, size: (u16, u16), place: Place) -> Self {
        Self {
            now,
            size,
            place,
            link: Link::default(),
            store: Store::default(),
            catalogue: Catalogue::default(),
            root: Root::Dashboard.screen(),
            above: Vec::new(),
            overlay: None,
            toasts: Toasts::default(),
            pending: String::new(),
            mouse: true,
            dirty: true,
            quitting: false,
        }
    }

    /// The screens, the root first.
    pub fn screens(&self) -> impl Iterator<Item = &Screen> {
        std::iter::once(&self.root).chain(&self.above)
    }

    /// Whether the screen on top is the root.
    pub fn at_root(&self) -> bool {
        self.above.is_empty()
    }

    /// The screen on top.
    pub fn screen(&self) -> &Screen {
        self.above.last().unwrap_or(&self.root)
    }

    /// The screen on top.
    pub fn screen_mut(&mut self) -> &mut Screen {
        self.above.last_mut().unwrap_or(&mut self.root)
    }

    /// The execution on top, if one is.
    pub fn open_execution(&mut self) -> Option<&mut execution::Execution> {
        self.above.iter_mut().rev().find_map(|screen| match screen {
            Screen::Execution(open) => Some(&mut **open),
            _ => None,
        })
    }

    /// Puts a screen on top.
    pub fn push(&mut self, screen: Screen) {
        self.above.push(screen);
        self.refresh();
    }

    /// Takes the top screen away; the root stays.
    pub fn pop(&mut self) -> Option<Screen> {
        let popped = self.above.pop();
        self.refresh();
        popped
    }

    /// Shows a root screen, and nothing above it.
    pub fn show_root(&mut self, screen: Screen) {
        self.root = screen;
        self.above.clear();
        self.refresh();
    }

    /// Where keys are looked up, the nearest scope first.
    pub fn scopes(&self) -> &'static [Scope] {
        match self.screen() {
            Screen::Dashboard(_) => &[Scope::Dashboard, Scope::Root, Scope::Global],
            Screen::Executions(_) => &[Scope::Executions, Scope::Root, Scope::Global],
            Screen::Workflows(_) => &[Scope::Workflows, Scope::Root, Scope::Global],
            Screen::Execution(_) => &[Scope::Execution, Scope::Global],
        }
    }

    /// Lets the visible screen take over what store and catalogue have.
    pub fn refresh(&mut self) {
        let body = geometry::frame(self.size).body;
        match self.above.last_mut().unwrap_or(&mut self.root) {
            Screen::Dashboard(screen) => screen.refresh(&self.store, self.now, geometry::dashboard_room(body)),
            Screen::Executions(screen) => {
                screen.refresh(&self.store, self.now);
                screen.list.reveal(usize::from(geometry::executions_rows(body, screen.held > 0).height));
            }
            Screen::Workflows(screen) => {
                screen.refresh(&self.catalogue);
                screen.list.reveal(usize::from(geometry::workflows_rows(body).height));
            }
            Screen::Execution(screen) => {
                let area = geometry::execution(body, screen.nodes.keys().len(), screen.zoom);
                screen.nodes.reveal(usize::from(geometry::steps_rows(&area).height));
            }
        }
    }

    /// The link that the header speaks of: that of the open execution until it has ended, else the feed.
    pub fn shown_link(&self) -> &Link {
        match self.screen() {
            Screen::Execution(open) if open.link.health(self.now) != link::Health::Ended => &open.link,
            _ => &self.link,
        }
    }
}
