//! What happens to a subscription when a time has come.

use chrono::{DateTime, Utc};

/// What has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// The grace period is over, and no payment came: the plan is lost.
    Lapse,
    /// The trial is over.
    TrialEnd,
    /// The period is over: the next one begins.
    Renewal,
}

/// What is due at `now`, the first thing first: who has lost the plan owes nothing for a next period.
#[must_use]
pub fn due(
    period_end: DateTime<Utc>,
    trial_end: Option<DateTime<Utc>>,
    grace_end: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Option<Due> {
    let is_over = |end: Option<DateTime<Utc>>| end.is_some_and(|end| end <= now);
    if is_over(grace_end) {
        return Some(Due::Lapse);
    }
    if is_over(trial_end) {
        return Some(Due::TrialEnd);
    }
    is_over(Some(period_end)).then_some(Due::Renewal)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn one_thing_after_the_other() {
        let now: DateTime<Utc> = "2026-06-01T00:00:00Z".parse().unwrap();
        let (past, later) = (now - TimeDelta::days(1), now + TimeDelta::days(1));
        assert_eq!(due(later, None, None, now), None);
        assert_eq!(due(now, None, None, now), Some(Due::Renewal));
        assert_eq!(due(past, Some(past), None, now), Some(Due::TrialEnd));
        assert_eq!(due(past, None, Some(past), now), Some(Due::Lapse));
        assert_eq!(due(past, None, Some(later), now), Some(Due::Renewal));
    }
}
