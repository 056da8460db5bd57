//! What a key means. The table gives every action its name, its help and how much it may do: palette, help and
//! hints are made of it.

use super::state::Root;

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
    /// A screen at the root.
    Go(Root),
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
    /// Why the execution isn't moving.
    TabWhy,
    /// What the workflow is.
    TabOverview,
    /// The workflow's file.
    TabFile,
    /// The workflow's versions.
    TabVersions,
    /// The workflow's executions.
    TabExecutions,
    /// How the workflow went.
    TabMetrics,
    /// The lower pane alone, or both.
    Zoom,
    /// Show or hide what is inside the value under the cursor.
    Fold,
    /// Read the whole value where only its beginning is shown.
    ReadWhole,
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
    /// Copy the expression that reads the value under the cursor.
    YankPath,
    /// Copy the value under the cursor.
    YankValue,
    /// Mark what the cursor is on.
    Mark,
    /// Mark everything from the last mark to the cursor.
    MarkRange,
    /// Mark everything in the list.
    MarkAll,
    /// Take all marks away.
    Unmark,
    /// Choose the order of the list.
    Sort,
    /// Make something new here.
    New,
    /// Change what the cursor is on, in an editor or a form.
    Edit,
    /// Change the input, in an editor.
    EditInput,
    /// Remove what the cursor is on.
    Remove,
    /// Leave a workspace.
    Leave,
    /// Write what the server gives as a file.
    Save,
    /// The audit log of the whole organization, or of the workspace.
    Whole,
    /// Approve what a step waits for, or decide about it.
    Approve,
    /// Reject what a step waits for.
    Reject,
    /// Say what a schedule will do.
    Explain,
    /// Try dead letters again.
    Replay,
    /// Decide that nothing will be done about dead letters.
    Discard,
    /// Run the code.
    Execute,
    /// Choose the language of the code.
    Language,
    /// Try a subscription out.
    Test,
    /// Make another signing key.
    Rotate,
    /// Deliver again.
    Redeliver,
    /// Go to the plan under the cursor.
    ChangePlan,
    /// Where the plan under the cursor is paid, or how one pays is changed.
    Pay,
    /// Say that an invoice was paid.
    Paid,
    /// Delete the plan under the cursor.
    PlanDelete,
    /// Make a link with which a user sets a new password.
    PasswordLink,
    /// Cancel or retry everything that passes the filter, on the server.
    Bulk,
    /// Saved views of the list.
    Views,
    /// Which columns the list has.
    Columns,
    /// Take the last change back.
    Undo,
    /// The next theme.
    Theme,
    /// Start an execution of the workflow.
    Start,
    /// Cancel the execution.
    Cancel,
    /// Pause the execution, or let it go on.
    Pause,
    /// Try the execution again.
    Retry,
    /// Try the execution again, with another input or from the start.
    RetryForm,
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
    /// Can't be taken back: asks for a word to be typed.
    Typed,
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

const fn asks(action: Action, tier: Tier, name: &'static str, help: &'static str) -> Info {
    Info { action, name, help, tier }
}

