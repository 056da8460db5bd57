//! How often a credential is used by this node.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::domain::credential::Credential;

/// Above this many known credentials those that are at rest are forgotten.
const KNOWN: usize = 10_000;

/// Whose turn it is. Cheap to clone; clones share the turns.
#[derive(Debug, Clone, Default)]
pub(super) struct Rates(Arc<Mutex<HashMap<String, Instant>>>);

impl Rates {
    /// Waits for the turn of one request with `credential`.
    pub(super) async fn turn(&self, credential: &Credential) {
        if credential.rate.is_some() {
            tokio::time::sleep_until(self.reserve(credential, Instant::now())).await;
        }
    }

    /// When the request may begin that is reserved now: at once while there are requests left, else evenly spaced, first come,
    /// first served (the generic cell rate algorithm: what is kept is when everything allowed so far would be used up).
    fn reserve(&self, credential: &Credential, now: Instant) -> Instant {
        let Some(rate) = credential.rate else { return now };
        let window = Duration::from_secs(rate.seconds.into());
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KNOWN {
            known.retain(|_, used_up| *used_up > now);
        }
        let used_up = known.entry(credential.key.clone()).or_insert(now);
        *used_up = (*used_up).max(now) + window / rate.requests.max(1);
        (*used_up).checked_sub(window).map_or(now, |begin| begin.max(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::credential::Settings;

    #[test]
    fn a_rate_lets_some_through_at_once_and_spaces_the_rest() {
        let settings = Settings { hosts: vec!["a".to_owned()], rate: Some((2, 10)), ..Settings::default() };
        let credential = |key: &str| settings.credential(key.to_owned(), "a", "bearer", Some("x")).unwrap();
        let (rates, one, other) = (Rates::default(), credential("one"), credential("other"));
        let start = Instant::now();
        let turn = |credential: &Credential, after: u64| {
            (rates.reserve(credential, start + Duration::from_secs(after)) - start).as_secs()
        };
        assert_eq!([turn(&one, 0), turn(&one, 0), turn(&one, 0), turn(&one, 1)], [0, 0, 5, 10]);
        assert_eq!(turn(&other, 1), 1, "each credential has its own");
        assert_eq!(
            [turn(&one, 60), turn(&one, 60), turn(&one, 60)],
            [60, 60, 65],
            "what was not used is not saved up for long"
        );
    }
}
