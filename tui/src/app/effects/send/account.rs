//! Orders about whoever asks.

use crate::app::order::{AccountOrder, Enrolled, Once, Outcome};
use crate::client::{Client, Error};

/// Sends `order`.
pub async fn send(client: &Client, order: &AccountOrder) -> Result<Outcome, Error> {
    match order {
        AccountOrder::Password(wanted) => client.password_change(wanted).await?,
        AccountOrder::FactorBegin => {
            let made = client.totp_enroll().await?;
            return Ok(Outcome::Enrolled(Enrolled { secret: made.secret, url: made.url }));
        }
        AccountOrder::FactorConfirm(code) => {
            let made = client.totp_confirm(code).await?;
            let title = "the second factor is on: each of these codes replaces it once".to_owned();
            return Ok(Outcome::Once(Once { title, secret: made.codes.join("\n") }));
        }
        AccountOrder::FactorEnd(code) => client.totp_disable(code).await?,
        AccountOrder::Device(answer) => client.device_approve(answer).await?,
        AccountOrder::SignOut(_) => client.sign_out().await?,
        AccountOrder::Erase(wanted) => client.account_erase(wanted).await?,
    }
    Ok(Outcome::Done)
}
