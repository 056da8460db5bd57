//! `/api/billing`: history, invoices, payments, and what customers are worth.

use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Html;
use tidemill_common::api::billing::{AcquisitionCost, BillingEventList, InvoiceList, InvoiceView, LtvCacView, PaymentPage};
use tidemill_common::api::billing_subscription::PlanChoice;
use uuid::Uuid;

use super::Tag;
use super::authenticate::Token;
use super::failure::{BodyFailure, PaymentFailure, ReadFailure, WriteFailure};
use super::invoice_page;
use super::payload::Json;
use crate::app::BillingSubscriptions;
use crate::live::Live;

/// Money.
pub struct BillingApi {
    /// Subscriptions and what was paid for them.
    pub billing_subscriptions: BillingSubscriptions,
    /// Where others reach this server: where Stripe's pages lead back to.
    pub url: Live<String>,
}

#[OpenApi(tag = "Tag::Billing")]
impl BillingApi {
    /// List what happened to your organisation's subscription
    ///
    /// The newest first. For its admins.
    #[oai(path = "/api/billing/history", method = "get", operation_id = "billing_event_list")]
    async fn billing_event_list(&self, token: Token) -> Result<Json<BillingEventList>, ReadFailure> {
        Ok(Json(self.billing_subscriptions.history(&token.0).await?))
    }

    /// List your organisation's invoices
    ///
    /// The newest first. For its admins.
    #[oai(path = "/api/billing/invoices", method = "get", operation_id = "invoice_list")]
    async fn invoice_list(&self, token: Token) -> Result<Json<InvoiceList>, ReadFailure> {
        Ok(Json(self.billing_subscriptions.invoices(&token.0).await?))
    }

    /// Read an invoice
    ///
    /// One of your organisation's. For its admins.
    #[oai(path = "/api/billing/invoices/:id", method = "get", operation_id = "invoice_view")]
    async fn invoice_view(
        &self,
        token: Token,
        /// The invoice's id.
        id: Path<Uuid>,
    ) -> Result<Json<InvoiceView>, ReadFailure> {
        Ok(Json(self.billing_subscriptions.invoice(&token.0, id.0).await?.0))
    }

    /// Read an invoice as a page
    ///
    /// HTML without scripts, made for printing.
    #[oai(path = "/api/billing/invoices/:id/page", method = "get", operation_id = "invoice_page_view")]
    async fn invoice_page_view(
        &self,
        token: Token,
        /// The invoice's id.
        id: Path<Uuid>,
    ) -> Result<Html<String>, ReadFailure> {
        let (invoice, payer) = self.billing_subscriptions.invoice(&token.0, id.0).await?;
        Ok(Html(invoice_page::page(&invoice, &payer)?))
    }

    /// Say that an invoice was paid
    ///
    /// For admins of the organisation that runs this server, where people take the money.
    #[oai(path = "/api/billing/invoices/:id/pay", method = "post", operation_id = "invoice_pay")]
    async fn invoice_pay(
        &self,
        token: Token,
        /// The invoice's id.
        id: Path<Uuid>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Json<InvoiceView>, WriteFailure> {
        Ok(Json(self.billing_subscriptions.invoice_pay(&token.0, id.0).await?))
    }

    /// Subscribe on a page of Stripe
    ///
    /// The answer is its address. The plan is there when Stripe tells that it was paid.
    #[oai(path = "/api/billing/checkout", method = "post", operation_id = "checkout_create")]
    async fn checkout_create(
        &self,
        token: Token,
        body: Json<PlanChoice>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Json<PaymentPage>, PaymentFailure> {
        Ok(Json(PaymentPage { url: self.billing_subscriptions.checkout(&token.0, &body.0.plan, &self.url.get()).await? }))
    }

    /// Change how you pay, on a page of Stripe
    ///
    /// The answer is its address: cards, invoices, cancelling.
    #[oai(path = "/api/billing/portal", method = "post", operation_id = "portal_create")]
    async fn portal_create(
        &self,
        token: Token,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Json<PaymentPage>, PaymentFailure> {
        Ok(Json(PaymentPage { url: self.billing_subscriptions.portal(&token.0, &self.url.get()).await? }))
    }

    /// See what a customer brings, and what winning one costs
    ///
    /// From invoices that were paid, plans that ended, and what was said to be spent. For admins of the organisation that runs this server.
    #[oai(path = "/api/billing/ltv-cac", method = "get", operation_id = "ltv_cac_view")]
    async fn ltv_cac_view(
        &self,
        token: Token,
        /// How many months back; 12 when absent.
        #[oai(validator(minimum(value = "1"), maximum(value = "120")))]
        months: Query<Option<u32>>,
    ) -> Result<Json<LtvCacView>, ReadFailure> {
        Ok(Json(self.billing_subscriptions.ltv_cac(&token.0, months.0).await?))
    }

    /// Say what winning customers cost in a month
    ///
    /// For admins of the organisation that runs this server.
    #[oai(path = "/api/billing/acquisition-costs", method = "put", operation_id = "acquisition_cost_put")]
    async fn acquisition_cost_put(
        &self,
        token: Token,
        body: Json<AcquisitionCost>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Json<AcquisitionCost>, BodyFailure> {
        Ok(Json(self.billing_subscriptions.acquisition_cost(&token.0, body.0).await?))
    }
}
