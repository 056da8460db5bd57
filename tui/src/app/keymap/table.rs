//! The table of keys.

use crate::app::action::Action;
use crate::app::state::Root;

/// Where a binding works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Everywhere.
    Global,
    /// Screens at the root, where bare digits choose the screen.
    Root,
    /// Screens whose rows can be marked and ordered.
    List,
    /// The dashboard.
    Dashboard,
    /// The executions list.
    Executions,
    /// One execution.
    Execution,
    /// The workflows list.
    Workflows,
    /// One workflow.
    Workflow,
    /// Dead letters, and their causes.
    DeadLetters,
    /// Triggers.
    Triggers,
    /// Approvals.
    Approvals,
    /// Secrets.
    Secrets,
    /// API tokens.
    Tokens,
    /// Code that is tried out.
    Code,
    /// Screens that stand beside others as tabs.
    Tabs,
    /// Credentials.
    Credentials,
    /// Members.
    Members,
    /// Invites.
    Invites,
    /// Shares.
    Shares,
    /// Quota and plans.
    Plans,
    /// Deliveries that the plan refused.
    Refused,
    /// Subscriptions.
    Subscriptions,
    /// What a subscription was told.
    Deliveries,
    /// Orders about many executions.
    Orders,
    /// Users of the organization.
    Users,
    /// Workspaces.
    Workspaces,
    /// Sessions of the account.
    Sessions,
    /// Invoices.
    Invoices,
    /// What customers bring and cost.
    Customers,
    /// The audit log.
    Audit,
    /// Organizations of the server.
    Organizations,
    /// Settings.
    Settings,
}

/// Keys that mean one action in one scope. A key is a sequence of strokes: `g g`.
#[derive(Debug, Clone, Copy)]
pub struct Binding {
    /// Where it works.
    pub scope: Scope,
    /// The keys; each does the same.
    pub keys: &'static [&'static str],
    /// What they mean.
    pub action: Action,
}

const fn bind(scope: Scope, keys: &'static [&'static str], action: Action) -> Binding {
    Binding { scope, keys, action }
}

