//! `subscription`: addresses outside that are told of events.

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use tidemill_common::api::subscription::{
    SubscriptionCreate, SubscriptionDeliveryState, SubscriptionSecret, SubscriptionUpdate, SubscriptionView,
};
use tidemill_common::ids::SubscriptionDeliveryId;
use tidemill_common::limits::PAGE_ITEMS;

use super::session::Session;
use super::{Error, Exit, output};
use crate::client::Client;

/// Addresses outside that are told of events, by signed deliveries
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  tidemill subscription add https://hooks.example.com --event execution_failed")]
pub enum Subscription {
    /// Have an address told of events, and print the signing key, once
    Add(Add),
    /// List the subscriptions
    #[command(visible_alias = "list", after_help = "Example:\n  tidemill subscription ls -o wide")]
    Ls,
    /// Show a subscription: what it is told, and why it fails
    #[command(after_help = "Example:\n  tidemill subscription show hooks.example.com -o yaml")]
    Show(Name),
    /// Change a subscription; what isn't named stays
    Set(Set),
    /// Go on after it was disabled, with what happens from now on
    Enable(Name),
    /// Tell nothing more for now; what waits comes to nothing
    Disable(Name),
    /// Make a new signing key and print it, once; the old one signs as well for a day
    Rotate(Name),
    /// Deliver the event `test`
    Test(Name),
    /// List what a subscription was told, newest first
    Deliveries(Deliveries),
    /// Deliver something again
    Redeliver(Redeliver),
    /// Remove a subscription and the log of its deliveries
    #[command(visible_alias = "delete")]
    Rm(Rm),
}

/// Have an address told of events, and print the signing key, once
#[derive(Debug, Args)]
#[command(
    after_help = "The other side verifies deliveries with the key (Standard Webhooks).\n\nExamples:\n  tidemill subscription add https://hooks.example.com --event \
                        execution_failed\n  tidemill subscription add https://hooks.example.com --event member_added --event member_removed --name \
                        people\n  tidemill subscription add https://hooks.example.com --event execution_ended --workflow orders"
)]
pub struct Add {
    /// Where deliveries go
    url: String,
    /// What is told, for example `execution_failed`; repeat it for more
    #[arg(long = "event", required = true, value_name = "EVENT")]
    events: Vec<String>,
    /// Only what happens to this workflow
    #[arg(long, value_name = "WORKFLOW")]
    workflow: Option<String>,
    /// What it is for; the address's host if not given
    #[arg(long)]
    name: Option<String>,
}

/// Change a subscription; what isn't named stays
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill subscription set hooks.example.com --event execution_failed --workflow ''")]
pub struct Set {
    /// Its name or id
    subscription: String,
    /// Where deliveries go
    #[arg(long)]
    url: Option<String>,
    /// What is told, in place of what was; repeat it for more
    #[arg(long = "event", value_name = "EVENT")]
    events: Vec<String>,
    /// Only what happens to this workflow; '' for any
    #[arg(long, value_name = "WORKFLOW")]
    workflow: Option<String>,
    /// What it is for
    #[arg(long)]
    name: Option<String>,
}

/// A subscription
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill subscription test hooks.example.com")]
pub struct Name {
    /// Its name or id
    subscription: String,
}

/// List what a subscription was told, newest first
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill subscription deliveries hooks.example.com --state failed")]
pub struct Deliveries {
    /// Its name or id
    subscription: String,
    /// Only those in this state
    #[arg(long, value_enum)]
    state: Option<StateWord>,
}

/// Deliver something again
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill subscription redeliver hooks.example.com 01990000-0000-7000-8000-000000000001")]
pub struct Redeliver {
    /// The subscription's name or id
    subscription: String,
    /// The delivery's id
    delivery: SubscriptionDeliveryId,
}

/// Remove a subscription and the log of its deliveries
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill subscription rm hooks.example.com --yes")]
pub struct Rm {
    /// Its name or id
    subscription: String,
    /// Don't ask
    #[arg(long, short)]
    yes: bool,
}

/// A state of deliveries, as an option.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum StateWord {
    /// The next attempt is to come
    Waiting,
    /// The other side took it
    Delivered,
    /// It is not tried any more
    Failed,
}

impl From<StateWord> for SubscriptionDeliveryState {
    fn from(word: StateWord) -> Self {
        match word {
            StateWord::Waiting => Self::Waiting,
            StateWord::Delivered => Self::Delivered,
            StateWord::Failed => Self::Failed,
        }
    }
}

