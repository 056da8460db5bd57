//! `/api/pricing`, `/api/billing/plans`, `/api/user/quota`, `/api/billing/usage`: plans, and what is used of them.

use poem_openapi::param::{Header, Path};
use poem_openapi::{ApiResponse, OpenApi};
use tidemill_common::api::plan::{PlanList, PlanPut, PlanView};
use tidemill_common::api::quota::{QuotaView, UsageList};

use super::Tag;
use super::authenticate::Token;
use super::failure::{BodyFailure, ReadFailure, ReadyFailure, WriteFailure};
use super::payload::{Gone, Json};
use crate::app::{Plans, Quotas};

/// Plans, and what is used of them.
pub struct PlanApi {
    /// What organizations may have.
    pub plans: Plans,
    /// What they use.
    pub quotas: Quotas,
}

/// A plan that was put.
#[derive(ApiResponse)]
enum PutResponse {
    /// Replaced.
    #[oai(status = 200)]
    Replaced(Json<PlanView>),
    /// Made.
    #[oai(status = 201)]
    Created(Json<PlanView>),
}

#[OpenApi(tag = "Tag::Plans")]
impl PlanApi {
    /// See what there is, and for how much
    ///
    /// Needs no token.
    #[oai(path = "/api/pricing", method = "get", operation_id = "pricing_view")]
    async fn pricing_view(&self) -> Result<Json<PlanList>, ReadyFailure> {
        Ok(Json(self.plans.pricing().await?))
    }

    /// List plans
    ///
    /// Those that you can choose, and your own; for admins of the organisation that runs this server, all.
    #[oai(path = "/api/billing/plans", method = "get", operation_id = "plan_list")]
    async fn plan_list(&self, token: Token) -> Result<Json<PlanList>, ReadFailure> {
        Ok(Json(self.plans.list(&token.0).await?))
    }

    /// Put a plan
    ///
    /// Makes or replaces it. Organisations that are on it have its limits at once; nothing that goes beyond them is paused before they
    /// change plans. For admins of the organisation that runs this server.
    #[oai(path = "/api/billing/plans/:name", method = "put", operation_id = "plan_put")]
    async fn plan_put(
        &self,
        token: Token,
        /// Its id: 1 to 40 of `a-z`, `0-9` and `-`, beginning with a letter.
        #[oai(validator(pattern = "^[a-z][a-z0-9-]{0,39}$"))]
        name: Path<String>,
        body: Json<PlanPut>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<PutResponse, BodyFailure> {
        let (view, created) = self.plans.put(&token.0, &name.0, body.0).await?;
        Ok(if created { PutResponse::Created(Json(view)) } else { PutResponse::Replaced(Json(view)) })
    }

    /// Delete a plan
    ///
    /// One that no organisation is on or changes to. For admins of the organisation that runs this server.
    #[oai(path = "/api/billing/plans/:name", method = "delete", operation_id = "plan_delete")]
    async fn plan_delete(
        &self,
        token: Token,
        /// Its id.
        name: Path<String>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Gone, WriteFailure> {
        self.plans.delete(&token.0, &name.0).await?;
        Ok(Gone)
    }

    /// See what your organisation may use, and uses
    ///
    /// Where there is a limit of executions, their number is exact at any time; sums follow within seconds.
    #[oai(path = "/api/user/quota", method = "get", operation_id = "quota_view")]
    async fn quota_view(&self, token: Token) -> Result<Json<QuotaView>, ReadFailure> {
        Ok(Json(self.quotas.quota(&token.0).await?))
    }

    /// See what your organisation used, period by period
    ///
    /// For its admins.
    #[oai(path = "/api/billing/usage", method = "get", operation_id = "usage_list")]
    async fn usage_list(&self, token: Token) -> Result<Json<UsageList>, ReadFailure> {
        Ok(Json(self.quotas.usage(&token.0).await?))
    }
}
