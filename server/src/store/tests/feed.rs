//! A cursor that misses something is noticed, also when the feed is empty.

use chrono::{DateTime, Utc};

use super::TestDatabase;
use crate::store::Database;
use crate::store::queries::feed;

fn reaches(store: &Database, place: feed::Place) -> bool {
    store.engine_blocking(move |conn| Ok(feed::reaches_back_to(conn, place)?)).unwrap()
}

fn head(store: &Database) -> feed::Place {
    store.engine_blocking(|conn| Ok(feed::head(conn)?)).unwrap()
}

#[test]
fn what_was_forgotten_is_missed_and_what_comes_is_not() {
    let database = TestDatabase::migrated();
    let store = database.connect();
    let fresh = head(&store);
    assert!(reaches(&store, fresh) && reaches(&store, (0, 0)), "nothing was ever forgotten");
    database.execute(
        "INSERT INTO tidemill.event_feed (txid, workspace_id, at, execution_ids, first_seqs, last_seqs)
         VALUES ('1', gen_random_uuid(), '2026-01-01Z', '{}', '{}', '{}')",
    );
    let before: DateTime<Utc> = "2026-01-02T00:00:00Z".parse().unwrap();
    store.engine_blocking(move |conn| Ok(feed::forget(conn, before)?)).unwrap();
    assert!(!reaches(&store, (0, 0)), "the feed is empty, and something was in it");
    assert!(reaches(&store, head(&store)));
    assert!(!reaches(&store, (head(&store).0 + 1_000_000, 0)), "a cursor of another database");
}
