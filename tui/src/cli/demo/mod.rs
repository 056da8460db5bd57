//! `demo`: the main job on real input. A fresh server triages the pushes of this repository's own last commits.
//!
//! [`commits`] reads them, [`delivery`] sends them as GitHub does, [`tracker`] is whom the workflow calls, [`feed`] shows
//! the executions live, [`server`] is the child process, [`summary`] reads everything back.

mod commits;
mod delivery;
mod feed;
mod server;
mod stage;
mod summary;
mod tracker;

use std::time::Duration;

use clap::Args;
use futures_util::future::try_join_all;
use tidemill_common::api::trigger::DeliveryView;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, timeout};

use self::commits::History;
use self::delivery::Sender;
use self::feed::{Feed, Seen};
use self::server::Server;
use self::stage::{Place, Stage};
use self::summary::Summary;
use self::tracker::Tracker;
use super::session::Session;
use super::{Error, Exit};
use crate::client::{Client, FileFormat};

const WORKFLOW: &str = include_str!("push-triage.yaml");
const WORKFLOW_ID: &str = "push-triage";
const WEBHOOK_PATH: &str = "github/push";
const SECRET: &str = "github_webhook";
/// What stands in the workflow file for the tracker's address.
const TRACKER: &str = "https://tracker.example";
/// Longest wait for all executions.
const PATIENCE: Duration = Duration::from_secs(120);

/// Show the main job: push deliveries through a fresh server
#[derive(Debug, Args)]
#[command(
    after_help = "Starts a server in a fresh directory, installs a workflow, sends it the last\ncommits of the repository around you as signed \
                        GitHub push deliveries, shows\nthe executions live, and reads each one back.\n\nExamples:\n  tidemill demo\n  tidemill demo \
                        --commits 50 --keep"
)]
pub struct Demo {
    /// How many commits to push
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u16).range(1..=500))]
    commits: u16,
    /// Leave the data there afterwards, to open it in the front end
    #[arg(long)]
    keep: bool,
}

impl Demo {
    /// Exit code 0 only when every execution succeeded and was read back.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        // `--data-dir` says where, here as everywhere; a variable that names a real server's directory is not meant.
        let place = Place::new(session.globals.data_dir.clone(), self.keep)?;
        let stage = Stage(&session.printer);
        let mut server = None;
        let outcome = tokio::select! {
            shown = self.show(&place, &mut server, stage) => shown.map(Some),
            caught = interrupted() => caught.map(|()| None).map_err(Error::from),
        };
        let stopped = stop(server, stage).await;
        let kept = place.is_kept().then(|| place.data_dir());
        let cleaned = place.clean();
        let summary = outcome?;
        cleaned?;
        let Some(summary) = summary else {
            // A server that had hardly begun ends by the signal itself: how it stopped says nothing here.
            stage.say(if kept.is_some() {
                "interrupted; the directory was kept"
            } else {
                "interrupted; nothing is left behind"
            })?;
            return Ok(Exit::Interrupted);
        };
        stopped?;
        summary.print(&session.printer, kept.as_deref())
    }

    async fn show(&self, place: &Place, server: &mut Option<Server>, stage: Stage<'_>) -> Result<Summary, Error> {
        let history = commits::read(&std::env::current_dir()?, self.commits.into()).await?;
        let tracker = Tracker::start().await?;
        stage.title("starting a server in a fresh directory")?;
        let started = Instant::now();
        let client = server.insert(Server::spawn(&place.data_dir(), &place.log())?).ready().await?;
        stage.say(&format!("  {} is ready after {:.1} s", client.server(), started.elapsed().as_secs_f32()))?;
        let sender = install(&client, &tracker, stage).await?;
        announce(&history, stage)?;
        let feed = Feed::open(&client).await?;
        let (deliveries, seen) = timeout(PATIENCE, Box::pin(push_and_watch(&history, &sender, feed, stage)))
            .await
            .map_err(|_| Error::Demo(format!("not all executions ended within {} s", PATIENCE.as_secs())))??;
        stage.title("reading each execution back")?;
        let first = seen.first_end.map_or_else(|| started.elapsed(), |at| at - started);
        Summary::read(&client, deliveries, &seen, tracker.filed(), first).await
    }
}

/// Stores the webhook's secret, applies the workflow, and switches it on.
async fn install(client: &Client, tracker: &Tracker, stage: Stage<'_>) -> Result<Sender, Error> {
    stage.title("installing the workflow push-triage")?;
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| Error::Demo(format!("no random bytes: {error}")))?;
    let secret = hex::encode(bytes);
    client.secret_set(SECRET, secret.clone()).await?;
    let source = WORKFLOW.replace(TRACKER, &tracker.url());
    let applied = client.workflow_apply(WORKFLOW_ID, &source, FileFormat::Yaml, None).await?;
    client.workflow_activate(WORKFLOW_ID, Some(applied.workflow.version)).await?;
    let workspace = client.user().await?.workspace.slug;
    let path = format!("/hooks/{workspace}/{WEBHOOK_PATH}");
    stage.say(&format!("  deliveries go to {path}, the workflow calls {}", tracker.url()))?;
    Sender::new(format!("{}{path}", client.server()), secret)
}

fn announce(history: &History, stage: Stage<'_>) -> Result<(), Error> {
    let (count, repository) = (history.commits.len(), &history.repository);
    stage.title(&format!("pushing {count} commits of {repository} ({})", history.branch))?;
    match &history.instead_of {
        Some(reason) => stage.say(&format!("  these commits come with the binary, because here: {reason}")),
        None => Ok(()),
    }
}

/// Sends all deliveries at once and shows what they start, to the end.
async fn push_and_watch(
    history: &History,
    sender: &Sender,
    feed: Feed,
    stage: Stage<'_>,
) -> Result<(Vec<DeliveryView>, Seen), Error> {
    let payloads: Vec<_> = (0..history.commits.len()).map(|index| delivery::payload(history, index)).collect();
    let pushing = try_join_all(payloads.iter().map(|payload| sender.send(payload)));
    tokio::try_join!(pushing, feed.show(payloads.len(), stage))
}

async fn stop(server: Option<Server>, stage: Stage<'_>) -> Result<(), Error> {
    let Some(server) = server else { return Ok(()) };
    stage.title("stopping the server")?;
    let status = server.stop().await?;
    if status.success() { Ok(()) } else { Err(Error::Demo(format!("the server did not stop in order ({status})"))) }
}

/// Returns when someone wants us to end.
async fn interrupted() -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::select! {
        caught = tokio::signal::ctrl_c() => caught,
        _ = terminate.recv() => Ok(()),
        _ = hangup.recv() => Ok(()),
    }
}
