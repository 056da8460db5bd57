//! `quota`: what the plan allows, what is used, and what was refused.

use clap::{Args, Subcommand};
use tidemill_common::api::refused_delivery::RefusedDeliveryReplay;
use uuid::Uuid;

use super::session::Session;
use super::{Error, Exit};

/// Shows what the plan allows and what is used, and replays what was refused
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  tidemill quota show")]
pub enum Quota {
    /// Show what your organization may use, and uses
    #[command(after_help = "Example:\n  tidemill quota show")]
    Show,
    /// Show what was used, period by period
    #[command(after_help = "Example:\n  tidemill quota usage")]
    Usage,
    /// List the deliveries that the plan refused
    #[command(after_help = "Example:\n  tidemill quota refused -o wide")]
    Refused,
    /// Replay deliveries that the plan refused
    Replay(Replay),
}

/// Replay deliveries that the plan refused
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tidemill quota replay\n  tidemill quota replay 01990000-0000-7000-8000-000000000001")]
pub struct Replay {
    /// Which; all that wait when none is named
    ids: Vec<Uuid>,
}

impl Quota {
    /// Does what was asked.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        let (client, printer) = (session.client()?, &session.printer);
        match self {
            Self::Show => {
                let found = client.quota().await?;
                printer.note(&format!("plan {}, until {}", found.plan, found.period_end.format("%Y-%m-%d %H:%M UTC")));
                if found.refused > 0 {
                    printer.note(&format!("{} deliveries were refused: tidemill quota refused", found.refused));
                }
                printer.list(&found.items)?;
            }
            Self::Usage => printer.list(&client.usage().await?.items)?,
            Self::Refused => {
                let mut page = client.refused_deliveries(None).await?;
                while let Some(cursor) = page.next_cursor.take() {
                    let next = client.refused_deliveries(Some(&cursor)).await?;
                    page.items.extend(next.items);
                    page.next_cursor = next.next_cursor;
                }
                printer.list(&page.items)?;
            }
            Self::Replay(Replay { ids }) => {
                let all = ids.is_empty();
                let wanted = RefusedDeliveryReplay { ids: (!all).then_some(ids) };
                let mut done = client.refused_delivery_replay(&wanted).await?;
                while all && done.left > 0 {
                    let next = client.refused_delivery_replay(&wanted).await?;
                    if next.count == 0 {
                        break;
                    }
                    (done.count, done.left) = (done.count + next.count, next.left);
                }
                printer.change("deliveries", &done.count.to_string(), "replayed", &done)?;
            }
        }
        Ok(Exit::Ok)
    }
}
