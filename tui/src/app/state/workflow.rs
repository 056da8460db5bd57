//! One workflow: what it is, its file with what is wrong with it, its versions and how they differ, its executions, its metrics.

use std::collections::BTreeMap;

use tidemill_common::api::metrics::ExecutionMetrics;
use tidemill_common::api::workflow::{Diagnostic, VersionView, WorkflowDetail};
use tidemill_common::ids::ExecutionId;

use super::list::List;
use super::load::Load;
use super::store::Store;

/// What the screen shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tab {
    /// Graph, triggers, facts.
    #[default]
    Overview,
    /// The file.
    File,
    /// The versions, and how the selected one differs from the one before.
    Versions,
    /// The executions that are loaded.
    Executions,
    /// Counts and durations.
    Metrics,
}

impl Tab {
    /// Every tab, from left to right.
    pub const ALL: [Self; 5] = [Self::Overview, Self::File, Self::Versions, Self::Executions, Self::Metrics];

    /// Its label, with the digit that shows it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Overview => "1 Overview",
            Self::File => "2 File",
            Self::Versions => "3 Versions",
            Self::Executions => "4 Executions",
            Self::Metrics => "5 Metrics",
        }
    }
}

/// A file that was edited and is not applied: because of errors, or because nobody said yes yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// The file.
    pub source: String,
    /// The version that was edited; `None` for a new workflow.
    pub base: Option<i32>,
    /// What is wrong with it.
    pub errors: Vec<Diagnostic>,
}

/// The screen's state.
#[derive(Debug, Clone, PartialEq)]
pub struct Workflow {
    /// The workflow's `id`.
    pub id: String,
    /// How far loading has come.
    pub load: Load,
    /// The workflow with the file of its newest version.
    pub detail: Option<WorkflowDetail>,
    /// Its versions, newest first, without their files.
    pub versions: Vec<VersionView>,
    /// The files of versions that were read.
    pub sources: BTreeMap<i32, String>,
    /// How it went.
    pub metrics: Option<ExecutionMetrics>,
    /// The file as it was edited.
    pub draft: Option<Draft>,
    /// What is shown.
    pub tab: Tab,
    /// The first line of the file that is visible.
    pub scroll: usize,
    /// The cursor among the versions.
    pub version_list: List<i32>,
    /// The cursor among the executions.
    pub execution_list: List<ExecutionId>,
}

impl Workflow {
    /// A workflow that nothing is known of yet.
    pub fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            load: Load::default(),
            detail: None,
            versions: Vec::new(),
            sources: BTreeMap::new(),
            metrics: None,
            draft: None,
            tab: Tab::default(),
            scroll: 0,
            version_list: List::default(),
            execution_list: List::default(),
        }
    }

    /// Takes what the server says about it.
    pub fn put(&mut self, detail: WorkflowDetail) {
        self.sources.insert(detail.workflow.version, detail.source.clone());
        self.detail = Some(detail);
    }

    /// Takes the versions.
    pub fn put_versions(&mut self, versions: Vec<VersionView>) {
        self.version_list.set_keys(versions.iter().map(|version| version.version).collect());
        self.versions = versions;
    }

    /// Takes over what the store has.
    pub fn refresh(&mut self, store: &Store) {
        if self.tab == Tab::Executions {
            let mine = store.newest_first().filter(|row| row.workflow_id == self.id).map(|row| row.id);
            self.execution_list.set_keys(mine.collect());
        }
    }

    /// The file that is shown: the draft, else the newest version.
    pub fn source(&self) -> Option<&str> {
        let newest = self.detail.as_ref().map(|detail| detail.source.as_str());
        self.draft.as_ref().map(|draft| draft.source.as_str()).or(newest)
    }

    /// The execution under the cursor.
    pub fn execution(&self) -> Option<ExecutionId> {
        (self.tab == Tab::Executions).then(|| self.execution_list.selected().copied()).flatten()
    }

    /// The version under the cursor.
    pub fn version(&self) -> Option<i32> {
        (self.tab == Tab::Versions).then(|| self.version_list.selected().copied()).flatten()
    }

    /// The versions whose files are needed to show how the selected one differs from the one before, and are not here.
    pub fn missing(&self) -> Vec<i32> {
        let Some(version) = self.version() else { return Vec::new() };
        let wanted = [version, version - 1].into_iter().filter(|version| *version > 0);
        wanted.filter(|version| !self.sources.contains_key(version)).collect()
    }

    /// Scrolls the file so that `line` (from 1) is near the top.
    pub fn show_line(&mut self, line: u32) {
        self.scroll = usize::try_from(line).unwrap_or(0).saturating_sub(4);
    }
}
