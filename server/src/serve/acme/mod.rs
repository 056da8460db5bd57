//! The listener's certificate, ordered from an authority and renewed in time (ACME, RFC 8555).
//!
//! That a name is this server's is proven on the listener itself, by a certificate that only answers the authority (TLS-ALPN-01,
//! RFC 8737): no second port, no file. Start at [`Acme::keep_valid`].

mod challenge;
mod error;
mod kept;
mod order;
mod wire;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use instant_acme::{Account, NewAccount};
use tidemill_common::clock::Clock;
use tokio::time::sleep;

pub(super) use challenge::Challenges;
use error::Error;
use kept::Kept;
use order::Ordered;
use wire::Wire;

use super::Certificate;
use crate::config::{AcmeOptions, TlsFiles};
use crate::runner::outbound::Outbound;

/// First and longest pause after an order that failed; it doubles. Let's Encrypt takes five failures per name and hour.
const PAUSE: Duration = Duration::from_secs(60);
const LONGEST_PAUSE: Duration = Duration::from_secs(6 * 60 * 60);
/// The clock is looked at again after so long: a machine may have slept meanwhile.
const LOOK: Duration = Duration::from_secs(60 * 60);

/// Where the certificate is kept in the data directory.
pub fn kept_files(data_dir: &Path, options: &AcmeOptions) -> TlsFiles {
    Kept::of(data_dir, options).files()
}

/// Orders the certificate that the listener shows.
pub(super) struct Acme {
    options: AcmeOptions,
    kept: Kept,
    certificate: Arc<Certificate>,
    outbound: Outbound,
    clock: Arc<dyn Clock>,
}

impl Acme {
    pub(super) fn new(
        (data_dir, options): (&Path, &AcmeOptions),
        certificate: Arc<Certificate>,
        outbound: Outbound,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { options: options.clone(), kept: Kept::of(data_dir, options), certificate, outbound, clock }
    }

    /// Orders a certificate when there is none for all names, and when a third of its time is left; for as long as it is polled.
    pub(super) async fn keep_valid(self) {
        let mut failures = 0;
        loop {
            self.wait_until(self.due()).await;
            let Err(error) = self.renew().await else {
                failures = 0;
                continue;
            };
            let again = pause(failures);
            failures += 1;
            let domains = self.options.domains.join(", ");
            let (error, again_in_s) = (&error as &dyn std::error::Error, again.as_secs());
            tracing::error!(error, domains, again_in_s, "no certificate was given");
            sleep(again).await;
        }
    }

    /// When the certificate should be replaced.
    fn due(&self) -> DateTime<Utc> {
        if self.certificate.is_interim() || !self.certificate.covers(&self.options.domains) {
            return DateTime::UNIX_EPOCH;
        }
        renewal(self.certificate.from(), self.certificate.until())
    }

    async fn wait_until(&self, at: DateTime<Utc>) {
        while let Ok(left) = (at - self.clock.now()).to_std() {
            sleep(left.min(LOOK)).await;
        }
    }

    async fn renew(&self) -> Result<(), Error> {
        let account = self.account().await?;
        let challenges = self.certificate.challenges();
        let ordered = order::order(&account, &self.options.domains, &challenges).await;
        challenges.forget();
        if ordered.as_ref().is_err_and(Error::is_account_unknown) {
            // The authority began anew, or forgot us: the next try asks for another account.
            self.kept.forget_account()?;
        }
        let Ordered { chain, key } = ordered?;
        self.kept.keep_certificate(&chain, &key)?;
        self.certificate.replace(&self.kept.files(), self.clock.now())?;
        if self.certificate.covers(&self.options.domains) { Ok(()) } else { Err(Error::OtherNames) }
    }

    /// The account at the authority, which is made once.
    async fn account(&self) -> Result<Account, Error> {
        let builder = Account::builder_with_http(Box::new(Wire(self.outbound.clone())));
        if let Some(known) = self.kept.account()? {
            return Ok(builder.from_credentials(known).await?);
        }
        let contact = self.options.email.as_ref().map(|email| format!("mailto:{email}"));
        let contact: Vec<&str> = contact.as_deref().into_iter().collect();
        let wanted = NewAccount { contact: &contact, terms_of_service_agreed: true, only_return_existing: false };
        let (account, credentials) = builder.create(&wanted, self.options.directory.to_string(), None).await?;
        self.kept.keep_account(&credentials)?;
        Ok(account)
    }
}

/// When two thirds of the time are over.
fn renewal(from: DateTime<Utc>, until: DateTime<Utc>) -> DateTime<Utc> {
    until - (until - from).max(TimeDelta::zero()) / 3
}

fn pause(failures: u32) -> Duration {
    let factor = 2_u32.checked_pow(failures).unwrap_or(u32::MAX);
    PAUSE.saturating_mul(factor).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_renewed_when_a_third_is_left() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        assert_eq!(renewal(at("2026-01-01T00:00:00Z"), at("2026-04-01T00:00:00Z")), at("2026-03-02T00:00:00Z"));
        assert_eq!(renewal(at("2026-01-02T00:00:00Z"), at("2026-01-01T00:00:00Z")), at("2026-01-01T00:00:00Z"));
    }

    #[test]
    fn failures_are_followed_by_longer_pauses() {
        let minutes: Vec<u64> = (0..11).map(|failures| pause(failures).as_secs() / 60).collect();
        assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360]);
        assert_eq!(pause(u32::MAX), LONGEST_PAUSE);
    }
}
