//! One execution, live: its steps, and input, output, error and events of the selected one.

use std::collections::{BTreeMap, VecDeque};

use serde_json::Value;
use tidemill_common::api::execution::{ExecutionDetail, StepView};
use tidemill_common::api::why::WhyView;
use tidemill_common::event::{Event, EventBody, StepError};
use tidemill_common::ids::ExecutionId;
use tidemill_common::payload::{PayloadRef, is_reference};
use tidemill_common::status::StepStatus;

use super::fold::fold;
use super::graph;
use super::json;
use super::link::Link;
use super::list::List;
use super::load::Load;
use super::store::Applied;

/// More events than this are not kept in view; the oldest go.
pub const MOST_EVENTS: usize = 10_000;

/// A row of the graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Node {
    /// What started it: its input is the execution's, its output too.
    Trigger,
    /// The step at this place of the execution's list.
    Step(usize),
}

/// What the lower pane shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    /// The rendered `with`.
    Input,
    /// What later steps see.
    Output,
    /// Why it failed.
    Error,
    /// What happened.
    Events,
    /// What it printed.
    Log,
    /// Why it isn't moving.
    Why,
}

impl Tab {
    /// Every tab, from left to right.
    pub const ALL: [Self; 6] = [Self::Input, Self::Output, Self::Error, Self::Events, Self::Log, Self::Why];

    /// Its label, with the digit that shows it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Input => "1 Input",
            Self::Output => "2 Output",
            Self::Error => "3 Error",
            Self::Events => "4 Events",
            Self::Log => "5 Log",
            Self::Why => "6 Why",
        }
    }
}

/// A line of what a step printed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LogLine<'a> {
    /// Which step, iteration and attempt the next lines are of: the event that holds them.
    Heading(&'a Event),
    /// A line.
    Text(&'a str),
}

/// Which pane the motion keys move in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Pane {
    /// The graph.
    #[default]
    Steps,
    /// The tabs.
    Content,
}

/// The screen's state.
#[derive(Debug, Clone, PartialEq)]
pub struct Execution {
    /// The execution.
    pub id: ExecutionId,
    /// How far loading has come.
    pub load: Load,
    /// The fold of its events.
    pub detail: Option<ExecutionDetail>,
    /// Its events without gaps, oldest first.
    pub events: VecDeque<Event>,
    /// The stream was read up to here, though not every event was understood.
    skipped: i32,
    /// The stream that it is followed by.
    pub link: Link,
    /// The graph's rows, in the order of the screen.
    pub graph: Vec<graph::Row>,
    /// The cursor in the graph.
    pub nodes: List<Node>,
    /// Whether the cursor goes with what happens; until the user moves it.
    pub follows: bool,
    /// Which pane has the focus.
    pub pane: Pane,
    /// The tab that the user chose; else the most telling one.
    pub chosen_tab: Option<Tab>,
    /// The first line of the content that is visible.
    pub scroll: usize,
    /// The line of the content under the cursor, where the content is a value.
    pub line: usize,
    /// What is hidden in the values of each node: paths.
    pub folded: json::Folded,
    /// Values that the execution only refers to, by their hash, as far as they were read.
    pub payloads: BTreeMap<String, Value>,
    /// Why it isn't moving, as it was last read.
    pub why: Option<WhyView>,
    /// Whether the content has the screen for itself.
    pub zoom: bool,
}

impl Execution {
    /// An execution that nothing is known of yet.
    pub fn new(id: ExecutionId) -> Self {
        Self {
            id,
            load: Load::Idle,
            detail: None,
            events: VecDeque::new(),
            skipped: 0,
            link: Link::default(),
            graph: Vec::new(),
            nodes: List::default(),
            follows: true,
            pane: Pane::default(),
            chosen_tab: None,
            scroll: 0,
            line: 0,
            folded: json::Folded::new(),
            payloads: BTreeMap::new(),
            why: None,
            zoom: false,
        }
    }

    /// Takes a snapshot, unless more is known, and folds the events that came meanwhile.
    pub fn put(&mut self, detail: ExecutionDetail) {
        if self.detail.as_ref().is_some_and(|known| known.execution.last_seq > detail.execution.last_seq) {
            return;
        }
        self.graph = graph::rows(&detail.steps);
        let mut detail = detail;
        for event in &self.events {
            if event.seq == detail.execution.last_seq + 1 {
                fold(&mut detail, event);
            }
        }
        self.detail = Some(detail);
        self.refresh();
    }

    /// Takes an event of the stream.
    pub fn apply(&mut self, event: Event) -> Applied {
        let last = self.last_seq();
        if event.seq <= last {
            return Applied::Known;
        }
        if event.seq != last + 1 {
            return Applied::Gap;
        }
        if let Some(detail) = &mut self.detail
            && event.seq == detail.execution.last_seq + 1
        {
            fold(detail, &event);
        }
        if self.events.len() == MOST_EVENTS {
            self.events.pop_front();
        }
        self.events.push_back(event);
        self.refresh();
        Applied::Changed
    }

    /// The last event that the stream gave.
    pub fn last_seq(&self) -> i32 {
        self.events.back().map_or(0, |event| event.seq).max(self.skipped)
    }

    /// The stream was read up to event `seq`; whether there was one that was not understood. The fold can't go on without it:
    /// a new snapshot has to be read.
    pub fn skip_to(&mut self, seq: i32) -> bool {
        let skips = seq > self.last_seq();
        self.skipped = self.skipped.max(seq);
        skips
    }

