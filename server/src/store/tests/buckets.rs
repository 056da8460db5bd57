//! The buckets of durations are the same in the database and in memory.

use diesel::sql_types::SmallInt;
use diesel::{QueryableByName, RunQueryDsl, sql_query};

use super::TestDatabase;

#[derive(QueryableByName)]
struct BucketRow {
    #[diesel(sql_type = SmallInt)]
    bucket: i16,
}

#[test]
fn a_doubling_is_eight_buckets_and_whole_powers_begin_theirs() {
    let database = TestDatabase::migrated();
    let store = database.connect();
    let rows: Vec<BucketRow> = store
        .engine_blocking(|conn| {
            let millis =
                "SELECT duration_bucket(m) AS bucket FROM unnest(ARRAY[0, 0.99, 1, 1.05, 1.1, 2, 7.99, 8, 1024, 1e300]) AS m";
            Ok(sql_query(millis).load(conn)?)
        })
        .unwrap();
    let buckets: Vec<_> = rows.iter().map(|row| row.bucket).collect();
    assert_eq!(buckets, [0, 0, 1, 1, 2, 9, 24, 25, 81, 320]);
    let exact = (0..30).map(|power| format!("tidemill.duration_bucket({}) = {}", 1_u64 << power, 1 + 8 * power));
    let all = exact.collect::<Vec<_>>().join(" AND ");
    database.execute(&format!("DO $$ BEGIN ASSERT {all}, 'whole powers'; END $$"));
}
