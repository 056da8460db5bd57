//! The settings that are exchanged while the server runs, where they are used.

use std::sync::OnceLock;

use super::ground::outbound_policy;
use super::{Error, files};
use crate::config::{Retention, Role, ServeConfig};
use crate::domain::payload::PayloadLimits;
use crate::ingress::Surroundings;
use crate::live::{Live, Room};
use crate::runner::outbound::Outbound;

/// The settings that are exchanged while the server runs.
pub(super) struct LiveSettings {
    /// Where others reach this server, without a slash at its end.
    pub(super) url: Live<String>,
    /// The way to it.
    pub(super) surroundings: Live<Surroundings>,
    /// How long what has ended is kept.
    pub(super) retention: Live<Retention>,
    /// How large inputs and outputs may be.
    pub(super) payload_limits: Live<PayloadLimits>,
    /// Executions that run at once. A node without the role has no room, and nothing else about it differs.
    pub(super) executions: Room,
    /// Deliveries that are answered at once.
    pub(super) deliveries: Room,
    /// The address that it listens on, once it does.
    own: OnceLock<String>,
}

impl LiveSettings {
    pub(super) fn of(config: &ServeConfig) -> Self {
        Self {
            url: Live::new(public_url(config).unwrap_or_else(|| "http://localhost".to_owned())),
            surroundings: Live::new(surroundings(config)),
            retention: Live::new(config.retention),
            payload_limits: Live::new(config.payload_limits),
            executions: Room::new(most_executions(config)),
            deliveries: Room::new(config.max_inflight_webhooks),
            own: OnceLock::new(),
        }
    }

    /// It listens on `own`; says so to those who look into the data directory.
    pub(super) fn listens(&self, own: String, config: &ServeConfig) -> Result<(), Error> {
        self.url.set(public_url(config).unwrap_or_else(|| own.clone()));
        let announced = self.announce(&own, config);
        // It listens once.
        drop(self.own.set(own));
        announced
    }

    /// Takes over what `config` says. What the outbound client can't be made for stays as it was.
    pub(super) fn take_over(&self, config: &ServeConfig, outbound: &Outbound) -> Result<(), Error> {
        self.surroundings.set(surroundings(config));
        self.retention.set(config.retention);
        self.payload_limits.set(config.payload_limits);
        self.executions.resize(most_executions(config));
        self.deliveries.resize(config.max_inflight_webhooks);
        if let Some(own) = self.own.get() {
            self.url.set(public_url(config).unwrap_or_else(|| own.clone()));
            self.announce(own, config)?;
        }
        Ok(outbound.replace(outbound_policy(config, outbound.budget())?)?)
    }

    /// A certificate is for names, seldom for addresses.
    fn announce(&self, own: &str, config: &ServeConfig) -> Result<(), Error> {
        let url = self.url.get();
        files::announce(&config.data_dir, if own.starts_with("https:") { url.as_str() } else { own })
    }
}

fn public_url(config: &ServeConfig) -> Option<String> {
    config.public_url.as_ref().map(|url| url.as_str().trim_end_matches('/').to_owned())
}

/// Where this node is, as its senders see it.
fn surroundings(config: &ServeConfig) -> Surroundings {
    Surroundings { public_url: config.public_url.clone(), trusted_proxies: config.trusted_proxies.clone() }
}

fn most_executions(config: &ServeConfig) -> usize {
    if config.roles.contains(&Role::Executor) { config.max_running_executions } else { 0 }
}