impl Subscription {
    /// Does what was asked.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        let (client, printer) = (session.client()?, &session.printer);
        match self {
            Self::Ls => printer.list(&client.subscriptions().await?.items)?,
            Self::Add(Add { url, events, workflow, name }) => {
                let made = client.subscription_create(&SubscriptionCreate { url, events, workflow, name }).await?;
                print_key(session, &made, "created")?;
            }
            Self::Show(Name { subscription }) => {
                let found = client.subscription_view(find(&client, &subscription).await?.id).await?;
                printer.item(&found, &found)?;
            }
            Self::Set(set) => {
                let found = find(&client, &set.subscription).await?;
                let events = (!set.events.is_empty()).then_some(set.events);
                let Set { url, workflow, name, .. } = Set { events: Vec::new(), ..set };
                let wanted = SubscriptionUpdate { url, events, workflow, name, enabled: None };
                change(session, &client, &found, &wanted, "changed").await?;
            }
            Self::Enable(Name { subscription }) => switch(session, &client, &subscription, true).await?,
            Self::Disable(Name { subscription }) => switch(session, &client, &subscription, false).await?,
            Self::Rotate(Name { subscription }) => {
                let found = find(&client, &subscription).await?;
                print_key(session, &client.subscription_rotate(found.id).await?, "has a new signing key")?;
            }
            Self::Test(Name { subscription }) => {
                let delivery = client.subscription_test(find(&client, &subscription).await?.id).await?;
                printer.change("delivery", &delivery.id.to_string(), "is on its way", &delivery)?;
            }
            Self::Deliveries(Deliveries { subscription, state }) => {
                let found = find(&client, &subscription).await?;
                let page = client.subscription_deliveries(found.id, state.map(Into::into), PAGE_ITEMS).await?;
                if page.next_cursor.is_some() {
                    printer.note(&format!("only the newest {PAGE_ITEMS} are shown"));
                }
                printer.list(&page.items)?;
            }
            Self::Redeliver(Redeliver { subscription, delivery }) => {
                let found = find(&client, &subscription).await?;
                let again = client.subscription_redeliver(found.id, delivery).await?;
                printer.change("delivery", &delivery.to_string(), "is on its way again", &again)?;
            }
            Self::Rm(rm) => return rm.run(session, &client).await,
        }
        Ok(Exit::Ok)
    }
}

impl Rm {
    async fn run(self, session: &Session, client: &Client) -> Result<Exit, Error> {
        let found = find(client, &self.subscription).await?;
        if !session.confirm(&format!("Remove the subscription {} to {}?", found.name, found.url), self.yes)? {
            return Ok(Exit::Failure);
        }
        client.subscription_delete(found.id).await?;
        let gone = json!({ "id": found.id, "removed": true });
        session.printer.change("subscription", &found.id.to_string(), "removed", &gone)?;
        Ok(Exit::Ok)
    }
}

async fn switch(session: &Session, client: &Client, word: &str, enabled: bool) -> Result<(), Error> {
    let found = find(client, word).await?;
    let wanted = SubscriptionUpdate { enabled: Some(enabled), ..SubscriptionUpdate::default() };
    change(session, client, &found, &wanted, if enabled { "enabled" } else { "disabled" }).await
}

async fn change(
    session: &Session,
    client: &Client,
    found: &SubscriptionView,
    wanted: &SubscriptionUpdate,
    verbed: &str,
) -> Result<(), Error> {
    let view = client.subscription_update(found.id, wanted).await?;
    session.printer.change("subscription", &found.id.to_string(), verbed, &view)
}

fn print_key(session: &Session, made: &SubscriptionSecret, verbed: &str) -> Result<(), Error> {
    if let Some(text) = session.printer.document(made) {
        return output::write(&text);
    }
    let id = made.subscription.id;
    session.printer.note(&format!("subscription/{id} {verbed}; the key is shown this one time:"));
    output::write_line(&made.secret)
}

/// The subscription with this id, or the one with this name.
async fn find(client: &Client, word: &str) -> Result<SubscriptionView, Error> {
    let word = word.trim_start_matches("subscription/");
    let mut items = client.subscriptions().await?.items;
    if let Some(place) = items.iter().position(|item| item.id.to_string() == word) {
        return Ok(items.swap_remove(place));
    }
    items.retain(|item| item.name == word);
    match (items.pop(), items.is_empty()) {
        (Some(found), true) => Ok(found),
        (Some(_), false) => {
            Err(Error::Usage(format!("several subscriptions are called `{word}`: name one by its id, see `subscription ls`")))
        }
        (None, _) => Err(Error::Usage(format!("there is no subscription `{word}`; `tidemill subscription ls` lists them"))),
    }
}
