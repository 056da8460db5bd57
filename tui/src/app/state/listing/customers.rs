//! What customers bring and cost, over spans of months; for those who run the server.

use tidemill_common::api::billing::LtvCacView;

use super::entry::{Cell, Column, Entry, Value, moment};
use super::plans::units;
use super::subject::Spec;
use crate::app::action::Action;
use crate::app::keymap::Scope;
use crate::app::state::access::Need;
use crate::app::state::look::Token;

/// The spans that are looked at: so many months back.
pub const SPANS: [u32; 4] = [1, 3, 12, 24];
/// What a customer brings should be so many times what winning it costs: the field's rule of thumb.
const SOUND: f64 = 3.0;

/// The listing.
pub const SPEC: Spec = Spec {
    noun: "customers",
    columns: &[
        Column::text("OVER", 10, 1),
        Column::number("PAYING", 7),
        Column::number("NEW", 5),
        Column::number("LOST", 5),
        Column::number("PAID", 13),
        Column::number("SPENT", 13),
        Column::number("LTV", 12).from(100),
        Column::number("CAC", 12).from(100),
        Column::number("LTV/CAC", 8),
    ],
    empty: &["Nobody has paid yet.", "Plans with a price make customers: gu shows them."],
    hints: &[Action::New, Action::Sort, Action::YankJson],
    scopes: &[Scope::Customers, Scope::List, Scope::Root, Scope::Global],
    reads: Need::Organization,
    changes: Need::Organization,
};

/// The row of a span.
pub fn entry(view: &LtvCacView) -> Entry {
    let months = view.months.round();
    let span = if months > 1.0 { format!("{months} months") } else { "1 month".to_owned() };
    let ratio = view.ltv_to_cac.map(|ratio| (format!("{ratio:.1}"), if ratio < SOUND { Token::Warn } else { Token::Ok }));
    let share = ratio.clone().map_or_else(|| Cell::new(Value::None), |(text, token)| Cell::text(text).with(token));
    let entry = Entry::new(&span, format!("tidemill billing ltv-cac --months {months}"), view)
        .cells([
            Cell::text(&span),
            Cell::new(Value::Count(view.paying)),
            Cell::new(Value::Count(view.new_paying)),
            Cell::new(Value::Count(view.churned)),
            Cell::new(Value::Amount(view.revenue_cents, units(view.revenue_cents))),
            Cell::new(Value::Amount(view.acquisition_cents, units(view.acquisition_cents))),
            known(view.ltv_cents),
            known(view.cac_cents),
            share,
        ])
        .fact("from", moment(view.since))
        .fact("to", moment(view.until))
        .known("a month", view.arpa_cents.map(|cents| format!("{} from each who pays", units(whole(cents)))))
        .known("lost", view.churn.map(|churn| format!("{:.1} % a month", churn * 100.0)))
        .fact(
            "brings",
            view.ltv_cents.map_or_else(|| "not known while nobody was lost".to_owned(), |cents| units(whole(cents))),
        )
        .fact(
            "costs",
            view.cac_cents.map_or_else(
                || "not known while nobody new has paid, or nothing was spent: n notes it".to_owned(),
                |cents| units(whole(cents)),
            ),
        );
    let entry = match ratio {
        Some((text, token)) => entry.marked("ratio", format!("{text}; {SOUND} and more is sound"), token),
        None => entry,
    };
    entry.marked("", &view.formula, Token::Muted)
}

fn known(cents: Option<f64>) -> Cell {
    let value = cents.map(whole).map_or(Value::None, |cents| Value::Amount(cents, units(cents)));
    Cell::new(value).with(Token::Muted)
}

#[expect(clippy::cast_possible_truncation, reason = "no sum of money on a screen is beyond 2^53 cents")]
fn whole(cents: f64) -> i64 {
    cents.round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::state::testing::now;

    fn view() -> LtvCacView {
        LtvCacView {
            since: now(),
            until: now(),
            months: 1.0,
            paying: 2,
            new_paying: 1,
            churned: 0,
            revenue_cents: 5805,
            acquisition_cents: 0,
            arpa_cents: Some(2902.5),
            churn: Some(0.0),
            ltv_cents: None,
            cac_cents: None,
            ltv_to_cac: None,
            formula: "ltv = arpa / churn".into(),
        }
    }

    #[test]
    fn what_cannot_be_known_yet_says_why() {
        let entry = entry(&view());
        assert_eq!((entry.id.as_str(), &entry.cells[4].value), ("1 month", &Value::Amount(5805, "58.05".into())));
        let facts: Vec<_> = entry.facts.iter().map(|fact| fact.text.as_str()).collect();
        assert!(facts.contains(&"not known while nobody was lost") && facts.contains(&"29.03 from each who pays"), "{facts:?}");
    }

    #[test]
    fn a_customer_that_costs_too_much_is_marked() {
        let marked = |ratio| {
            let entry = entry(&LtvCacView { ltv_to_cac: Some(ratio), ..view() });
            entry.cells[8].token
        };
        assert_eq!((marked(1.2), marked(3.4)), (Some(Token::Warn), Some(Token::Ok)));
    }
}
