//! What is kept of a session: which screens, their filters and cursors. Never an action, never a value: nothing happens again
//! because a terminal was closed.

use serde::{Deserialize, Serialize};

use super::execution::Execution;
use super::filter::Filter;
use super::listing::{Listing, Subject};
use super::workflow::{Tab, Workflow};
use super::{Root, Screen, State};

/// A session.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The screens, the root first.
    pub screens: Vec<Saved>,
}

/// A screen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// The name of a root screen, or `execution`, `workflow`, `cause`, `steps`.
    pub screen: String,
    /// What it is about, if it is not a root screen.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub id: Option<String>,
    /// Its filter.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub filter: String,
    /// What the cursor was on.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cursor: Option<String>,
    /// The place of the open tab.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tab: Option<usize>,
}

impl Session {
    /// What there is to keep of `state`.
    pub fn of(state: &State) -> Self {
        Self { screens: state.screens().map(saved).collect() }
    }
}

fn saved(screen: &Screen) -> Saved {
    let filter = screen.filter().unwrap_or_default().to_owned();
    let root = |root: Root, cursor: Option<String>| Saved {
        screen: root.name().into(),
        filter: filter.clone(),
        cursor,
        ..Saved::default()
    };
    let above =
        |name: &str, id: &str| Saved { screen: name.into(), id: Some(id.into()), filter: filter.clone(), ..Saved::default() };
    match screen {
        Screen::Dashboard(_) => root(Root::Dashboard, None),
        Screen::Executions(screen) => root(Root::Executions, screen.list.selected().map(ToString::to_string)),
        Screen::Workflows(screen) => root(Root::Workflows, screen.list.selected().cloned()),
        Screen::Code(_) => root(Root::Code, None),
        Screen::Execution(open) => above("execution", &open.id.to_string()),
        Screen::Workflow(open) => {
            let tab = Tab::ALL.iter().position(|tab| *tab == open.tab);
            Saved { tab, ..above("workflow", &open.id) }
        }
        Screen::Listing(listing) => {
            let cursor = listing.list.selected().cloned();
            let of_root = |which| root(which, cursor.clone());
            match &listing.subject {
                Subject::Causes => of_root(Root::DeadLetters),
                Subject::Approvals => of_root(Root::Approvals),
                Subject::Triggers => of_root(Root::Triggers),
                Subject::Metrics => of_root(Root::Metrics),
                Subject::Server => of_root(Root::Server),
                Subject::Secrets => of_root(Root::Secrets),
                Subject::Tokens => of_root(Root::Tokens),
                Subject::DeadLetters(fingerprint) => Saved { cursor: cursor.clone(), ..above("cause", fingerprint) },
                Subject::Steps(workflow) => Saved { cursor: cursor.clone(), ..above("steps", workflow) },
            }
        }
    }
}

impl Saved {
    /// The screen, new, with its filter, and the cursor on what it was on as soon as that is there. `None` for one that this
    /// version does not know.
    pub fn screen(&self, now: chrono::DateTime<chrono::Utc>) -> Option<Screen> {
        let mut screen = match (self.screen.as_str(), &self.id) {
            ("execution", Some(id)) => Screen::Execution(Box::new(Execution::new(id.parse().ok()?))),
            ("workflow", Some(id)) => Screen::Workflow(Box::new(Workflow::new(id))),
            ("cause", Some(id)) => Screen::Listing(Box::new(Listing::new(Subject::DeadLetters(id.clone()), now))),
            ("steps", Some(id)) => Screen::Listing(Box::new(Listing::new(Subject::Steps(id.clone()), now))),
            (name, _) => Root::from_name(name)?.screen(now),
        };
        match &mut screen {
            Screen::Executions(screen) => {
                screen.filter = Filter::parse(&self.filter).unwrap_or_default();
                if let Some(id) = self.cursor.as_ref().and_then(|cursor| cursor.parse().ok()) {
                    screen.list.want(id);
                }
            }
            Screen::Workflows(screen) => {
                screen.filter.clone_from(&self.filter);
                screen.list.want(self.cursor.clone().unwrap_or_default());
            }
            Screen::Listing(listing) => {
                listing.filter.clone_from(&self.filter);
                listing.list.want(self.cursor.clone().unwrap_or_default());
            }
            Screen::Workflow(open) => {
                open.tab = self.tab.and_then(|at| Tab::ALL.get(at).copied()).unwrap_or_default();
                open.load.begin(now);
            }
            Screen::Execution(open) => open.load.begin(now),
            Screen::Dashboard(_) | Screen::Code(_) => {}
        }
        Some(screen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::state::{samples, testing};

    #[test]
    fn every_screen_comes_back() {
        for screen in samples::screens() {
            let kept = saved(&screen);
            let text = serde_json::to_string(&kept).unwrap();
            let again: Saved = serde_json::from_str(&text).unwrap();
            let restored = again.screen(testing::now()).unwrap_or_else(|| unreachable!("{text}"));
            assert_eq!((saved(&restored), restored.crumb()), (kept, screen.crumb()));
        }
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let saved =
            |screen: &str, id: Option<&str>| Saved { screen: screen.into(), id: id.map(str::to_owned), ..Saved::default() };
        assert!(saved("marketplace", None).screen(testing::now()).is_none());
        assert!(saved("execution", Some("no id")).screen(testing::now()).is_none());
    }
}
