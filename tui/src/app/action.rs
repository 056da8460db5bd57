//! What a key means. The table gives every action its name, its help and how much it may do: palette, help and
//! hints are made of it.

/// Something that the user can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// One row up.
    Up,
    /// One row down.
    Down,
    /// To the first row.
    Top,
    /// To the last row.
    Bottom,
    /// Half a page up.
    HalfUp,
    /// Half a page down.
    HalfDown,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// The next pane.
    NextPane,
    /// The tab to the left.
    TabLeft,
    /// The tab to the right.
    TabRight,
    /// Open what the cursor is on.
    Open,
    /// Undo one thing: overlay, filter, zoom, screen.
    Back,
    /// Pop the screen; leave at the root.
    Close,
    /// The dashboard.
    GoDashboard,
    /// The executions.
    GoExecutions,
    /// The workflows.
    GoWorkflows,
    /// The input of the selected step.
    TabInput,
    /// The output of the selected step.
    TabOutput,
    /// The error of the selected step.
    TabError,
    /// The events of the selected step.
    TabEvents,
    /// The log of the selected step.
    TabLog,
    /// The lower pane alone, or both.
    Zoom,
    /// Show new rows as they come.
    Follow,
    /// Only executions that failed, or all.
    Failures,
    /// To the next failure.
    NextFailure,
    /// Copy the id.
    YankId,
    /// Copy the equivalent command line.
    YankCli,
    /// Copy as JSON.
    YankJson,
    /// Start an execution of the workflow.
    Start,
    /// Cancel the execution.
    Cancel,
    /// Pause the execution, or let it go on.
    Pause,
    /// Try the execution again.
    Retry,
    /// Approve what the step waits for.
    Approve,
    /// Reject what the step waits for.
    Reject,
    /// Say why the execution isn't moving.
    Why,
    /// Activate or deactivate the workflow.
    Switch,
    /// The palette.
    Palette,
    /// Filter the list.
    Filter,
    /// The keys that work here.
    Help,
    /// Past messages.
    Messages,
    /// Read everything anew, and connect at once.
    Resync,
    /// Paint everything anew.
    Redraw,
    /// Give the mouse to the terminal, or take it back.
    Mouse,
    /// Back to the shell until `fg`.
    Suspend,
    /// Leave at once.
    Quit,
}

/// How much an action changes on the server, and what it therefore asks first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// Changes nothing on the server.
    Free,
    /// Changes something at once: the same key undoes it.
    Direct,
    /// Changes something, after a form that has to be sent or a question.
    Form,
    /// Changes something, after a question whose default is no.
    Confirm,
}

/// What there is to know about an action.
#[derive(Debug, Clone, Copy)]
pub struct Info {
    /// The action.
    pub action: Action,
    /// Its name in the palette.
    pub name: &'static str,
    /// What it does, in one line.
    pub help: &'static str,
    /// What it asks first.
    pub tier: Tier,
}

const fn free(action: Action, name: &'static str, help: &'static str) -> Info {
    Info { action, name, help, tier: Tier::Free }
}

/// Every action, in the order in which help lists them.
pub const ACTIONS: &[Info] = &[
    free(Action::Open, "open", "open what the cursor is on"),
    free(Action::Back, "back", "undo one thing: overlay, filter, zoom, screen"),
    Info { action: Action::Start, name: "start", help: "start an execution of this workflow, with an input", tier: Tier::Form },
    Info { action: Action::Cancel, name: "cancel", help: "cancel this execution (asks first)", tier: Tier::Confirm },
    Info { action: Action::Pause, name: "pause", help: "pause this execution, or let it go on", tier: Tier::Direct },
    Info {
        action: Action::Retry,
        name: "retry",
        help: "try this execution again, from the failed step (asks first)",
        tier: Tier::Form,
    },
    Info {
        action: Action::Approve,
        name: "approve",
        help: "approve what this step waits for (asks first)",
        tier: Tier::Confirm,
    },
    Info { action: Action::Reject, name: "reject", help: "reject what this step waits for (asks first)", tier: Tier::Confirm },
    free(Action::Why, "why", "say why this execution isn't moving"),
    Info {
        action: Action::Switch,
        name: "activate",
        help: "activate or deactivate this workflow (asks first)",
        tier: Tier::Confirm,
    },
    free(Action::GoDashboard, "dashboard", "go to the dashboard"),
    free(Action::GoExecutions, "executions", "go to the executions"),
    free(Action::GoWorkflows, "workflows", "go to the workflows"),
    free(Action::Filter, "filter", "filter the list: words, status:failed,running wf:name* trigger:webhook since:24h !not"),
    free(Action::Failures, "failures", "show only executions that failed, or all again"),
    free(Action::NextFailure, "next failure", "move to the next failure"),
    free(Action::Follow, "follow", "follow new rows, or hold them while you read"),
    free(Action::TabInput, "input", "show the input of the selected step"),
    free(Action::TabOutput, "output", "show the output of the selected step"),
    free(Action::TabError, "error", "show why the selected step failed"),
    free(Action::TabEvents, "events", "show the events of the selected step"),
    free(Action::TabLog, "log", "show what the selected step printed"),
    free(Action::NextPane, "next pane", "move the focus to the other pane"),
    free(Action::Zoom, "zoom", "show the lower pane alone, or both again"),
    free(Action::YankId, "copy id", "copy the id to your terminal's clipboard"),
    free(Action::YankCli, "copy command", "copy the command line that shows the same"),
    free(Action::YankJson, "copy json", "copy as JSON"),
    free(Action::Down, "down", "move down"),
    free(Action::Up, "up", "move up"),
    free(Action::HalfDown, "half page down", "move half a page down"),
    free(Action::HalfUp, "half page up", "move half a page up"),
    free(Action::PageDown, "page down", "move a page down"),
    free(Action::PageUp, "page up", "move a page up"),
    free(Action::Top, "top", "move to the top, and show rows that were held"),
    free(Action::Bottom, "bottom", "move to the bottom"),
    free(Action::TabLeft, "tab left", "show the tab to the left"),
    free(Action::TabRight, "tab right", "show the tab to the right"),
    free(Action::Palette, "palette", "find screens, actions, workflows and executions by name"),
    free(Action::Help, "help", "list the keys that work here, and run one"),
    free(Action::Messages, "messages", "show past messages"),
    free(Action::Resync, "resync", "connect now and read everything anew"),
    free(Action::Redraw, "redraw", "paint the screen anew"),
    free(Action::Mouse, "mouse", "give the mouse to the terminal (to select text), or take it back"),
    free(Action::Suspend, "suspend", "go back to the shell; fg returns"),
    free(Action::Close, "close", "leave this screen; at the root leave Tidemill"),
    free(Action::Quit, "quit", "leave Tidemill"),
];

impl Action {
    /// What there is to know about it. Every action has a row; a test holds that.
    pub fn info(self) -> &'static Info {
        ACTIONS.iter().find(|info| info.action == self).unwrap_or(&ACTIONS[0])
    }
}
