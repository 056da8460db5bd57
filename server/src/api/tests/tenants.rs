//! Row-level security over everything that a furnished workspace has: another one sees and changes none of it.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::BigInt;
use poem::http::StatusCode;
use serde_json::json;

use super::TestApp;
use crate::store::queries::purge;
use crate::store::{Connection, Error};

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn count(conn: &mut Connection, table: &str) -> Result<i64, Error> {
    let row: Count = sql_query(format!("SELECT count(*) AS count FROM {table}")).get_result(conn)?;
    Ok(row.count)
}

#[tokio::test]
async fn a_furnished_workspace_is_empty_for_all_others() {
    let mut app = TestApp::start().await;
    let _stranger = app.furnish().await;
    assert_eq!(app.post("/api/workspaces", json!({"slug": "second"})).await.status, StatusCode::CREATED);
    let store = app.database.connect();
    let id = |slug: &str| {
        let slug = slug.to_owned();
        let find = move |conn: &mut Connection| crate::store::queries::workspace::workspace_by_slug(conn, &slug);
        tidemill_common::ids::WorkspaceId(store.engine_blocking(find).unwrap().id)
    };
    let (main, second) = (id("main"), id("second"));
    let tables = store.engine(purge::tenant_tables).await.unwrap();
    let mut filled = 0;
    for table in tables.into_iter().chain(["audit_log".to_owned()]) {
        let (ours, theirs) = (table.clone(), table.clone());
        // What this role may not read at all is as good as empty.
        let here = store.with_tenant(main, move |conn| count(conn, &ours)).await.unwrap_or(0);
        let there = store.with_tenant(second, move |conn| count(conn, &theirs)).await.unwrap_or(0);
        filled += i32::from(here > 0);
        // The second workspace has its first member and the entry about its making.
        assert_eq!(there, i64::from(table == "members" || table == "audit_log"), "{table}");
        let sql = format!("UPDATE {table} SET workspace_id = workspace_id WHERE workspace_id = '{main}'");
        let changed = store.with_tenant(second, move |conn| Ok(sql_query(sql).execute(conn).unwrap_or(0))).await;
        // A table that may not be written at all refuses, which ends the transaction: that is as good.
        assert_eq!(changed.unwrap_or(0), 0, "{table}");
    }
    assert!(filled >= 9, "only {filled} tables had rows: furnish more");
}

#[tokio::test]
async fn what_a_workspace_had_is_gone_after_its_grace_period() {
    let mut app = TestApp::start().await;
    let _stranger = app.furnish().await;
    assert_eq!(app.post("/api/workspaces", json!({"slug": "second"})).await.status, StatusCode::CREATED);
    app.database.execute("UPDATE tidemill.workspaces SET delete_after = now() WHERE slug = 'main'");
    let store = app.database.connect();
    crate::app::purge(&store, &tidemill_common::clock::SystemClock).await.unwrap();
    for table in store.engine(purge::tenant_tables).await.unwrap() {
        let main = &app.ids["workspace"];
        let sql = format!("SELECT count(*) AS count FROM {table} WHERE workspace_id = '{main}'");
        let left = store.engine(move |conn| Ok(sql_query(sql).get_result::<Count>(conn)?.count)).await.unwrap();
        assert_eq!(left, 0, "{table}");
    }
    let left = store.engine(|conn| count(conn, "workspaces")).await.unwrap();
    assert_eq!(left, 2, "only `main` went");
    app.database.execute("SELECT 1 / count(*) FROM tidemill.audit_log WHERE entry ->> 'operation' = 'workspace_purge'");
}
