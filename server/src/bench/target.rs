//! The server that is driven: one that runs already, or a temporary one of this very binary.

use super::temporary::Temporary;
use super::{BenchOptions, Error};
use crate::store::queries::bench::run_in;

/// Where requests go.
#[derive(Debug)]
pub(super) struct Target {
    /// `host:port`.
    pub(super) address: String,
    /// A token that may install workflows.
    pub(super) token: String,
    /// Postgres behind it, if we may measure it.
    pub(super) postgres_url: Option<String>,
    /// The server, if it is ours.
    pub(super) temporary: Option<Temporary>,
}

impl Target {
    /// The server that the options name, or a temporary one.
    pub(super) async fn open(options: &BenchOptions) -> Result<Self, Error> {
        let Some(url) = &options.url else { return Self::temporary(options).await };
        let token = options.token.clone().ok_or(Error::NoToken)?;
        Ok(Self { address: address_of(url)?, token, postgres_url: options.postgres_url.clone(), temporary: None })
    }

    async fn temporary(options: &BenchOptions) -> Result<Self, Error> {
        let (server, address) = Temporary::start(options.postgres_bin.as_deref()).await?;
        let (token, postgres_url) = (server.token()?, server.postgres_url()?);
        let url = postgres_url.clone();
        let ran_in = tokio::task::spawn_blocking(move || run_in(&url)).await;
        ran_in.unwrap_or_else(|stopped| std::panic::resume_unwind(stopped.into_panic()))?;
        Ok(Self { address, token, postgres_url: Some(postgres_url), temporary: Some(server) })
    }
}

/// `host:port` of `http://host:port`.
pub(super) fn address_of(url: &str) -> Result<String, Error> {
    let address = url.strip_prefix("http://").map(|rest| rest.trim_end_matches('/'));
    let address = address.filter(|address| !address.is_empty() && !address.contains('/'));
    let address = address.ok_or_else(|| Error::Url(url.to_owned()))?;
    let has_port = address.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    Ok(if has_port { address.to_owned() } else { format!("{address}:80") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        assert_eq!(address_of("http://127.0.0.1:7700/").unwrap(), "127.0.0.1:7700");
        assert_eq!(address_of("http://example.org").unwrap(), "example.org:80");
        assert_eq!(address_of("http://[::1]:7700").unwrap(), "[::1]:7700");
        for wrong in ["https://example.org", "example.org", "http://", "http://example.org/api"] {
            assert!(address_of(wrong).is_err(), "{wrong}");
        }
    }
}