/// Every action, in the order in which help lists them.
pub const ACTIONS: &[Info] = &[
    free(Action::Open, "open", "open what the cursor is on"),
    free(Action::Back, "back", "undo one thing: overlay, filter, zoom, screen"),
    asks(Action::Start, Tier::Form, "start", "start an execution of this workflow, with an input"),
    asks(Action::Pause, Tier::Direct, "pause", "pause what is selected or marked, or let it go on"),
    asks(Action::Retry, Tier::Form, "retry", "try this again, from the failed step (asks first)"),
    asks(Action::RetryForm, Tier::Form, "retry with", "try this again with another input, or from the start"),
    asks(Action::Cancel, Tier::Confirm, "cancel", "cancel or stop what is selected or marked (asks first)"),
    free(Action::Why, "why", "say why this execution isn't moving"),
    asks(Action::Approve, Tier::Form, "approve", "say yes to what a step waits for, with an answer and a comment"),
    asks(Action::Reject, Tier::Form, "reject", "say no to what a step waits for, with a comment"),
    free(Action::Explain, "explain", "say when this schedule fires, and what it does where the clocks change"),
    asks(Action::Replay, Tier::Form, "replay", "try these dead letters again: a canary first, then the rest"),
    asks(Action::Discard, Tier::Typed, "discard", "decide that nothing will be done about these dead letters"),
    asks(
        Action::Switch,
        Tier::Confirm,
        "activate",
        "switch this on or off: a version of a workflow, a subscription, a workspace (asks first)",
    ),
    asks(Action::New, Tier::Form, "new", "make a new one here"),
    asks(Action::Edit, Tier::Form, "edit", "change this, in your editor or in a form"),
    free(Action::EditInput, "edit input", "change the input in your editor"),
    asks(Action::Remove, Tier::Typed, "remove", "remove what is selected or marked (asks for its name)"),
    asks(Action::Leave, Tier::Typed, "leave", "leave this workspace: nothing in it is open to you any more"),
    free(Action::Save, "save", "write this into a file: the audit log, an invoice as a page, what is kept about you"),
    free(Action::Whole, "whole", "show the audit log of the whole organization, or of this workspace again"),
    asks(Action::Execute, Tier::Form, "execute", "run the code on the server, locked up like a code step"),
    free(Action::Language, "language", "write the code in the next language"),
    asks(
        Action::Test,
        Tier::Direct,
        "try",
        "try this out: deliver `test` to a subscription, make an address at which a trigger takes deliveries",
    ),
    asks(
        Action::Rotate,
        Tier::Confirm,
        "rotate key",
        "give this subscription another signing key; the old one signs for a day",
    ),
    asks(Action::Redeliver, Tier::Direct, "redeliver", "deliver what is selected or marked again"),
    asks(
        Action::ChangePlan,
        Tier::Typed,
        "change plan",
        "go to this plan: at once to a greater one, else when the period ends",
    ),
    asks(Action::Pay, Tier::Form, "pay", "show where this plan is paid, or where cards are changed, with Stripe"),
    asks(Action::Paid, Tier::Typed, "paid", "say that this invoice was paid; for those who run the server"),
    asks(Action::PlanDelete, Tier::Typed, "delete plan", "delete a plan that nobody is on; for those who run the server"),
    asks(Action::PasswordLink, Tier::Confirm, "password link", "make a link with which this user sets a new password"),
    asks(
        Action::Bulk,
        Tier::Typed,
        "bulk",
        "cancel or retry every execution that passes the filter, however many, on the server",
    ),
    asks(Action::Undo, Tier::Direct, "undo", "take the last pause or activation back"),
    free(Action::Go(Root::Dashboard), "dashboard", "go to the dashboard"),
    free(Action::Go(Root::Executions), "executions", "go to the executions"),
    free(Action::Go(Root::Workflows), "workflows", "go to the workflows"),
    free(Action::Go(Root::DeadLetters), "dead letters", "go to what failed for good, by cause"),
    free(Action::Go(Root::Approvals), "approvals", "go to the steps that wait for an approval"),
    free(Action::Go(Root::Triggers), "triggers", "go to webhooks and schedules, with their next firings"),
    free(Action::Go(Root::Metrics), "metrics", "go to counts, success and durations per workflow"),
    free(Action::Go(Root::Code), "code", "try code out: Python, JavaScript, SQL"),
    free(Action::Go(Root::Server), "server", "go to version, database and sandbox of the server"),
    free(Action::Go(Root::Secrets), "secrets", "go to the workspace's secrets"),
    free(Action::Go(Root::Tokens), "tokens", "go to the workspace's API tokens"),
    free(Action::Go(Root::Credentials), "credentials", "go to the workspace's credentials: kinds and hosts"),
    free(Action::Go(Root::Members), "members", "go to who may do what in the workspace"),
    free(Action::Go(Root::Invites), "invites", "go to the links that bring people in"),
    free(Action::Go(Root::Shares), "shares", "go to what is shared beyond the roles"),
    free(Action::Go(Root::Audit), "audit log", "go to who changed what, and when"),
    free(Action::Go(Root::Quota), "quota", "go to what the plan allows, what is used, and where that leads"),
    free(Action::Go(Root::Plans), "plans", "go to the plans, with what each would exceed"),
    free(Action::Go(Root::Invoices), "invoices", "go to the organization's invoices"),
    free(Action::Go(Root::BillingEvents), "billing history", "go to what happened to the organization's plan"),
    free(Action::Go(Root::Refused), "refused deliveries", "go to what the plan refused, to replay it"),
    free(Action::Go(Root::Subscriptions), "subscriptions", "go to the addresses that are told of events"),
    free(Action::Go(Root::Nodes), "nodes", "go to the server processes: roles, load, who stops, who is lost"),
    free(Action::Go(Root::Orders), "bulk orders", "go to orders about many executions, and how far each has come"),
    free(Action::Go(Root::Users), "users", "go to the users of the organization: roles, second factors"),
    free(Action::Go(Root::Workspaces), "workspaces", "go to your workspaces; enter there goes to another one"),
    free(Action::Go(Root::Sessions), "sessions", "go to where you are signed in"),
    free(Action::Go(Root::Usage), "usage", "go to what was used, period by period"),
    free(Action::Go(Root::Customers), "customers", "go to what customers bring and cost; for those who run the server"),
    free(Action::Go(Root::Organizations), "organizations", "go to the organizations of the server; for those who run it"),
    free(Action::Go(Root::Settings), "settings", "go to theme, mouse, context, account and versions"),
    free(Action::Filter, "filter", "filter the list: words, status:failed,running wf:name* trigger:webhook since:24h !not"),
    free(Action::Failures, "failures", "show only executions that failed, or all again"),
    free(Action::NextFailure, "next failure", "move to the next failure"),
    free(Action::Follow, "follow", "follow new rows, or hold them while you read"),
    free(Action::TabInput, "input", "show the input of the selected step"),
    free(Action::TabOutput, "output", "show the output of the selected step"),
    free(Action::TabError, "error", "show why the selected step failed"),
    free(Action::TabEvents, "events", "show the events of the selected step"),
    free(Action::TabLog, "log", "show what the selected step printed"),
    free(Action::TabWhy, "why it waits", "show why the execution isn't moving, the whole chain"),
    free(Action::TabOverview, "overview", "show what the workflow is: graph, triggers, versions"),
    free(Action::TabFile, "file", "show the workflow's file, with what is wrong with it in place"),
    free(Action::TabVersions, "versions", "show the workflow's versions and how each differs"),
    free(Action::TabExecutions, "its executions", "show the executions of this workflow"),
    free(Action::TabMetrics, "its metrics", "show how the workflow and its steps went"),
    free(Action::ReadWhole, "read whole", "read a large value whole, where only its beginning is shown"),
    free(Action::Fold, "fold", "show or hide what is inside the value under the cursor"),
    free(Action::Mark, "mark", "mark this row, or take its mark away"),
    free(Action::MarkRange, "mark range", "mark everything from the last mark to here"),
    free(Action::MarkAll, "mark all", "mark everything in the list"),
    free(Action::Unmark, "unmark", "take all marks away"),
    free(Action::Views, "views", "choose a saved view of this list, or save it: filter, columns, order"),
    free(Action::Columns, "columns", "choose which columns this list has"),
    free(Action::Sort, "sort", "choose by which column the list is ordered"),
    free(Action::NextPane, "next pane", "move the focus to the other pane"),
    free(Action::Zoom, "zoom", "show the lower pane alone, or both again"),
    free(Action::YankId, "copy id", "copy the id to your terminal's clipboard"),
    free(Action::YankCli, "copy command", "copy the command line that shows the same"),
    free(Action::YankJson, "copy json", "copy as JSON"),
    free(Action::YankPath, "copy path", "copy the expression that reads the value under the cursor, or the address of the row"),
    free(Action::YankValue, "copy value", "copy the value under the cursor"),
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
    free(Action::Theme, "theme", "draw in other colours: all, 256, 16, none"),
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
