//! What a change of plans costs.

use chrono::{DateTime, Utc};

use super::Period;

/// What is to be paid for going from one monthly price to another at `at`: the difference for what is left of the period, in
/// hundredths of the currency, rounded to the nearest. Negative when less is owed than was paid.
#[must_use]
pub fn prorated(from: i64, to: i64, period: Period, at: DateTime<Utc>) -> i64 {
    let whole = (period.end - period.start).num_milliseconds().max(1);
    let left = (period.end - at).num_milliseconds().clamp(0, whole);
    let cents = i128::from(to - from) * i128::from(left);
    let whole = i128::from(whole);
    let rounded = (cents * 2 + cents.signum() * whole) / (whole * 2);
    i64::try_from(rounded).unwrap_or_default()
}

/// An amount as people write it: `29.00 USD`.
#[must_use]
pub fn format_cents(cents: i64, currency: &str) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    let cents = cents.unsigned_abs();
    format!("{sign}{}.{:02} {}", cents / 100, cents % 100, currency.to_uppercase())
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::*;

    fn june() -> Period {
        Period { start: "2026-06-01T00:00:00Z".parse().unwrap(), end: "2026-07-01T00:00:00Z".parse().unwrap() }
    }

    #[test]
    fn the_rest_of_the_period_is_paid() {
        let at = |day: i64| june().start + TimeDelta::days(day);
        assert_eq!(prorated(0, 2900, june(), at(0)), 2900);
        assert_eq!(prorated(2900, 9900, june(), at(15)), 3500);
        assert_eq!(prorated(0, 2900, june(), at(29)), 97, "96.67 cents");
        assert_eq!(prorated(9900, 2900, june(), at(15)), -3500);
        assert_eq!(prorated(0, 2900, june(), at(40)), 0);
    }

    #[test]
    fn amounts_are_written_as_people_do() {
        assert_eq!(format_cents(2900, "usd"), "29.00 USD");
        assert_eq!(format_cents(-5, "eur"), "-0.05 EUR");
    }

    proptest! {
        #[test]
        fn going_there_and_back_costs_nothing(from in 0_i64..1_000_000, to in 0_i64..1_000_000, ms in 0_i64..2_592_000_000) {
            let at = june().start + TimeDelta::milliseconds(ms);
            let there = prorated(from, to, june(), at);
            prop_assert_eq!(there, -prorated(to, from, june(), at));
            prop_assert!(there.abs() <= (to - from).abs());
        }
    }
}
