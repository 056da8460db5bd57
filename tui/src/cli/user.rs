//! `user`: your own account: name, password, second factor, sessions, data.

use clap::{Args, Subcommand};
use serde_json::json;
use tidemill_common::api::account::{AccountErase, AccountUpdate};
use tidemill_common::api::session::{DeviceApprove, PasswordChange, PasswordReset, TotpCode};
use tidemill_common::ids::SessionId;

use super::invite::behind;
use super::session::Session;
use super::{Error, Exit, output, prompt};
use crate::client::Client;

/// Shows and changes your own account
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  tidemill user password --email ann@example.com")]
pub enum User {
    /// Show your account
    #[command(after_help = "Example:\n  tidemill user show -o json")]
    Show,
    /// Change the name that others see
    Rename(Rename),
    /// Set your password; all other sessions end
    Password(Password),
    /// Set your password with a link that an admin gave you
    ResetPassword(ResetPassword),
    /// Switch a second factor on or off
    #[command(subcommand)]
    Totp(Totp),
    /// List where you are signed in
    #[command(after_help = "Example:\n  tidemill user sessions")]
    Sessions,
    /// End one of your sessions
    EndSession(EndSession),
    /// Sign in a device that shows a code
    Approve(Approve),
    /// Print everything that the server keeps about you
    #[command(after_help = "Example:\n  tidemill user export > me.json")]
    Export,
    /// Erase your account
    Erase(Erase),
}

/// Change the name that others see
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill user rename Ann")]
pub struct Rename {
    /// The name
    name: String,
}

/// Set your password; all other sessions end
#[derive(Debug, Args)]
#[command(
    after_help = "The new password comes from stdin or is asked for without echo, and so is the\npresent one.\n\nExample:\n  tidemill user password --email ann@example.com"
)]
pub struct Password {
    /// The address to sign in with, where the account has none yet
    #[arg(long)]
    email: Option<String>,
    /// The present password is needed: ask for it first
    #[arg(long)]
    change: bool,
    /// The code of your second factor, if you have one
    #[arg(long)]
    code: Option<String>,
}

/// Set your password with a link that an admin gave you
#[derive(Debug, Args)]
#[command(
    after_help = "The new password comes from stdin or is asked for without echo.\n\nExample:\n  tidemill user reset-password https://flows.example.com/reset/tmr_abc"
)]
pub struct ResetPassword {
    /// The link
    link: String,
}

/// Switch a second factor on or off
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  tidemill user totp enroll")]
pub enum Totp {
    /// Print the secret for an authenticator app
    #[command(after_help = "Example:\n  tidemill user totp enroll")]
    Enroll,
    /// Switch it on with a first code; prints recovery codes
    Confirm(Code),
    /// Switch it off with a code or a recovery code
    Disable(Code),
}

/// A code of the second factor
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill user totp confirm 123456")]
pub struct Code {
    /// Six digits, or a recovery code
    code: String,
}

/// End one of your sessions
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill user end-session 01990000-0000-7000-8000-000000000001")]
pub struct EndSession {
    /// The session's id
    id: SessionId,
}

/// Sign in a device that shows a code
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tidemill user approve WDJB-MJHT\n  tidemill user approve WDJB-MJHT --refuse")]
pub struct Approve {
    /// The code that the device shows
    user_code: String,
    /// Refuse it instead
    #[arg(long)]
    refuse: bool,
}

/// Erase your account
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill user erase --confirm ann")]
pub struct Erase {
    /// The name of the account, as a sign that it is meant
    #[arg(long, value_name = "NAME")]
    confirm: String,
}

impl User {
    /// Does what was asked.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        // One of them needs no token.
        let (client, printer) = (|| session.client(), &session.printer);
        match self {
            Self::Show => {
                let account = client()?.user().await?;
                let admin = if account.organization_admin { ", its admin" } else { "" };
                let words =
                    format!("is {} of {}{admin}; acts on {}", account.name, account.organization_name, account.workspace.slug);
                printer.change("user", &account.user_id.to_string(), &words, &account)?;
            }
            Self::Rename(Rename { name }) => {
                let account = client()?.account_update(&AccountUpdate { name }).await?;
                printer.change("user", &account.user_id.to_string(), "renamed", &account)?;
            }
            Self::Password(password) => password.run(session, &client()?).await?,
            Self::ResetPassword(ResetPassword { link }) => {
                let opened = behind(&link, "/reset/", session.ca());
                let missing = || Error::Usage("the link of an admin has /reset/ in it".to_owned());
                let (client, secret) = opened.ok_or_else(missing)??;
                client.password_reset(&PasswordReset { secret, password: prompt::secret("new password")? }).await?;
                printer.change("password", "yours", "set", &json!({ "set": true }))?;
            }
            Self::Totp(totp) => totp.run(session, &client()?).await?,
            Self::Sessions => printer.list(&client()?.sessions().await?.items)?,
            Self::EndSession(EndSession { id }) => {
                client()?.session_revoke(id).await?;
                printer.change("session", &id.to_string(), "ended", &json!({ "id": id, "ended": true }))?;
            }
            Self::Approve(Approve { user_code, refuse }) => {
                client()?.device_approve(&DeviceApprove { user_code: user_code.clone(), approve: !refuse }).await?;
                let done = if refuse { "refused" } else { "signed in" };
                printer.change("device", &user_code, done, &json!({ "user_code": user_code, "approved": !refuse }))?;
            }
            Self::Export => output::write_line(&format!("{:#}", client()?.account_export().await?))?,
            Self::Erase(Erase { confirm }) => {
                client()?.account_erase(&AccountErase { confirm: confirm.clone() }).await?;
                printer.change("user", &confirm, "erased", &json!({ "name": confirm, "erased": true }))?;
            }
        }
        Ok(Exit::Ok)
    }
}

impl Password {
    async fn run(self, session: &Session, client: &Client) -> Result<(), Error> {
        let current = if self.change { Some(prompt::secret("present password")?) } else { None };
        // Piped, both come on stdin: the present one on the first line.
        let (current, password) = match current {
            Some(text) if text.contains('\n') => {
                let (first, second) = text.split_once('\n').unwrap_or_default();
                (Some(first.to_owned()), second.to_owned())
            }
            current => (current, prompt::secret("new password")?),
        };
        let wanted = PasswordChange { password, current, email: self.email, code: self.code };
        client.password_change(&wanted).await?;
        session.printer.change("password", "yours", "set", &json!({ "set": true }))
    }
}

impl Totp {
    async fn run(self, session: &Session, client: &Client) -> Result<(), Error> {
        let printer = &session.printer;
        match self {
            Self::Enroll => {
                let made = client.totp_enroll().await?;
                if let Some(text) = printer.document(&made) {
                    return output::write(&text);
                }
                printer.note("enter this into an authenticator app, then: tidemill user totp confirm CODE");
                output::write_line(&made.secret)?;
                output::write_line(&made.url)
            }
            Self::Confirm(Code { code }) => {
                let made = client.totp_confirm(&TotpCode { code }).await?;
                if let Some(text) = printer.document(&made) {
                    return output::write(&text);
                }
                printer.note("the second factor is on; each of these replaces it once, keep them somewhere safe:");
                made.codes.iter().try_for_each(|code| output::write_line(code))
            }
            Self::Disable(Code { code }) => {
                client.totp_disable(&TotpCode { code }).await?;
                printer.change("totp", "yours", "switched off", &json!({ "enabled": false }))
            }
        }
    }
}
