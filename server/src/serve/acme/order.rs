//! One order: the names are proven, a key is made, the certificate is fetched.

use std::time::Duration;

use instant_acme::{Account, AuthorizationStatus, ChallengeType, Identifier, NewOrder, Order, OrderStatus, RetryPolicy};

use super::{Challenges, Error};

/// How long the authority may take to ask, and to sign.
const PATIENCE: RetryPolicy = RetryPolicy::new().timeout(Duration::from_secs(120));

/// What an authority gave.
pub(super) struct Ordered {
    /// The certificate and those of its issuers (PEM).
    pub(super) chain: String,
    /// Its private key (PEM), which was made here.
    pub(super) key: String,
}

/// Orders one certificate for all `domains`. The answers to the authority's questions are put into `challenges`.
pub(super) async fn order(account: &Account, domains: &[String], challenges: &Challenges) -> Result<Ordered, Error> {
    let names: Vec<Identifier> = domains.iter().cloned().map(Identifier::Dns).collect();
    let mut order = account.new_order(&NewOrder::new(&names)).await?;
    prove(&mut order, challenges).await?;
    if order.poll_ready(&PATIENCE).await.ok() != Some(OrderStatus::Ready) {
        return Err(Error::Unproven(reasons(&mut order).await?));
    }
    let key = order.finalize().await?;
    let chain = order.poll_certificate(&PATIENCE).await?;
    Ok(Ordered { chain, key })
}

/// Lets the authority ask for each name that it has not seen proven lately.
async fn prove(order: &mut Order, challenges: &Challenges) -> Result<(), Error> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        if matches!(authorization.status, AuthorizationStatus::Valid) {
            continue;
        }
        let name = authorization.identifier().to_string();
        let Some(mut challenge) = authorization.challenge(ChallengeType::TlsAlpn01) else {
            return Err(Error::OtherChallenges(name));
        };
        challenges.expect(&name, challenge.key_authorization().digest().as_ref())?;
        challenge.set_ready().await?;
    }
    Ok(())
}

/// What the authority says about each name that was not proven.
async fn reasons(order: &mut Order) -> Result<String, Error> {
    let mut reasons = Vec::new();
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        let state = authorization.refresh().await?;
        let name = state.identifier().to_string();
        let errors = state.challenges.iter().filter_map(|challenge| challenge.error.as_ref());
        reasons.extend(errors.map(|error| format!("{name}: {}", error.detail.as_deref().unwrap_or("no reason was given"))));
    }
    if reasons.is_empty() {
        reasons.push("it did not ask in time".to_owned());
    }
    Ok(reasons.join("; "))
}
