//! Periods begin, trials and grace periods end, invoices become overdue; and who listens is told that a limit is near.

use super::Background;

pub(super) async fn run(background: Background) {
    let mut pulse = background.pulse.subscribe();
    loop {
        let due = pulse.borrow_and_update().next_billing.filter(|at| *at <= background.clock.now());
        if due.is_some() {
            match background.billing_subscriptions.round().await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "subscriptions can't go on; trying again");
                }
            }
        }
        // The beat says when something is due: a period may begin some seconds late.
        if pulse.changed().await.is_err() {
            return;
        }
    }
}
