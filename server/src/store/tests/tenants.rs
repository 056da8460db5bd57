//! One workspace never sees another's rows: with the wrapper, without it, and after it.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::Text;
use tidemill_common::ids::WorkspaceId;
use uuid::Uuid;

use super::TestDatabase;
use crate::store::schema::{organizations, secrets, workspaces};
use crate::store::{Database, Error};

/// Two workspaces, the first of which has a secret.
fn two_workspaces(database: &Database) -> [WorkspaceId; 2] {
    let now = chrono::Utc::now();
    let ids = [WorkspaceId::new(now), WorkspaceId::new(now)];
    database
        .engine_blocking(|conn| {
            let organization = Uuid::now_v7();
            diesel::insert_into(organizations::table)
                .values((organizations::id.eq(organization), organizations::name.eq("Acme"), organizations::created_at.eq(now)))
                .execute(conn)?;
            for (id, slug) in ids.iter().zip(["one", "two"]) {
                diesel::insert_into(workspaces::table)
                    .values((
                        workspaces::id.eq(id.0),
                        workspaces::organization_id.eq(organization),
                        workspaces::slug.eq(slug),
                        workspaces::name.eq(slug),
                        workspaces::created_at.eq(now),
                    ))
                    .execute(conn)?;
            }
            Ok(())
        })
        .unwrap();
    ids
}

fn insert_secret(conn: &mut PgConnection, workspace: WorkspaceId) -> Result<(), Error> {
    diesel::insert_into(secrets::table)
        .values((
            secrets::workspace_id.eq(workspace.0),
            secrets::name.eq("shop"),
            secrets::key_version.eq(1_i16),
            secrets::nonce.eq(&[0_u8][..]),
            secrets::ciphertext.eq(&[0_u8][..]),
            secrets::updated_at.eq(chrono::Utc::now()),
        ))
        .execute(conn)?;
    Ok(())
}

fn count_secrets(conn: &mut PgConnection) -> Result<i64, Error> {
    Ok(secrets::table.count().get_result(conn)?)
}

#[tokio::test]
async fn a_workspace_sees_and_writes_only_its_own_rows() {
    let database = TestDatabase::migrated();
    let store = database.connect();
    let [one, two] = two_workspaces(&store);
    store.with_tenant(one, move |conn| insert_secret(conn, one)).await.unwrap();
    assert_eq!(store.with_tenant(one, count_secrets).await.unwrap(), 1);
    assert_eq!(store.with_tenant(two, count_secrets).await.unwrap(), 0);
    let foreign = store.with_tenant(two, move |conn| insert_secret(conn, one)).await;
    assert!(matches!(foreign, Err(Error::Database(_))), "{foreign:?}");
    let deleted = store.with_tenant(two, |conn| Ok(diesel::delete(secrets::table).execute(conn)?)).await.unwrap();
    assert_eq!(deleted, 0);
}

#[tokio::test]
async fn a_query_outside_with_tenant_is_an_error_or_sees_nothing() {
    let database = TestDatabase::migrated();
    let store = database.connect();
    let [one, _] = two_workspaces(&store);
    store.with_tenant(one, move |conn| insert_secret(conn, one)).await.unwrap();
    // Every connection of the pool, used before or not.
    let mut connections = [store.app_pool().get().unwrap(), store.app_pool().get().unwrap()];
    for conn in &mut connections {
        assert_eq!(count_secrets(conn).unwrap_or(0), 0);
    }
}

#[derive(QueryableByName)]
struct Setting {
    #[diesel(sql_type = Text)]
    value: String,
}

#[tokio::test]
async fn the_pool_carries_no_tenant_over() {
    let database = TestDatabase::migrated();
    let store = database.connect();
    let [one, _] = two_workspaces(&store);
    let failed: Result<(), Error> = store.with_tenant(one, |conn| Ok(sql_query("SELECT 1 / 0").execute(conn).map(drop)?)).await;
    assert!(failed.is_err());
    let panicked = tokio::spawn({
        let store = store.clone();
        async move { store.with_tenant::<(), _>(one, |_| panic!("in the middle of a transaction")).await }
    });
    assert!(panicked.await.is_err());
    // A statement that takes too long, a savepoint that is rolled back, a transaction that ends itself, a connection that dies.
    for sql in ["SET LOCAL statement_timeout = 1", "SAVEPOINT s; SELECT 1 / 0", "ROLLBACK; BEGIN"] {
        let work = move |conn: &mut PgConnection| {
            conn.batch_execute(sql).ok();
            Ok(sql_query("SELECT pg_sleep(1) / 0").execute(conn).map(drop)?)
        };
        let failed: Result<(), Error> = store.with_tenant(one, work).await;
        assert!(failed.is_err(), "{sql}");
    }
    let killed: Result<(), Error> = store
        .with_tenant(one, |conn| Ok(sql_query("SELECT pg_terminate_backend(pg_backend_pid())").execute(conn).map(drop)?))
        .await;
    assert!(killed.is_err());
    store.with_tenant(one, count_secrets).await.unwrap();
    for _ in 0..4 {
        let mut connections = [store.app_pool().get().unwrap(), store.app_pool().get().unwrap()];
        for conn in &mut connections {
            let left: Setting = sql_query("SELECT coalesce(current_setting('tidemill.workspace_id', true), '') AS value")
                .get_result(conn)
                .unwrap();
            assert_eq!(left.value, "");
        }
    }
}

#[tokio::test]
async fn the_store_recovers_when_its_connections_die() {
    let database = TestDatabase::migrated();
    let store = database.connect();
    store.ping().await.unwrap();
    database.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
    store.ping().await.expect("a dead connection is replaced at check-out");
}
