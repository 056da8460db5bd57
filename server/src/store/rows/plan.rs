//! Plans, as the database keeps them.

use diesel::prelude::*;

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
}
