//! A cursor that misses something is noticed, also when the feed is empty; those to whom nothing happened read nothing.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use tidemill_harness::eventually;
use uuid::Uuid;

use super::TestDatabase;
use crate::store::Database;
use crate::store::queries::feed;
use crate::store::queries::happening::{self, FAR};

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

#[test]
fn only_those_to_whom_something_happened_are_awake() {
    let database = TestDatabase::migrated();
    let store = database.connect();
    // As many transactions as one may fall behind, and one more.
    database.execute(&format!("DO $$ BEGIN FOR n IN 0..{FAR} LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$"));
    let (ours, theirs) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let awake = |feed: feed::Place| {
        let place = happening::Place { feed, audit: 0 };
        let behind = happening::Place { feed: (feed.0 - FAR - 1, feed.1), audit: 0 };
        let readers = [(ours, place), (theirs, place), (theirs, behind)];
        store.engine_blocking(move |conn| Ok(happening::awake(conn, &readers)?)).unwrap()
    };
    // Whoever stays where it is falls behind by the transactions of other databases too.
    eventually("only who has fallen behind is awake", || (awake(head(&store)) == HashSet::from([2])).then_some(()));
    let before = head(&store);
    database.execute(&format!(
        "INSERT INTO tidemill.event_feed (workspace_id, at, execution_ids, first_seqs, last_seqs)
         VALUES ('{ours}', now(), '{{}}', '{{}}', '{{}}')"
    ));
    eventually("who has something to read is awake", || awake(before).contains(&0).then_some(()));
}