    fn refresh(&mut self) {
        let steps = self.graph.iter().map(|row| Node::Step(row.step));
        self.nodes.set_keys(std::iter::once(Node::Trigger).chain(steps).collect());
        if self.follows
            && let Some(node) = self.most_telling()
        {
            self.nodes.select(&node);
        }
    }

    /// The step that the user most likely wants to see: the one that failed, else the one under way.
    fn most_telling(&self) -> Option<Node> {
        let steps = &self.detail.as_ref()?.steps;
        let at = |status: StepStatus| steps.iter().position(|step| step.status == status);
        [StepStatus::Failed, StepStatus::Retrying, StepStatus::Running, StepStatus::Waiting]
            .into_iter()
            .find_map(at)
            .map(Node::Step)
    }

    /// The selected step; `None` is the trigger.
    pub fn step(&self) -> Option<&StepView> {
        match self.nodes.selected()? {
            Node::Trigger => None,
            Node::Step(at) => self.detail.as_ref()?.steps.get(*at),
        }
    }

    /// The tab that is shown: the chosen one, else the most telling one.
    pub fn tab(&self) -> Tab {
        self.chosen_tab.unwrap_or_else(|| {
            let has = |tab| self.json(tab).is_some();
            match () {
                () if self.error().is_some() => Tab::Error,
                () if has(Tab::Output) => Tab::Output,
                () if has(Tab::Input) => Tab::Input,
                () => Tab::Events,
            }
        })
    }

    /// The JSON that `tab` shows for the selected step.
    pub fn json(&self, tab: Tab) -> Option<&Value> {
        self.told(tab).map(|value| self.read(value))
    }

    /// The value that `told` refers to, if it is a reference and was read.
    fn read<'a>(&'a self, told: &'a Value) -> &'a Value {
        PayloadRef::of(told).and_then(|reference| self.payloads.get(&reference.sha256)).unwrap_or(told)
    }

    /// The input of the execution, if it is here.
    pub fn input(&self) -> Option<&Value> {
        let input = self.read(&self.detail.as_ref()?.input);
        (!is_reference(input)).then_some(input)
    }

    /// What the open tab only refers to: a large value that was not read yet.
    pub fn unread(&self) -> Option<PayloadRef> {
        PayloadRef::of(self.json(self.tab())?)
    }

    /// The JSON of `tab` as the execution has it: the value, or a reference.
    fn told(&self, tab: Tab) -> Option<&Value> {
        let detail = self.detail.as_ref()?;
        match (tab, self.step()) {
            (Tab::Input, None) => Some(&detail.input),
            (Tab::Output, None) => detail.output.as_ref(),
            (Tab::Input, Some(step)) => step.input.as_ref(),
            (Tab::Output, Some(step)) => step.output.as_ref(),
            (Tab::Error | Tab::Events | Tab::Log | Tab::Why, _) => None,
        }
    }

    /// Why the selected step, or the execution, failed.
    pub fn error(&self) -> Option<&StepError> {
        match self.step() {
            Some(step) => step.error.as_ref(),
            None => self.detail.as_ref()?.failure.as_ref(),
        }
    }

    /// The events of the selected step; all of them for the trigger.
    pub fn step_events(&self) -> impl Iterator<Item = &Event> {
        let step = self.step().map(|step| step.id.as_str());
        self.events.iter().filter(move |event| step.is_none() || event.body.step() == step)
    }

    /// What the selected step printed, attempt by attempt; all of them for the trigger.
    pub fn log(&self) -> impl Iterator<Item = LogLine<'_>> {
        let logged = self.step_events().filter_map(|event| match &event.body {
            EventBody::StepLogged { log, .. } => Some((event, log)),
            _ => None,
        });
        logged.flat_map(|(event, log)| std::iter::once(LogLine::Heading(event)).chain(log.lines().map(LogLine::Text)))
    }

    /// How many lines the content of the open tab has.
    pub fn content_lines(&self) -> usize {
        match self.tab() {
            Tab::Events => self.step_events().count(),
            Tab::Log => self.log().count(),
            Tab::Error | Tab::Why => 0,
            tab => self.json(tab).map_or(0, |value| json::count(value, &self.folded)),
        }
    }

    /// The path of the value under the cursor, from the value that the tab shows.
    pub fn path(&self) -> Option<String> {
        let lines = json::lines(self.json(self.tab())?, &self.folded, self.line, 1);
        lines.into_iter().next().map(|line| line.path)
    }

    /// Shows or hides what is inside the value under the cursor.
    pub fn fold(&mut self) {
        let Some(path) = self.path() else { return };
        if !self.folded.remove(&path) {
            self.folded.insert(path);
        }
        self.line = self.line.min(self.content_lines().saturating_sub(1));
    }

    /// Moves in the content by `rows`: the cursor in a value, else the whole.
    pub fn move_content(&mut self, rows: isize) {
        let last = self.content_lines().saturating_sub(1);
        if self.json(self.tab()).is_some() {
            self.line = self.line.saturating_add_signed(rows).min(last);
        } else {
            self.scroll = self.scroll.saturating_add_signed(rows).min(last);
        }
    }

    /// Scrolls so that the cursor is within `height` visible lines of the content.
    pub fn reveal(&mut self, height: usize) {
        if self.json(self.tab()).is_some() {
            let lowest = (self.line + 1).saturating_sub(height.max(1));
            self.scroll = self.scroll.clamp(lowest, self.line.max(lowest));
        }
    }

    /// Shows the content from its first line.
    pub fn rewind(&mut self) {
        (self.scroll, self.line) = (0, 0);
        self.folded.clear();
    }
}
