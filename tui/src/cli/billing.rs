//! `billing`: invoices, what happened, payments, and what customers are worth.

use chrono::NaiveDate;
use clap::{Args, Subcommand};
use tidemill_common::api::billing::AcquisitionCost;
use tidemill_common::api::billing_subscription::PlanChoice;
use uuid::Uuid;

use super::session::Session;
use super::{Error, Exit, output};

/// Shows invoices and history, and leads to where is paid
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  tidemill billing invoices")]
pub enum Billing {
    /// List what happened to your organization's subscription
    #[command(after_help = "Example:\n  tidemill billing history -o wide")]
    History,
    /// List your organization's invoices
    #[command(after_help = "Example:\n  tidemill billing invoices")]
    Invoices,
    /// Show an invoice, or write it as a page
    Invoice(Invoice),
    /// Say that an invoice was paid; for those who run the server
    Paid(Paid),
    /// Print the address where a plan is paid, with Stripe
    Checkout(Checkout),
    /// Print the address where cards are changed, with Stripe
    #[command(after_help = "Example:\n  tidemill billing portal")]
    Portal,
    /// Show what a customer brings and costs; for those who run the server
    LtvCac(LtvCac),
    /// Say what winning customers cost in a month; for those who run the server
    Spent(Spent),
}

/// Show an invoice, or write it as a page
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill billing invoice 01990000-0000-7000-8000-000000000001 --html > invoice.html")]
pub struct Invoice {
    /// Its id
    id: Uuid,
    /// Write it as a page
    #[arg(long)]
    html: bool,
}

/// Say that an invoice was paid; for those who run the server
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill billing paid 01990000-0000-7000-8000-000000000001")]
pub struct Paid {
    /// The invoice's id
    id: Uuid,
}

/// Print the address where a plan is paid, with Stripe
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill billing checkout pro")]
pub struct Checkout {
    /// The plan
    plan: String,
}

/// Show what a customer brings and costs; for those who run the server
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill billing ltv-cac --months 6")]
pub struct LtvCac {
    /// How many months back
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=120))]
    months: Option<u32>,
}

/// Say what winning customers cost in a month; for those who run the server
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill billing spent 2026-11-01 250000")]
pub struct Spent {
    /// The first day of the month
    month: NaiveDate,
    /// How much, in cents
    cents: i64,
}

impl Billing {
    /// Does what was asked.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        let (client, printer) = (session.client()?, &session.printer);
        match self {
            Self::History => printer.list(&client.billing_history().await?.items)?,
            Self::Invoices => printer.list(&client.invoices().await?.items)?,
            Self::Invoice(Invoice { id, html: true }) => output::write_bytes(&client.invoice_page(id).await?.body)?,
            Self::Invoice(Invoice { id, html: false }) => {
                let found = client.invoice(id).await?;
                printer.item(&found, &found)?;
            }
            Self::Paid(Paid { id }) => {
                let paid = client.invoice_pay(id).await?;
                printer.change("invoice", &paid.number.to_string(), "paid", &paid)?;
            }
            Self::Checkout(Checkout { plan }) => output::write_line(&client.checkout(&PlanChoice { plan }).await?.url)?,
            Self::Portal => output::write_line(&client.portal().await?.url)?,
            Self::LtvCac(LtvCac { months }) => {
                let found = client.ltv_cac(months).await?;
                printer.item(&found, &found)?;
            }
            Self::Spent(Spent { month, cents }) => {
                let kept = client.acquisition_cost_put(&AcquisitionCost { month, cents }).await?;
                printer.change("month", &kept.month.to_string(), "noted", &kept)?;
            }
        }
        Ok(Exit::Ok)
    }
}