/// Every binding; those of a screen come before those that work everywhere.
pub const BINDINGS: &[Binding] = &[
    bind(Scope::Execution, &["1"], Action::TabInput),
    bind(Scope::Execution, &["2"], Action::TabOutput),
    bind(Scope::Execution, &["3"], Action::TabError),
    bind(Scope::Execution, &["4"], Action::TabEvents),
    bind(Scope::Execution, &["5"], Action::TabLog),
    bind(Scope::Execution, &["6"], Action::TabWhy),
    bind(Scope::Execution, &["space"], Action::Fold),
    bind(Scope::Execution, &["L"], Action::ReadWhole),
    bind(Scope::Execution, &["R"], Action::RetryForm),
    bind(Scope::Execution, &["h", "left"], Action::TabLeft),
    bind(Scope::Execution, &["l", "right"], Action::TabRight),
    bind(Scope::Execution, &["tab", "backtab"], Action::NextPane),
    bind(Scope::Execution, &["z"], Action::Zoom),
    bind(Scope::Execution, &["C"], Action::Cancel),
    bind(Scope::Execution, &["p"], Action::Pause),
    bind(Scope::Execution, &["r"], Action::Retry),
    bind(Scope::Execution, &["w"], Action::Why),
    bind(Scope::Executions, &["E"], Action::Failures),
    bind(Scope::Executions, &["f"], Action::Follow),
    bind(Scope::Executions, &["C"], Action::Cancel),
    bind(Scope::Executions, &["p"], Action::Pause),
    bind(Scope::Executions, &["r"], Action::Retry),
    bind(Scope::Executions, &["R"], Action::RetryForm),
    bind(Scope::Executions, &["w"], Action::Why),
    bind(Scope::Executions, &["B"], Action::Bulk),
    bind(Scope::Executions, &["V"], Action::Views),
    bind(Scope::Executions, &["c"], Action::Columns),
    bind(Scope::Dashboard, &["C"], Action::Cancel),
    bind(Scope::Workflows, &["r"], Action::Start),
    bind(Scope::Workflows, &["A"], Action::Switch),
    bind(Scope::Workflows, &["n"], Action::New),
    bind(Scope::Workflows, &["e"], Action::Edit),
    bind(Scope::Workflows, &["D"], Action::Remove),
    bind(Scope::Workflow, &["1"], Action::TabOverview),
    bind(Scope::Workflow, &["2"], Action::TabFile),
    bind(Scope::Workflow, &["3"], Action::TabVersions),
    bind(Scope::Workflow, &["4"], Action::TabExecutions),
    bind(Scope::Workflow, &["5"], Action::TabMetrics),
    bind(Scope::Workflow, &["h", "left"], Action::TabLeft),
    bind(Scope::Workflow, &["l", "right", "tab"], Action::TabRight),
    bind(Scope::Workflow, &["r"], Action::Start),
    bind(Scope::Workflow, &["A"], Action::Switch),
    bind(Scope::Workflow, &["e"], Action::Edit),
    bind(Scope::Workflow, &["D"], Action::Remove),
    bind(Scope::Triggers, &["w"], Action::Explain),
    bind(Scope::Triggers, &["t"], Action::Test),
    bind(Scope::Approvals, &["A"], Action::Approve),
    bind(Scope::Approvals, &["X"], Action::Reject),
    bind(Scope::Execution, &["A"], Action::Approve),
    bind(Scope::Execution, &["X"], Action::Reject),
    bind(Scope::DeadLetters, &["r"], Action::Replay),
    bind(Scope::DeadLetters, &["D"], Action::Discard),
    bind(Scope::Secrets, &["n"], Action::New),
    bind(Scope::Secrets, &["e"], Action::Edit),
    bind(Scope::Secrets, &["D"], Action::Remove),
    bind(Scope::Tokens, &["n"], Action::New),
    bind(Scope::Tokens, &["D"], Action::Remove),
    bind(Scope::Credentials, &["n"], Action::New),
    bind(Scope::Credentials, &["e"], Action::Edit),
    bind(Scope::Credentials, &["D"], Action::Remove),
    bind(Scope::Members, &["n"], Action::New),
    bind(Scope::Members, &["e"], Action::Edit),
    bind(Scope::Members, &["D"], Action::Remove),
    bind(Scope::Invites, &["n"], Action::New),
    bind(Scope::Invites, &["D"], Action::Remove),
    bind(Scope::Shares, &["n"], Action::New),
    bind(Scope::Shares, &["D"], Action::Remove),
    bind(Scope::Plans, &["U"], Action::ChangePlan),
    bind(Scope::Plans, &["D"], Action::Remove),
    bind(Scope::Plans, &["n"], Action::New),
    bind(Scope::Plans, &["e"], Action::Edit),
    bind(Scope::Plans, &["X"], Action::PlanDelete),
    bind(Scope::Plans, &["P"], Action::Pay),
    bind(Scope::Invoices, &["P"], Action::Pay),
    bind(Scope::Invoices, &["A"], Action::Paid),
    bind(Scope::Customers, &["n"], Action::New),
    bind(Scope::Audit, &["S"], Action::Save),
    bind(Scope::Audit, &["W"], Action::Whole),
    bind(Scope::Invoices, &["S"], Action::Save),
    bind(Scope::Organizations, &["n"], Action::New),
    bind(Scope::Organizations, &["e"], Action::Edit),
    bind(Scope::Users, &["e"], Action::Edit),
    bind(Scope::Users, &["K"], Action::PasswordLink),
    bind(Scope::Users, &["D"], Action::Remove),
    bind(Scope::Workspaces, &["n"], Action::New),
    bind(Scope::Workspaces, &["e"], Action::Edit),
    bind(Scope::Workspaces, &["A"], Action::Switch),
    bind(Scope::Workspaces, &["D"], Action::Remove),
    bind(Scope::Workspaces, &["X"], Action::Leave),
    bind(Scope::Sessions, &["D"], Action::Remove),
    bind(Scope::Refused, &["r"], Action::Replay),
    bind(Scope::Subscriptions, &["n"], Action::New),
    bind(Scope::Subscriptions, &["e"], Action::Edit),
    bind(Scope::Subscriptions, &["A"], Action::Switch),
    bind(Scope::Subscriptions, &["t"], Action::Test),
    bind(Scope::Subscriptions, &["K"], Action::Rotate),
    bind(Scope::Subscriptions, &["D"], Action::Remove),
    bind(Scope::Deliveries, &["r"], Action::Redeliver),
    bind(Scope::Orders, &["C"], Action::Cancel),
    bind(Scope::Settings, &["space"], Action::Open),
    bind(Scope::Settings, &["e"], Action::Edit),
    bind(Scope::Settings, &["D"], Action::Remove),
    bind(Scope::Settings, &["S"], Action::Save),
    bind(Scope::Tabs, &["h", "left", "backtab"], Action::TabLeft),
    bind(Scope::Tabs, &["l", "right", "tab"], Action::TabRight),
    bind(Scope::Code, &["e"], Action::Edit),
    bind(Scope::Code, &["i"], Action::EditInput),
    bind(Scope::Code, &["l"], Action::Language),
    bind(Scope::Code, &["r"], Action::Execute),
    bind(Scope::Workflows, &["space"], Action::Mark),
    bind(Scope::Workflows, &["v"], Action::MarkRange),
    bind(Scope::Workflows, &["*"], Action::MarkAll),
    bind(Scope::Workflows, &["\\"], Action::Unmark),
    bind(Scope::List, &["space"], Action::Mark),
    bind(Scope::List, &["v"], Action::MarkRange),
    bind(Scope::List, &["*"], Action::MarkAll),
    bind(Scope::List, &["\\"], Action::Unmark),
    bind(Scope::List, &["s"], Action::Sort),
    bind(Scope::Root, &["1"], Action::Go(Root::Dashboard)),
    bind(Scope::Root, &["2"], Action::Go(Root::Executions)),
    bind(Scope::Root, &["3"], Action::Go(Root::Workflows)),
    bind(Scope::Root, &["4"], Action::Go(Root::DeadLetters)),
    bind(Scope::Root, &["5"], Action::Go(Root::Triggers)),
    bind(Scope::Root, &["6"], Action::Go(Root::Metrics)),
    bind(Scope::Root, &["7"], Action::Go(Root::Code)),
    bind(Scope::Root, &["8"], Action::Go(Root::Server)),
    bind(Scope::Root, &["9"], Action::Go(Root::Secrets)),
    bind(Scope::Root, &["0"], Action::Go(Root::Tokens)),
    bind(Scope::Root, &["a"], Action::Go(Root::Approvals)),
    bind(Scope::Global, &["g a"], Action::Go(Root::Approvals)),
    bind(Scope::Global, &["g 1"], Action::Go(Root::Dashboard)),
    bind(Scope::Global, &["g 2"], Action::Go(Root::Executions)),
    bind(Scope::Global, &["g 3"], Action::Go(Root::Workflows)),
    bind(Scope::Global, &["g 4"], Action::Go(Root::DeadLetters)),
    bind(Scope::Global, &["g 5"], Action::Go(Root::Triggers)),
    bind(Scope::Global, &["g 6"], Action::Go(Root::Metrics)),
    bind(Scope::Global, &["g 7"], Action::Go(Root::Code)),
    bind(Scope::Global, &["g 8"], Action::Go(Root::Server)),
    bind(Scope::Global, &["g 9"], Action::Go(Root::Secrets)),
    bind(Scope::Global, &["g 0"], Action::Go(Root::Tokens)),
    bind(Scope::Global, &["g p"], Action::Go(Root::Members)),
    bind(Scope::Global, &["g i"], Action::Go(Root::Invites)),
    bind(Scope::Global, &["g h"], Action::Go(Root::Shares)),
    bind(Scope::Global, &["g l"], Action::Go(Root::Audit)),
    bind(Scope::Global, &["g q"], Action::Go(Root::Quota)),
    bind(Scope::Global, &["g u"], Action::Go(Root::Plans)),
    bind(Scope::Global, &["g v"], Action::Go(Root::Invoices)),
    bind(Scope::Global, &["g b"], Action::Go(Root::BillingEvents)),
    bind(Scope::Global, &["g r"], Action::Go(Root::Refused)),
    bind(Scope::Global, &["g e"], Action::Go(Root::Subscriptions)),
    bind(Scope::Global, &["g c"], Action::Go(Root::Credentials)),
    bind(Scope::Global, &["g n"], Action::Go(Root::Nodes)),
    bind(Scope::Global, &["g o"], Action::Go(Root::Orders)),
    bind(Scope::Global, &["g s"], Action::Go(Root::Settings)),
    bind(Scope::Global, &["g t"], Action::Go(Root::Users)),
    bind(Scope::Global, &["g w"], Action::Go(Root::Workspaces)),
    bind(Scope::Global, &["g k"], Action::Go(Root::Sessions)),
    bind(Scope::Global, &["g d"], Action::Go(Root::Usage)),
    bind(Scope::Global, &["g f"], Action::Go(Root::Customers)),
    bind(Scope::Global, &["g z"], Action::Go(Root::Organizations)),
    bind(Scope::Global, &["j", "down"], Action::Down),
    bind(Scope::Global, &["k", "up"], Action::Up),
    bind(Scope::Global, &["g g", "home"], Action::Top),
    bind(Scope::Global, &["G", "end"], Action::Bottom),
    bind(Scope::Global, &["^d"], Action::HalfDown),
    bind(Scope::Global, &["^u"], Action::HalfUp),
    bind(Scope::Global, &["^f", "pgdn"], Action::PageDown),
    bind(Scope::Global, &["^b", "pgup"], Action::PageUp),
    bind(Scope::Global, &["enter"], Action::Open),
    bind(Scope::Global, &["esc"], Action::Back),
    bind(Scope::Global, &["/"], Action::Filter),
    bind(Scope::Global, &["!"], Action::NextFailure),
    bind(Scope::Global, &["y y"], Action::YankId),
    bind(Scope::Global, &["y c"], Action::YankCli),
    bind(Scope::Global, &["y j"], Action::YankJson),
    bind(Scope::Global, &["y p"], Action::YankPath),
    bind(Scope::Global, &["y v"], Action::YankValue),
    bind(Scope::Global, &["u"], Action::Undo),
    bind(Scope::Global, &["T"], Action::Theme),
    bind(Scope::Global, &[":"], Action::Palette),
    bind(Scope::Global, &["?"], Action::Help),
    bind(Scope::Global, &["g m"], Action::Messages),
    bind(Scope::Global, &["^r"], Action::Resync),
    bind(Scope::Global, &["^l"], Action::Redraw),
    bind(Scope::Global, &["M"], Action::Mouse),
    bind(Scope::Global, &["^z"], Action::Suspend),
    bind(Scope::Global, &["q"], Action::Close),
    bind(Scope::Global, &["^c"], Action::Quit),
];

/// What a sequence of strokes means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolved {
    /// An action.
    Action(Action),
    /// The beginning of longer sequences.
    Prefix,
    /// Nothing.
    Unknown,
}

/// What `sequence` (strokes with a space between them) means where `scopes` hold, the nearest scope first.
pub fn resolve(scopes: &[Scope], sequence: &str) -> Resolved {
    for scope in scopes {
        let here = BINDINGS.iter().filter(|binding| binding.scope == *scope);
        if let Some(found) = here.clone().find(|binding| binding.keys.contains(&sequence)) {
            return Resolved::Action(found.action);
        }
        let longer = |key: &&str| key.strip_prefix(sequence).is_some_and(|rest| rest.starts_with(' '));
        if here.flat_map(|binding| binding.keys).any(longer) {
            return Resolved::Prefix;
        }
    }
    Resolved::Unknown
}

/// The keys of `action` where `scopes` hold, for help and hints: `j down`.
pub fn keys_of(scopes: &[Scope], action: Action) -> Vec<&'static str> {
    let here = |binding: &&Binding| binding.action == action && scopes.contains(&binding.scope);
    BINDINGS.iter().filter(here).flat_map(|binding| binding.keys).copied().collect()
}
