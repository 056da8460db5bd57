//! The commands that talk to a server, and which code answers each.

use std::process::ExitCode;

use clap::{Command, Subcommand};
use tidemill_common::api::workflow::ValidationView;

use super::globals::Globals;
use super::output;
use super::session::Session;
use super::{
    Error, Exit, about, activate, apply, approve, audit, bulk, cancel, code, credential, ctx, delete, demo, describe, diff,
    dlq, get, invite, login, logs, nouns,
};
use super::{billing, member, org, plan, quota, share, user};
use super::{
    pause, raw, retry, schedule, secret, start, subscription, terminal, token, trigger, validate, watch, why, workspace,
};

/// The commands that talk to a server; flatten them into the top-level parser beside [`Globals`].
#[derive(Debug, Subcommand)]
pub enum ClientCommand {
    /// Show the main job: push deliveries through a fresh server
    Demo(demo::Demo),
    /// Open the full-screen front end
    Tui(terminal::Tui),
    /// Sign in, and keep the session as a context
    Login(login::Login),
    /// Forget the stored token of a context
    Logout(login::Logout),
    /// List, add, switch and remove contexts
    #[command(subcommand, visible_alias = "context")]
    Ctx(ctx::Ctx),
    /// Create workflows, or new versions of them, from files
    Apply(apply::Apply),
    /// Check workflow files; change nothing
    Validate(validate::Validate),
    /// Show how files differ from the newest versions
    Diff(diff::Diff),
    /// List things, or one of them
    Get(get::Get),
    /// Show everything about one thing
    Describe(describe::Describe),
    /// Remove a workflow; its executions stay
    Delete(delete::Delete),
    /// Start an execution of a workflow
    Run(start::Run),
    /// Print an execution's events until it ends
    Watch(watch::Watch),
    /// Print an execution's events
    Logs(logs::Logs),
    /// Cancel an execution
    Cancel(cancel::Cancel),
    /// Say why an execution isn't moving: the whole chain
    Why(why::Why),
    /// Pause an execution: what is under way ends, nothing new begins
    Pause(pause::Pause),
    /// Let a paused execution go on
    Resume(pause::Resume),
    /// Try an execution again: a new one, linked to it
    Retry(retry::Retry),
    /// Approve what a step of an execution waits for
    Approve(approve::Approve),
    /// Reject what a step of an execution waits for
    Reject(approve::Reject),
    /// Decide about a step whose node was lost and that is never repeated by itself
    Decide(approve::Decide),
    /// Cancel or retry every execution that fits
    #[command(subcommand)]
    Bulk(bulk::Bulk),
    /// List, replay and discard executions that failed for good
    #[command(subcommand, visible_alias = "dead-letters")]
    Dlq(dlq::Dlq),
    /// Try code out in the server's sandbox
    #[command(subcommand)]
    Code(code::Code),
    /// Switch a workflow's triggers on
    Activate(activate::Activate),
    /// Switch a workflow's triggers off
    Deactivate(activate::Deactivate),
    /// Commands about executions
    #[command(subcommand, visible_aliases = ["exec", "ex", "executions"])]
    Execution(nouns::Execution),
    /// Commands about workflows
    #[command(subcommand, visible_aliases = ["wf", "flow", "workflows"])]
    Workflow(nouns::Workflow),
    /// List, show and try out triggers
    #[command(subcommand, visible_alias = "triggers")]
    Trigger(trigger::Trigger),
    /// Explain schedules
    #[command(subcommand, visible_alias = "schedules")]
    Schedule(schedule::Schedule),
    /// Addresses outside that are told of events, by signed deliveries
    #[command(subcommand, visible_alias = "subscriptions")]
    Subscription(subscription::Subscription),
    /// Make, list and revoke API tokens
    #[command(subcommand, visible_alias = "tokens")]
    Token(token::Token),
    /// Set, list and remove secrets
    #[command(subcommand, visible_alias = "secrets")]
    Secret(secret::Secret),
    /// Set, list, show and remove credentials: secrets that go to their hosts only
    #[command(subcommand, visible_alias = "credentials")]
    Credential(credential::Credential),
    /// List, make, rename, archive and delete workspaces
    #[command(subcommand, visible_alias = "workspaces")]
    Workspace(workspace::Workspace),
    /// Your organization and its users
    #[command(subcommand, visible_alias = "organization")]
    Org(org::Org),
    /// Who may do what in the workspace
    #[command(subcommand, visible_alias = "members")]
    Member(member::Member),
    /// Links into the workspace
    #[command(subcommand, visible_alias = "invites")]
    Invite(invite::Invite),
    /// Things for others, beyond their roles
    #[command(subcommand, visible_alias = "shares")]
    Share(share::Share),
    /// What organizations may have, and going to another plan
    #[command(subcommand, visible_alias = "plans")]
    Plan(plan::Plan),
    /// What the plan allows, what is used, and what was refused
    #[command(subcommand, visible_alias = "quotas")]
    Quota(quota::Quota),
    /// Invoices, history and payments
    #[command(subcommand)]
    Billing(billing::Billing),
    /// Who changed what
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Your own account
    #[command(subcommand)]
    User(user::User),
    /// Send any API request and print the answer
    Api(raw::Api),
    /// Print the version
    Version(about::Version),
    /// Print a completion script for a shell
    Completions(about::Completions),
    /// Write a manual page per command
    Man(about::Man),
    /// Print what the exit codes mean
    #[command(after_help = "Example:\n  tidemill exit-codes")]
    ExitCodes,
    /// Print which environment variables are read
    #[command(after_help = "Example:\n  tidemill environment")]
    Environment,
}

