//! What is kept of a session: which screens, their filters and cursors. Never an action, never a value: nothing happens again
//! because a terminal was closed.

use serde::{Deserialize, Serialize};

use super::execution::Execution;
use super::filter::Filter;
use super::listing::{Listing, Subject};
use super::views::{Look, View};
use super::workflow::{Tab, Workflow};
use super::{Root, Screen, State};

/// A session.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The screens, the root first.
    pub screens: Vec<Saved>,
    /// The views that were given a name.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub views: Vec<View>,
}

/// A screen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// The name of a root screen, or `execution`, `workflow`, `cause`, `steps`, `deliveries`.
    pub screen: String,
    /// What it is about, if it is not a root screen.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub id: Option<String>,
    /// What that is called, where its id is no name.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
    /// Its filter.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub filter: String,
    /// What the cursor was on.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cursor: Option<String>,
    /// How the rows of the executions list are shown.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub look: Option<Look>,
    /// The place of the open tab.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tab: Option<usize>,
}

impl Session {
    /// What there is to keep of `state`.
    pub fn of(state: &State) -> Self {
        Self { screens: state.screens().map(saved).collect(), views: state.views.clone() }
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
        Screen::Executions(screen) => {
            let look = Some(screen.look.clone()).filter(|look| !look.is_plain());
            Saved { look, ..root(Root::Executions, screen.list.selected().map(ToString::to_string)) }
        }
        Screen::Workflows(screen) => root(Root::Workflows, screen.list.selected().cloned()),
        Screen::Code(_) => root(Root::Code, None),
        Screen::Settings(_) => root(Root::Settings, None),
        Screen::Execution(open) => above("execution", &open.id.to_string()),
        Screen::Workflow(open) => {
            let tab = Tab::ALL.iter().position(|tab| *tab == open.tab);
            Saved { tab, ..above("workflow", &open.id) }
        }
        Screen::Listing(listing) => {
            let cursor = listing.list.selected().cloned();
            match (Root::of(&listing.subject), &listing.subject) {
                (Some(which), _) => root(which, cursor),
                (None, Subject::DeadLetters(fingerprint)) => Saved { cursor, ..above("cause", fingerprint) },
                (None, Subject::Steps(workflow)) => Saved { cursor, ..above("steps", workflow) },
                (None, Subject::Deliveries(id, name)) => {
                    Saved { cursor, name: Some(name.clone()), ..above("deliveries", &id.to_string()) }
                }
                // The rest stand at the root; a test walks them.
                (None, _) => Saved::default(),
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
            ("deliveries", Some(id)) => {
                let subject = Subject::Deliveries(id.parse().ok()?, self.name.clone().unwrap_or_default());
                Screen::Listing(Box::new(Listing::new(subject, now)))
            }
            (name, _) => Root::from_name(name)?.screen(now),
        };
        match &mut screen {
            Screen::Executions(screen) => {
                screen.filter = Filter::parse(&self.filter).unwrap_or_default();
                screen.look = self.look.clone().unwrap_or_default();
                if let Some(id) = self.cursor.as_ref().and_then(|cursor| cursor.parse().ok()) {
                    screen.list.want(id);
                }
            }
            Screen::Workflows(screen) => {
                screen.filter.clone_from(&self.filter);
                screen.list.want(self.cursor.clone().unwrap_or_default());
            }
            Screen::Listing(listing) => {
                // A filter that this version does not understand is none.
                if listing.set_filter(&self.filter).is_err() {
                    listing.filter.clear();
                }
                listing.list.want(self.cursor.clone().unwrap_or_default());
            }
            Screen::Workflow(open) => {
                open.tab = self.tab.and_then(|at| Tab::ALL.get(at).copied()).unwrap_or_default();
                open.load.begin(now);
            }
            Screen::Execution(open) => open.load.begin(now),
            Screen::Dashboard(_) | Screen::Code(_) | Screen::Settings(_) => {}
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
