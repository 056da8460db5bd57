//! What the TUI knows. Pure data: the present time arrives with the events.
//!
//! Start at [`State`]. One file per screen; what screens share (executions, workflows, links, messages) lies beside them.

pub mod access;
#[cfg(test)]
pub(crate) mod around;
mod awaited;
mod batch;
mod can;
pub mod code;
pub mod dashboard;
pub mod execution;
pub mod executions;
pub mod filter;
mod fold;
pub mod form;
pub mod geometry;
pub mod graph;
#[cfg(test)]
pub(crate) mod household;
pub mod json;
pub mod line;
pub mod link;
pub mod list;
pub mod listing;
pub mod load;
pub mod look;
pub mod overlay;
#[cfg(test)]
pub(crate) mod samples;
pub mod schema;
mod screen;
pub mod session;
pub mod settings;
pub mod store;
#[cfg(test)]
pub(crate) mod testing;
pub mod toast;
pub mod views;
mod wakeup;
pub mod workflow;
pub mod workflows;
mod yaml;

use chrono::{DateTime, Utc};
use tidemill_common::api::account::AccountView;
use tidemill_common::api::dead_letter::DeadLetterCause;
use tidemill_common::api::node::NodeList;

pub use awaited::{Decision, awaited};
pub use batch::Batch;
pub use can::{can, status};
pub use screen::{ROOTS, Root, Screen};

use self::link::Link;
use self::look::Colors;
use self::overlay::Overlay;
use self::store::Store;
use self::toast::Toasts;
use self::workflows::Catalogue;
use super::data::{PlanFacts, ServerFacts};
use super::keymap::Scope;
use super::order::Order;

/// Where we are connected to, and what we may do there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The server's host and port.
    pub host: String,
    /// The server's address.
    pub url: String,
    /// The workspace's name in addresses; empty until it is known.
    pub workspace: String,
    /// Whether everything that changes the server is off.
    pub readonly: bool,
    /// The name of the context, when everything that changes its server asks for it.
    pub protected: Option<String>,
    /// The name of the context, if one was chosen.
    pub context: Option<String>,
    /// The file that keeps the session, if one is kept.
    pub session: Option<String>,
}

impl Place {
    /// A whole address: one that begins with a slash is the server's.
    pub fn address(&self, address: &str) -> String {
        if address.starts_with('/') { format!("{}{address}", self.url.trim_end_matches('/')) } else { address.to_owned() }
    }
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
    /// What the server says about itself, once it is known.
    pub server: Option<ServerFacts>,
    /// The server processes, once they are known.
    pub nodes: Option<NodeList>,
    /// Who asks, once it is known.
    pub account: Option<AccountView>,
    /// What the plan allows and what is used, once it is known.
    pub plan: Option<PlanFacts>,
    /// The causes of open dead letters, once they are known.
    pub causes: Vec<DeadLetterCause>,
    /// Orders that are under way.
    pub batch: Batch,
    /// What takes the last change back, if something does.
    pub undo: Option<Order>,
    /// How many colours are drawn.
    pub colors: Colors,
    /// The views of the executions list that were given a name.
    pub views: Vec<views::View>,
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
            server: None,
            nodes: None,
            account: None,
            plan: None,
            causes: Vec::new(),
            batch: Batch::default(),
            undo: None,
            colors: Colors::Ansi16,
            views: Vec::new(),
            root: Root::Dashboard.screen(now),
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

    /// Whether a secret is on screen.
    pub fn shows_secret(&self) -> bool {
        matches!(&self.overlay, Some(Overlay::Note(note)) if note.secret)
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
        self.screen().scopes()
    }

    /// The listings, on top or below.
    pub fn listings(&mut self) -> impl Iterator<Item = &mut listing::Listing> {
        std::iter::once(&mut self.root).chain(&mut self.above).filter_map(|screen| match screen {
            Screen::Listing(listing) => Some(&mut **listing),
            _ => None,
        })
    }

    /// The workflow that is open, if one is.
    pub fn open_workflow(&mut self) -> Option<&mut workflow::Workflow> {
        self.above.iter_mut().rev().find_map(|screen| match screen {
            Screen::Workflow(open) => Some(&mut **open),
            _ => None,
        })
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
            Screen::Listing(screen) => {
                screen.refresh();
                screen.list.reveal(usize::from(geometry::listing_rows(body, screen.above()).height));
            }
            Screen::Settings(screen) => {
                screen.refresh();
                screen.list.reveal(usize::from(geometry::workflows_rows(body).height));
            }
            Screen::Workflow(screen) => {
                screen.refresh(&self.store);
                let height = usize::from(geometry::workflow(body).height);
                screen.execution_list.reveal(height);
                screen.version_list.reveal(height);
            }
            Screen::Code(_) => {}
            Screen::Execution(screen) => {
                let area = geometry::execution(body, screen.nodes.keys().len(), screen.zoom);
                screen.nodes.reveal(usize::from(geometry::steps_rows(&area).height));
                screen.reveal(usize::from(area.content.height));
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