/// What the binary brings along that is not ours.
#[derive(Debug, Clone, Copy)]
pub struct Binary {
    /// The whole command line, for manual pages.
    pub parser: fn() -> Command,
    /// Checks a workflow file as a server does, except for the code in it.
    pub check: fn(&str) -> ValidationView,
    /// Names and versions of what it brings along inside.
    pub carries: fn() -> Vec<&'static str>,
}

/// Runs `command` to its end.
pub fn run(command: ClientCommand, globals: Globals, binary: Binary) -> ExitCode {
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(run_async(command, globals, binary)),
        Err(error) => {
            eprintln!("error: no threads can be started: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run_async(command: ClientCommand, globals: Globals, binary: Binary) -> ExitCode {
    let json = globals.output.is_some_and(super::output::Format::is_json);
    let session = match Session::new(globals) {
        Ok(session) => session,
        Err(error) => {
            // There is no printer yet.
            if json {
                eprintln!("{}", error.to_json());
            } else {
                eprintln!("error: {}", error.message());
            }
            return error.exit().into();
        }
    };
    let done = Box::pin(dispatch(command, &session, binary)).await;
    match done.and_then(|exit| session.printer.failure().map_or(Ok(exit), Err)) {
        Ok(exit) => exit.into(),
        Err(error) => {
            session.printer.error(&error);
            error.exit().into()
        }
    }
}

async fn dispatch(command: ClientCommand, session: &Session, binary: Binary) -> Result<Exit, Error> {
    use ClientCommand as C;
    match command {
        C::Demo(demo) => Box::pin(demo.run(session)).await,
        C::Tui(tui) => tui.run(session).await,
        C::Login(login) => login.run(session).await,
        C::Logout(logout) => logout.run(session).await,
        C::Ctx(ctx) => ctx.run(session),
        C::Apply(apply) => apply.run(session).await,
        C::Validate(validate) => validate.run(session, binary.check).await,
        C::Diff(diff) => diff.run(session).await,
        C::Get(get) => get.run(session).await,
        C::Describe(describe) => describe.run(session).await,
        C::Delete(delete) => delete.run(session).await,
        C::Run(run) => run.run(session).await,
        C::Watch(watch) => watch.run(session).await,
        C::Logs(logs) => logs.run(session).await,
        C::Cancel(cancel) => cancel.run(session).await,
        C::Why(why) => why.run(session).await,
        C::Pause(pause) => pause.run(session).await,
        C::Resume(resume) => resume.run(session).await,
        C::Retry(retry) => retry.run(session).await,
        C::Approve(approve) => approve.run(session).await,
        C::Reject(reject) => reject.run(session).await,
        C::Decide(decide) => decide.run(session).await,
        C::Bulk(bulk) => bulk.run(session).await,
        C::Dlq(dlq) => dlq.run(session).await,
        C::Code(code) => code.run(session).await,
        C::Activate(activate) => activate.run(session).await,
        C::Deactivate(deactivate) => deactivate.run(session).await,
        C::Execution(execution) => execution.run(session).await,
        C::Workflow(workflow) => workflow.run(session, binary.check).await,
        C::Trigger(trigger) => trigger.run(session).await,
        C::Schedule(schedule) => schedule.run(session).await,
        C::Subscription(subscription) => subscription.run(session).await,
        C::Token(token) => token.run(session).await,
        C::Secret(secret) => secret.run(session).await,
        C::Credential(credential) => credential.run(session).await,
        C::Workspace(workspace) => workspace.run(session).await,
        C::Org(org) => org.run(session).await,
        C::Member(member) => member.run(session).await,
        C::Invite(invite) => invite.run(session).await,
        C::Share(share) => share.run(session).await,
        C::Plan(plan) => plan.run(session).await,
        C::Quota(quota) => quota.run(session).await,
        C::Billing(billing) => billing.run(session).await,
        C::Audit(audit) => audit.run(session).await,
        C::User(user) => user.run(session).await,
        C::Api(api) => api.run(session).await,
        C::Version(_) => about::Version::run(session, &(binary.carries)()),
        C::Completions(completions) => completions.run(),
        C::Man(man) => man.run((binary.parser)()),
        C::ExitCodes => output::write(&about::exit_codes()).map(|()| Exit::Ok),
        C::Environment => output::write(about::ENVIRONMENT).map(|()| Exit::Ok),
    }
}

#[cfg(test)]
#[path = "command_tests.rs"]
mod tests;
