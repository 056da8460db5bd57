//! `plan`: what organizations may have, and going to another plan.

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use tidemill_common::api::billing_subscription::{BillingSubscriptionCreate, BillingSubscriptionUpdate, PlanChoice};
use tidemill_common::api::plan::{CodeStepLimits, Feature, PlanLimits, PlanPut};
use tidemill_common::ids::OrganizationId;

use super::session::Session;
use super::{Error, Exit};

/// Lists and changes plans, and goes to another one
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  tidemill plan ls -o wide")]
pub enum Plan {
    /// List plans: those to choose from, or all for those who run the server
    #[command(visible_alias = "list", after_help = "Example:\n  tidemill plan ls -o wide")]
    Ls,
    /// List the plans as everybody may see them, without a token
    #[command(after_help = "Example:\n  tidemill plan pricing")]
    Pricing,
    /// Show your organization's subscription, and what exceeds or is paused
    #[command(after_help = "Example:\n  tidemill plan show -o yaml")]
    Show,
    /// Subscribe to a plan, try one, or take a cancellation back
    Subscribe(Subscribe),
    /// Go to a greater plan, at once
    Upgrade(Upgrade),
    /// Go to a lesser plan when the period ends
    Downgrade(Downgrade),
    /// End the plan when the period ends
    Cancel(Cancel),
    /// Make or replace a plan; for those who run the server
    Put(Box<Put>),
    /// Delete a plan that nobody is on; for those who run the server
    Rm(Rm),
    /// Put an organization on a plan, at once; for those who run the server
    Set(Set),
}

/// Subscribe to a plan, try one, or take a cancellation back
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tidemill plan subscribe pro\n  tidemill plan subscribe pro --trial --zone Europe/Berlin")]
pub struct Subscribe {
    /// The plan
    plan: String,
    /// Try it for nothing first
    #[arg(long)]
    trial: bool,
    /// Where months begin, such as Europe/Berlin; from the next period on
    #[arg(long)]
    zone: Option<String>,
}

/// Go to a greater plan, at once
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill plan upgrade business")]
pub struct Upgrade {
    /// The plan
    plan: String,
}

/// Go to a lesser plan when the period ends
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill plan downgrade pro")]
pub struct Downgrade {
    /// The plan
    plan: String,
}

/// End the plan when the period ends
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill plan cancel --yes")]
pub struct Cancel {
    /// Don't ask
    #[arg(long, short)]
    yes: bool,
}

/// Make or replace a plan; for those who run the server
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  tidemill plan put team --name Team --place 5 --price 4900 --executions 10000 --members 10 --feature audit_export"
)]
pub struct Put {
    /// Its id
    id: String,
    /// Its name
    #[arg(long)]
    name: String,
    /// Where it stands in lists; a greater one is an upgrade
    #[arg(long)]
    place: i32,
    /// What a month costs, in cents; without it: on request
    #[arg(long, value_name = "CENTS")]
    price: Option<i64>,
    /// The currency, such as usd
    #[arg(long)]
    currency: Option<String>,
    /// Most active workflows; without it: no limit
    #[arg(long, value_name = "COUNT")]
    workflows: Option<i64>,
    /// Most executions in a month; without it: no limit
    #[arg(long, value_name = "COUNT")]
    executions: Option<i64>,
    /// Most integrations; without it: no limit
    #[arg(long, value_name = "COUNT")]
    integrations: Option<i64>,
    /// Most members; without it: no limit
    #[arg(long, value_name = "COUNT")]
    members: Option<i64>,
    /// Longest time that a code step can ask for; without it: as the operator gives
    #[arg(long, value_name = "SECONDS")]
    code_seconds: Option<i64>,
    /// Most memory that a code step can ask for; without it: as the operator gives
    #[arg(long, value_name = "MIB")]
    code_memory_mib: Option<i64>,
    /// Largest output that a code step can ask for; without it: as the operator gives
    #[arg(long, value_name = "KIB")]
    code_output_kib: Option<i64>,
    /// Longest log that a code step can ask for; without it: as the operator gives
    #[arg(long, value_name = "KIB")]
    code_log_kib: Option<i64>,
    /// What it has that others don't; repeat it
    #[arg(long = "feature", value_enum)]
    features: Vec<FeatureWord>,
    /// Days that it can be tried for nothing
    #[arg(long, value_name = "DAYS")]
    trial: Option<i32>,
    /// Don't let organizations choose it themselves
    #[arg(long)]
    hidden: bool,
    /// Make it the plan of new organizations
    #[arg(long)]
    default: bool,
    /// The price of Stripe that it is paid by
    #[arg(long, value_name = "ID")]
    stripe_price: Option<String>,
}

