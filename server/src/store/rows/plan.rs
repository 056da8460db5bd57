//! Plans, as the database keeps them.

use diesel::prelude::*;
use tidemill_common::api::plan::CodeStepLimits;

use crate::store::schema::plans;

/// What organizations may have.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = plans, treat_none_as_null = true)]
pub struct Plan {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Where it stands in lists.
    pub place: i32,
    /// What a month costs; absent: on request.
    pub price_cents: Option<i64>,
    /// The currency.
    pub currency: String,
    /// Its limit of active workflows, where there is one; and so on.
    pub active_workflows: Option<i64>,
    /// Of executions in a period.
    pub executions: Option<i64>,
    /// Of credentials.
    pub integrations: Option<i64>,
    /// Of people.
    pub members: Option<i64>,
    /// The words of its features.
    pub features: Vec<String>,
    /// How long it can be tried.
    pub trial_days: i32,
    /// Whether organizations can choose it.
    pub offered: bool,
    /// Whether new organizations get it.
    pub is_default: bool,
    /// The price of Stripe.
    pub stripe_price: Option<String>,
    /// The longest time that a code step can ask for, in seconds, where there is a limit; and so on.
    pub code_step_seconds: Option<i64>,
    /// The most memory, in MiB.
    pub code_step_memory_mib: Option<i64>,
    /// The largest output, in KiB.
    pub code_step_output_kib: Option<i64>,
    /// The longest log, in KiB.
    pub code_step_log_kib: Option<i64>,
}

impl Plan {
    /// What one code step can ask for.
    #[must_use]
    pub fn code_step(&self) -> CodeStepLimits {
        CodeStepLimits {
            seconds: self.code_step_seconds,
            memory_mib: self.code_step_memory_mib,
            output_kib: self.code_step_output_kib,
            log_kib: self.code_step_log_kib,
        }
    }
}
