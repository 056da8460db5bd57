//! The workflows list.

use tidemill_common::api::workflow::WorkflowView;

use super::list::List;
use super::load::Load;

/// The workflows that are loaded.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Catalogue {
    /// How far loading has come.
    pub load: Load,
    /// The workflows, by id.
    pub items: Vec<WorkflowView>,
    /// Whether the server has more than were read.
    pub truncated: bool,
    /// The newest request; answers to others are dropped.
    pub generation: u64,
}

impl Catalogue {
    /// The workflow `id`.
    pub fn get(&self, id: &str) -> Option<&WorkflowView> {
        self.items.iter().find(|workflow| workflow.id == id)
    }

    /// Takes a workflow as the server wrote it.
    pub fn put(&mut self, view: WorkflowView) {
        match self.items.iter_mut().find(|known| known.id == view.id) {
            Some(known) => *known = view,
            None => self.items.push(view),
        }
    }
}

/// The screen's state.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Workflows {
    /// Words that the id or the name must contain.
    pub filter: String,
    /// The rows that are shown, by id.
    pub list: List<String>,
}

impl Workflows {
    /// Takes over what the catalogue has.
    pub fn refresh(&mut self, catalogue: &Catalogue) {
        let words: Vec<String> = self.filter.split_whitespace().map(str::to_lowercase).collect();
        let passes = |workflow: &&WorkflowView| {
            let text = format!("{} {}", workflow.id, workflow.name).to_lowercase();
            words.iter().all(|word| text.contains(word))
        };
        self.list.set_keys(catalogue.items.iter().filter(passes).map(|workflow| workflow.id.clone()).collect());
    }
}
