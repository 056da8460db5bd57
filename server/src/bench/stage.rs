//! What a scenario has at hand: a server, the options, and a way to say what is going on.

use super::api::Api;
use super::connection::Request;
use super::load::{Load, Until};
use super::report::{Case, Section};
use super::target::Target;
use super::{BenchOptions, Error, Scenario, bulk};
use crate::store::queries::bench::EventShapes;

/// What a scenario has at hand.
pub(super) struct Stage<'a> {
    /// What was asked for.
    pub(super) options: &'a BenchOptions,
    /// The server.
    pub(super) target: &'a Target,
    /// What is measured.
    pub(super) scenario: Scenario,
    /// Tells people what is going on.
    pub(super) progress: &'a dyn Fn(&str),
}

impl Stage<'_> {
    /// The server's API.
    pub(super) fn api(&self) -> Api<'_> {
        Api(self.target)
    }

    /// Tells people what is going on.
    pub(super) fn say(&self, what: &str) {
        (self.progress)(&format!("{}: {what}", self.scenario.name()));
    }

    /// A load on the server.
    pub(super) fn load(&self, request: Request, clients: u32, until: Until) -> Load {
        Load::new(&self.target.address, request, clients, until)
    }

    /// The server's Postgres, for a scenario that can't do without.
    pub(super) fn postgres(&self) -> Result<&str, Error> {
        self.target.postgres_url.as_deref().ok_or_else(|| Error::NeedsPostgres(self.scenario.name()))
    }

    /// Executions a second that the server's Postgres takes when it only inserts those with these events; nothing when it can't
    /// be reached from here.
    pub(super) async fn bulk(&self, events: EventShapes) -> Result<Option<f64>, Error> {
        let Some(url) = self.target.postgres_url.clone() else { return Ok(None) };
        self.say("Postgres alone");
        bulk::rate(url, events, self.options.duration).await.map(Some)
    }

    /// What the scenario found.
    pub(super) fn section(&self, bulk_per_second: Option<f64>, cases: Vec<Case>) -> Section {
        Section { scenario: self.scenario.name(), about: self.scenario.about(), bulk_per_second, cases }
    }
}
