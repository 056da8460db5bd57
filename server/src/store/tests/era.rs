//! After a restore every place is where it was, and places of before are known as such.

use diesel::pg::PgConnection;
use diesel::sql_types::Text;
use diesel::{Connection, QueryableByName, RunQueryDsl, sql_query};

use super::TestDatabase;
use crate::store::queries::feed::{self, Place, Snapshot};
use crate::store::{Database, begin_era};

/// A feed as another cluster left it: five rows with transaction ids that this one has not come to; two are rolled up, a trigger has
/// read three, and a subscription three of which it knows the fourth from before it began.
const FOREIGN: &str = "
    SET search_path = tidemill;
    INSERT INTO organizations (id, name, created_at) VALUES (gen_random_uuid(), 'Acme', now());
    INSERT INTO workspaces (id, organization_id, slug, name, created_at)
        SELECT '00000000-0000-7000-8000-000000000001', id, 'main', 'Main', now() FROM organizations;
    INSERT INTO event_feed (txid, position, workspace_id, at, execution_ids, first_seqs, last_seqs, bytes) OVERRIDING SYSTEM VALUE
        SELECT t::text::xid8, p, '00000000-0000-7000-8000-000000000001', now(), '{}', ARRAY[n], '{}', 100 + n
        FROM (VALUES (1, 9000001, 40), (2, 9000001, 41), (3, 9000002, 12), (4, 9000004, 50), (5, 9000005, 45)) AS r (n, t, p);
    SELECT setval(pg_get_serial_sequence('event_feed', 'position'), 60);
    UPDATE feed_floor SET txid = '9000000', position = 7;
    UPDATE rollup_cursor SET txid = '9000001', position = 41;
    INSERT INTO workflows (workspace_id, uid, id, name, version, created_at, updated_at)
        VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000002', 'w', 'W', 1, now(), now());
    INSERT INTO trigger_states (workspace_id, workflow_uid, trigger_id, feed_txid, feed_position, audit_seq, begins)
        VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000002', 'near', 9000003, 0, 1,
                '9000003:9000005:9000003'),
               ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000002', 'lost', 8000000, 3, 1, NULL);
    INSERT INTO event_subscriptions (workspace_id, id, url, events, name, created_at, updated_at, key_version, nonce, ciphertext, begins,
                                     feed_txid, feed_position, audit_seq)
        VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000003', 'https://x.example', '{}', 'x', now(), now(),
                1, '', '', '9000003:9000005:9000003', 9000003, 0, 1);";

#[derive(QueryableByName)]
struct Word {
    #[diesel(sql_type = Text)]
    word: String,
}

fn words(database: &TestDatabase, sql: &str) -> Vec<String> {
    let mut conn = PgConnection::establish(&database.url).unwrap();
    sql_query(sql).load::<Word>(&mut conn).unwrap().into_iter().map(|row| row.word).collect()
}

/// What stands in the feed behind `place`, by the numbers of the rows.
fn behind(store: &Database, place: Place) -> Vec<i32> {
    store
        .engine_blocking(move |conn| Ok(feed::read(conn, None, place, 100)?))
        .unwrap()
        .into_iter()
        .map(|row| row.first_seqs[0])
        .collect()
}

/// Begins an era, and waits until it is in the past for everybody: other databases of the cluster may hold it back.
fn restored(database: &TestDatabase, store: &Database) {
    begin_era(&database.url).unwrap();
    let era = place(database, "txid::text || ' ' || position AS word FROM tidemill.feed_floor").0;
    tidemill_harness::eventually("the era has begun for everybody", || {
        let head = store.engine_blocking(|conn| Ok(feed::head(conn)?)).unwrap();
        (head.0 > era).then_some(())
    });
}

fn place(database: &TestDatabase, what: &str) -> Place {
    let words = words(database, &format!("SELECT {what}"));
    let (txid, position) = words[0].split_once(' ').unwrap();
    (txid.parse().unwrap(), position.parse().unwrap())
}

fn reaches(store: &Database, place: Place) -> bool {
    store.engine_blocking(move |conn| Ok(feed::reaches_back_to(conn, place)?)).unwrap()
}

