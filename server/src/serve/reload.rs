//! What a running server takes over: on SIGHUP the settings that can change while it runs, and certificates also when their
//! files were written.

use std::sync::Arc;
use std::time::Duration;

use tidemill_common::clock::Clock;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::interval;

use super::live::LiveSettings;
use super::{Certificate, Error};
use crate::config::{Key, Loaded, ServeArgs, Tls};
use crate::runner::outbound::Outbound;
use crate::telemetry::{LogLevel, UpkeepMetrics};

/// How often is looked whether the files of the certificate were written. Two system calls, and none without TLS.
const LOOK: Duration = Duration::from_secs(5);

/// The configuration in force, and how to read it again.
pub(super) struct Reload {
    hangup: Signal,
    args: ServeArgs,
    loaded: Loaded,
    level: LogLevel,
}

/// What can be changed while the server runs.
pub(super) struct Running<'a> {
    pub(super) outbound: &'a Outbound,
    pub(super) settings: &'a LiveSettings,
    pub(super) certificate: Option<Arc<Certificate>>,
    pub(super) metrics: UpkeepMetrics,
    pub(super) clock: Arc<dyn Clock>,
}

impl Reload {
    /// From now on SIGHUP no longer ends the process.
    pub(super) fn listen(loaded: Loaded, args: ServeArgs, level: LogLevel) -> Result<Self, Error> {
        Ok(Self { hangup: signal(SignalKind::hangup()).map_err(Error::Signals)?, args, loaded, level })
    }

    /// Takes over what changes, for as long as it is polled.
    pub(super) async fn watch(mut self, running: Running<'_>) {
        let mut look = interval(LOOK);
        running.show_certificate();
        loop {
            tokio::select! {
                Some(()) = self.hangup.recv() => self.read_again(&running),
                _ = look.tick(), if running.certificate.is_some() => running.look_at_certificate(),
            }
        }
    }

    fn read_again(&mut self, running: &Running<'_>) {
        let fresh = match Loaded::load(self.args.clone()) {
            Ok(fresh) => fresh,
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, "the configuration was read again and is wrong; nothing has changed");
                return;
            }
        };
        let (taken, restart): (Vec<Key>, Vec<Key>) =
            self.loaded.changed(&fresh).into_iter().partition(|key| key.is_reloaded() && !self.begins_or_ends_tls(key, &fresh));
        self.take_over(&fresh, running);
        let (taken, restart) = (names(&taken), names(&restart));
        tracing::info!(taken, "the configuration was read again");
        if !restart.is_empty() {
            tracing::warn!(restart, "these settings have changed and need a restart");
        }
    }

    /// A listener doesn't change between HTTP and HTTPS while it listens, nor between files and an authority.
    fn begins_or_ends_tls(&self, key: &Key, fresh: &Loaded) -> bool {
        let has_files = |loaded: &Loaded| matches!(loaded.config.tls, Some(Tls::Files(_)));
        key.name.starts_with("tls_") && has_files(&self.loaded) != has_files(fresh)
    }

    /// What needs a restart is compared with what the server began with, until it is restarted.
    fn take_over(&mut self, fresh: &Loaded, running: &Running<'_>) {
        if let Err(error) = self.level.set(&fresh.config.log_level) {
            tracing::error!(error = &error as &dyn std::error::Error, "the log level stays what it was");
        }
        if let Err(error) = running.settings.take_over(&fresh.config, running.outbound) {
            tracing::error!(error = &error as &dyn std::error::Error, "not all of it could be taken over");
        }
        if let (Some(certificate), Some(Tls::Files(_)), Some(Tls::Files(files))) =
            (&running.certificate, &self.loaded.config.tls, &fresh.config.tls)
            && let Err(error) = certificate.replace(files, running.clock.now())
        {
            tracing::error!(error = &error as &dyn std::error::Error, "the certificate stays what it was");
        }
        self.loaded.took_over(fresh);
    }
}

impl Running<'_> {
    /// Says until when the certificate is valid.
    fn show_certificate(&self) {
        if let Some(certificate) = &self.certificate {
            self.metrics.certificate(certificate.until());
        }
    }

    fn look_at_certificate(&self) {
        self.show_certificate();
        let Some(certificate) = &self.certificate else { return };
        let Some(files) = certificate.rewritten() else { return };
        // Both files are seldom written at once: half of a new pair is no pair, and is looked at again with the other half.
        if let Err(error) = certificate.replace(&files, self.clock.now()) {
            certificate.seen();
            tracing::warn!(error = &error as &dyn std::error::Error, "the certificate's files were written; the old one stays");
        }
    }
}

fn names(keys: &[Key]) -> String {
    keys.iter().map(|key| key.name.as_str()).collect::<Vec<_>>().join(", ")
}
