//! Migrations: twice, at once, from the future, and with too few rights.

use super::TestDatabase;
use crate::store::{Database, Error, PoolSizes, migrate};
use tidemill_harness::Postgres;

#[test]
fn migrating_twice_changes_nothing() {
    let database = TestDatabase::empty();
    let first = migrate(&database.url).unwrap();
    assert_eq!(first, migrate(&database.url).unwrap());
}

#[test]
fn servers_that_start_at_once_wait_for_each_other() {
    let database = TestDatabase::empty();
    let versions = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..4).map(|_| scope.spawn(|| migrate(&database.url))).collect();
        starts.into_iter().map(|start| start.join().unwrap().unwrap()).collect::<Vec<_>>()
    });
    assert!(versions.iter().all(|version| *version == versions[0]));
}

#[test]
fn a_schema_from_the_future_is_refused() {
    let database = TestDatabase::migrated();
    database.execute("INSERT INTO tidemill.__diesel_schema_migrations (version) VALUES ('99990101000000')");
    database.execute("UPDATE tidemill.schema_floor SET oldest = '99990101000000'");
    let error = migrate(&database.url).unwrap_err();
    assert!(matches!(&error, Error::SchemaNewer { found, .. } if found == "99990101000000"), "{error}");
}

#[test]
fn a_schema_of_the_next_release_is_worked_on_and_one_after_that_is_not() {
    let database = TestDatabase::migrated();
    let here = migrate(&database.url).unwrap().to_string();
    database.execute("INSERT INTO tidemill.__diesel_schema_migrations (version) VALUES ('99980101000000')");
    database.execute(&format!("UPDATE tidemill.schema_floor SET oldest = '{here}'"));
    assert_eq!(migrate(&database.url).unwrap().to_string(), "99980101000000");
    database.execute("UPDATE tidemill.schema_floor SET oldest = '99980101000000'");
    let error = migrate(&database.url).unwrap_err();
    assert!(matches!(&error, Error::SchemaNewer { oldest, .. } if oldest == "99980101000000"), "{error}");
}

#[test]
fn a_role_without_rights_is_told_what_an_administrator_must_run() {
    let database = TestDatabase::empty();
    let role = format!("tidemill_poor_{}", std::process::id());
    database.execute(&format!("CREATE ROLE {role} LOGIN"));
    let url = format!("{}&user={role}", database.url);
    let error = migrate(&url).unwrap_err();
    let Error::Unprepared { sql, .. } = &error else { panic!("{error}") };
    for statement in sql.split(';').map(str::trim).filter(|statement| !statement.is_empty()) {
        database.execute(statement);
    }
    migrate(&url).expect("the administrator has run it");
    Database::connect(&url, PoolSizes::default()).expect("a role without rights of its own is enough");
    database.execute(&format!("REASSIGN OWNED BY {role} TO CURRENT_USER"));
    database.execute(&format!("DROP OWNED BY {role}"));
    drop(database);
    super::execute(Postgres::shared().url(), &format!("DROP ROLE {role}"));
}

#[test]
fn a_role_that_owns_tables_is_refused() {
    let database = TestDatabase::migrated();
    database.execute("ALTER TABLE tidemill.organizations OWNER TO tidemill_engine");
    let refused = Database::connect(&database.url, PoolSizes::default());
    assert!(matches!(refused, Err(Error::UnsafeRole { .. })));
}

#[test]
fn a_database_that_is_away_is_unavailable() {
    let error = migrate("postgresql://nobody@127.0.0.1:1/nothing").unwrap_err();
    assert!(error.is_unavailable(), "{error}");
}