/// Delete a plan that nobody is on; for those who run the server
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill plan rm team --yes")]
pub struct Rm {
    /// The plan
    id: String,
    /// Don't ask
    #[arg(long, short)]
    yes: bool,
}

/// Put an organization on a plan, at once; for those who run the server
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill plan set 01990000-0000-7000-8000-000000000001 business")]
pub struct Set {
    /// The organization's id
    organization: OrganizationId,
    /// The plan
    #[arg(required_unless_present = "zone")]
    plan: Option<String>,
    /// Where its months begin, such as Europe/Berlin
    #[arg(long)]
    zone: Option<String>,
}

/// A feature, as an option.
#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum FeatureWord {
    /// Analytics beyond counts and durations
    AdvancedAnalytics,
    /// Signing in through a provider of identities
    Sso,
    /// The audit log as a file
    AuditExport,
    /// Integrations of one's own
    CustomIntegrations,
    /// Another name and look
    WhiteLabel,
}

impl From<FeatureWord> for Feature {
    fn from(word: FeatureWord) -> Self {
        match word {
            FeatureWord::AdvancedAnalytics => Self::AdvancedAnalytics,
            FeatureWord::Sso => Self::Sso,
            FeatureWord::AuditExport => Self::AuditExport,
            FeatureWord::CustomIntegrations => Self::CustomIntegrations,
            FeatureWord::WhiteLabel => Self::WhiteLabel,
        }
    }
}

impl Plan {
    /// Does what was asked.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        let (client, printer) = (session.client()?, &session.printer);
        let changed = match self {
            Self::Ls => {
                printer.list(&client.plans().await?.items)?;
                return Ok(Exit::Ok);
            }
            Self::Pricing => {
                printer.list(&client.pricing().await?.items)?;
                return Ok(Exit::Ok);
            }
            Self::Show => {
                let found = client.subscription().await?;
                printer.item(&found, &found)?;
                return Ok(Exit::Ok);
            }
            Self::Subscribe(Subscribe { plan, trial, zone }) => {
                client.subscribe(&BillingSubscriptionCreate { plan, trial: trial.then_some(true), zone }).await?
            }
            Self::Upgrade(Upgrade { plan }) => client.plan_upgrade(&PlanChoice { plan }).await?,
            Self::Downgrade(Downgrade { plan }) => client.plan_downgrade(&PlanChoice { plan }).await?,
            Self::Cancel(Cancel { yes }) => {
                if !session.confirm("Cancel the plan? It ends with the period.", yes)? {
                    return Ok(Exit::Failure);
                }
                let present = client.subscription().await?;
                client.billing_subscription_cancel(present.id).await?
            }
            Self::Put(put) => {
                let (id, wanted) = put.wanted();
                let made = client.plan_put(&id, &wanted).await?;
                printer.change("plan", &id, "put", &made)?;
                return Ok(Exit::Ok);
            }
            Self::Rm(Rm { id, yes }) => {
                if !session.confirm(&format!("Delete plan {id}?"), yes)? {
                    return Ok(Exit::Failure);
                }
                client.plan_delete(&id).await?;
                printer.change("plan", &id, "deleted", &json!({ "id": id, "deleted": true }))?;
                return Ok(Exit::Ok);
            }
            Self::Set(Set { organization, plan, zone }) => {
                client.billing_subscription_set(organization, &BillingSubscriptionUpdate { plan, zone }).await?
            }
        };
        for excess in &changed.exceeds {
            printer.note(&format!("{} {} are used and {} allowed then", excess.used, excess.metric.as_str(), excess.limit));
            for workflow in &excess.pauses {
                printer.note(&format!("  {workflow} will be paused"));
            }
        }
        let words = match &changed.next_plan {
            Some(next) => format!("stays until {} and becomes {next}", changed.period_end.format("%Y-%m-%d")),
            None => "is the plan".to_owned(),
        };
        printer.change("plan", &changed.plan, &words, &changed)?;
        Ok(Exit::Ok)
    }
}

impl Put {
    fn wanted(self) -> (String, PlanPut) {
        let code_step = CodeStepLimits {
            seconds: self.code_seconds,
            memory_mib: self.code_memory_mib,
            output_kib: self.code_output_kib,
            log_kib: self.code_log_kib,
        };
        let wanted = PlanPut {
            name: self.name,
            place: self.place,
            price_cents: self.price,
            currency: self.currency,
            limits: Some(PlanLimits {
                active_workflows: self.workflows,
                executions: self.executions,
                integrations: self.integrations,
                members: self.members,
                code_step: code_step.some(),
            }),
            features: self.features.into_iter().map(Feature::from).collect(),
            trial_days: self.trial,
            offered: Some(!self.hidden),
            is_default: self.default.then_some(true),
            stripe_price: self.stripe_price,
        };
        (self.id, wanted)
    }
}