/// What the subscription and the trigger had begun with, which is the same.
fn beginning(database: &TestDatabase) -> Snapshot {
    let subscription = words(database, "SELECT begins AS word FROM tidemill.event_subscriptions");
    let trigger = words(database, "SELECT begins AS word FROM tidemill.trigger_states WHERE begins IS NOT NULL");
    assert_eq!(subscription, trigger);
    Snapshot::parse(&subscription[0]).unwrap()
}

fn foreign() -> TestDatabase {
    let database = TestDatabase::migrated();
    for statement in FOREIGN.split(";\n").filter(|statement| !statement.trim().is_empty()) {
        let statement = statement.replace("SET search_path = tidemill", "SELECT 1");
        let mut conn = PgConnection::establish(&database.url).unwrap();
        sql_query("SET search_path = tidemill").execute(&mut conn).unwrap();
        sql_query(statement).execute(&mut conn).unwrap();
    }
    database
}

const ROLLED: &str = "txid::text || ' ' || position AS word FROM tidemill.rollup_cursor";
const NEAR: &str = "feed_txid || ' ' || feed_position AS word FROM tidemill.trigger_states WHERE trigger_id = 'near'";
const LOST: &str = "feed_txid || ' ' || feed_position AS word FROM tidemill.trigger_states WHERE trigger_id = 'lost'";
const TOLD: &str = "feed_txid || ' ' || feed_position AS word FROM tidemill.event_subscriptions";

#[test]
fn every_reader_goes_on_where_it_was() {
    let database = foreign();
    let store = database.connect();
    assert!(behind(&store, (0, 0)).is_empty(), "as they are, no reader would ever come to these rows");
    restored(&database, &store);
    assert_eq!(behind(&store, (0, 0)), [1, 2, 3, 4, 5]);
    assert_eq!(behind(&store, place(&database, ROLLED)), [3, 4, 5]);
    assert_eq!(behind(&store, place(&database, NEAR)), [4, 5]);
    assert_eq!(behind(&store, place(&database, TOLD)), [4, 5]);
    let bytes = words(&database, "SELECT string_agg(bytes::text, ',' ORDER BY position) AS word FROM tidemill.event_feed");
    assert_eq!(bytes, ["101,102,103,104,105"], "the other columns are what they were");
}

#[test]
fn nobody_is_told_of_what_had_happened_when_they_began() {
    let database = foreign();
    let store = database.connect();
    for _ in 0..2 {
        restored(&database, &store);
        let begins = beginning(&database);
        let rows = store.engine_blocking(|conn| Ok(feed::read(conn, None, (0, 0), 100)?)).unwrap();
        let shown: Vec<i32> =
            rows.iter().filter(|row| begins.shows((row.txid, row.position))).map(|row| row.first_seqs[0]).collect();
        assert_eq!(shown, [4], "also after a restore of what was restored");
    }
}

#[test]
fn places_of_before_are_known() {
    let database = foreign();
    let store = database.connect();
    let head = |store: &Database| store.engine_blocking(|conn| Ok(feed::head(conn)?)).unwrap();
    let before = head(&store);
    restored(&database, &store);
    let first = head(&store);
    assert!(reaches(&store, first) && reaches(&store, place(&database, NEAR)) && reaches(&store, place(&database, TOLD)));
    assert!(!reaches(&store, place(&database, LOST)), "what had missed something has missed it");
    // Their transactions are in the past here, so that only the era tells that they are of elsewhere.
    for alien in [before, (first.0, 60), (first.0, 0)] {
        assert!(!reaches(&store, alien), "{alien:?}");
    }
    database.execute(
        "INSERT INTO tidemill.event_feed (workspace_id, at, execution_ids, first_seqs, last_seqs)
         VALUES ('00000000-0000-7000-8000-000000000001', now(), '{}', '{6}', '{}')",
    );
    let seen = || Some(behind(&store, first)).filter(|rows| !rows.is_empty());
    assert_eq!(tidemill_harness::eventually("what happens from now on comes behind", seen), [6]);
    assert!(reaches(&store, head(&store)));
}
