//! Plans, quotas, subscriptions and money.

use reqwest::Method;
use tidemill_common::api::billing::{AcquisitionCost, BillingEventList, InvoiceList, InvoiceView, LtvCacView, PaymentPage};
use tidemill_common::api::billing_subscription::{
    BillingSubscriptionCreate, BillingSubscriptionUpdate, BillingSubscriptionView, PlanChoice,
};
use tidemill_common::api::plan::{PlanList, PlanPut, PlanView};
use tidemill_common::api::quota::{QuotaView, UsageList};
use tidemill_common::api::refused_delivery::{RefusedDeliveryPage, RefusedDeliveryReplay, RefusedDeliveryReplayed};
use tidemill_common::ids::OrganizationId;
use uuid::Uuid;

use super::{Answer, Client, Error};

impl Client {
    /// The plans that can be chosen; all for those who run the server.
    pub async fn plans(&self) -> Result<PlanList, Error> {
        self.fetch(self.call(Method::GET, &["api", "billing", "plans"])).await
    }

    /// The plans as everybody may see them, without a token.
    pub async fn pricing(&self) -> Result<PlanList, Error> {
        self.fetch(self.call(Method::GET, &["api", "pricing"])).await
    }

    /// Makes or replaces a plan.
    pub async fn plan_put(&self, id: &str, wanted: &PlanPut) -> Result<PlanView, Error> {
        self.fetch(self.call(Method::PUT, &["api", "billing", "plans", id]).json(wanted)).await
    }

    /// Deletes a plan.
    pub async fn plan_delete(&self, id: &str) -> Result<(), Error> {
        self.done(self.call(Method::DELETE, &["api", "billing", "plans", id])).await
    }

    /// What the organisation may use, and uses.
    pub async fn quota(&self) -> Result<QuotaView, Error> {
        self.fetch(self.call(Method::GET, &["api", "user", "quota"])).await
    }

    /// What the organisation used, period by period.
    pub async fn usage(&self) -> Result<UsageList, Error> {
        self.fetch(self.call(Method::GET, &["api", "billing", "usage"])).await
    }

    /// The organisation's subscription.
    pub async fn subscription(&self) -> Result<BillingSubscriptionView, Error> {
        self.fetch(self.call(Method::GET, &["api", "billing", "subscription"])).await
    }

    /// Subscribes to a plan.
    pub async fn subscribe(&self, wanted: &BillingSubscriptionCreate) -> Result<BillingSubscriptionView, Error> {
        self.fetch(self.call(Method::POST, &["api", "billing", "subscribe"]).json(wanted)).await
    }

    /// Goes to a greater plan at once.
    pub async fn plan_upgrade(&self, wanted: &PlanChoice) -> Result<BillingSubscriptionView, Error> {
        self.fetch(self.call(Method::POST, &["api", "user", "plan", "upgrade"]).json(wanted)).await
    }

    /// Goes to a lesser plan when the period ends.
    pub async fn plan_downgrade(&self, wanted: &PlanChoice) -> Result<BillingSubscriptionView, Error> {
        self.fetch(self.call(Method::POST, &["api", "user", "plan", "downgrade"]).json(wanted)).await
    }

    /// Ends a subscription when the period ends.
    pub async fn billing_subscription_cancel(&self, id: Uuid) -> Result<BillingSubscriptionView, Error> {
        self.fetch(self.call(Method::POST, &["api", "billing", "subscription", &id.to_string(), "cancel"])).await
    }

    /// Puts any organisation on a plan.
    pub async fn billing_subscription_set(
        &self,
        id: OrganizationId,
        wanted: &BillingSubscriptionUpdate,
    ) -> Result<BillingSubscriptionView, Error> {
        self.fetch(self.call(Method::PATCH, &["api", "organizations", &id.to_string(), "subscription"]).json(wanted)).await
    }

    /// What happened to the subscription.
    pub async fn billing_history(&self) -> Result<BillingEventList, Error> {
        self.fetch(self.call(Method::GET, &["api", "billing", "history"])).await
    }

    /// The organisation's invoices.
    pub async fn invoices(&self) -> Result<InvoiceList, Error> {
        self.fetch(self.call(Method::GET, &["api", "billing", "invoices"])).await
    }

    /// An invoice.
    pub async fn invoice(&self, id: Uuid) -> Result<InvoiceView, Error> {
        self.fetch(self.call(Method::GET, &["api", "billing", "invoices", &id.to_string()])).await
    }

    /// An invoice as a page.
    pub async fn invoice_page(&self, id: Uuid) -> Result<Answer, Error> {
        self.answer(self.call(Method::GET, &["api", "billing", "invoices", &id.to_string(), "page"])).await
    }

    /// Says that an invoice was paid.
    pub async fn invoice_pay(&self, id: Uuid) -> Result<InvoiceView, Error> {
        self.fetch(self.call(Method::POST, &["api", "billing", "invoices", &id.to_string(), "pay"])).await
    }

    /// The page of Stripe on which a plan is paid.
    pub async fn checkout(&self, wanted: &PlanChoice) -> Result<PaymentPage, Error> {
        self.fetch(self.call(Method::POST, &["api", "billing", "checkout"]).json(wanted)).await
    }

    /// The page of Stripe on which cards are changed.
    pub async fn portal(&self) -> Result<PaymentPage, Error> {
        self.fetch(self.call(Method::POST, &["api", "billing", "portal"])).await
    }

    /// What a customer brings and costs.
    pub async fn ltv_cac(&self, months: Option<u32>) -> Result<LtvCacView, Error> {
        self.fetch(self.call(Method::GET, &["api", "billing", "ltv-cac"]).query("months", months)).await
    }

    /// Says what winning customers cost in a month.
    pub async fn acquisition_cost_put(&self, cost: &AcquisitionCost) -> Result<AcquisitionCost, Error> {
        self.fetch(self.call(Method::PUT, &["api", "billing", "acquisition-costs"]).json(cost)).await
    }

    /// A page of the arrivals that the plan refused.
    pub async fn refused_deliveries(&self, cursor: Option<&str>) -> Result<RefusedDeliveryPage, Error> {
        let call = self.call(Method::GET, &["api", "refused-deliveries"]);
        self.fetch(call.query("limit", Some(200)).query("cursor", cursor)).await
    }

    /// Replays arrivals that the plan refused.
    pub async fn refused_delivery_replay(&self, wanted: &RefusedDeliveryReplay) -> Result<RefusedDeliveryReplayed, Error> {
        self.fetch(self.call(Method::POST, &["api", "refused-deliveries", "replay"]).json(wanted)).await
    }
}
