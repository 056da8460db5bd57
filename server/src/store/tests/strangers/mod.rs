//! Every function of the store that is told a workspace, asked for what belongs to another one: as a tenant, whom row-level security
//! binds whatever the function says, and as the engine, whom only the function itself binds.

mod calls;
mod scene;

use std::fmt::Debug;
use std::sync::mpsc;

use diesel::Connection as _;
use diesel::pg::PgConnection;
use proptest::test_runner::{Config, TestRunner};
use tidemill_common::ids::WorkspaceId;

use self::calls::{Call, Does};
use self::scene::{MARK, Ours, UNTIE, furnish, rows_of};
use super::TestDatabase;
use crate::store::queries::purge;
use crate::store::{Connection, Database, Error};

/// What a call showed, if it was not refused.
type Shown = Result<String, Error>;

fn shown<T: Debug, E: Into<Error>>(result: Result<T, E>) -> Shown {
    result.map(|value| format!("{value:?}")).map_err(Into::into)
}

/// In whose name a call is made.
#[derive(Debug, Clone, Copy)]
enum Role {
    Tenant(WorkspaceId),
    Engine,
}

/// Two workspaces and the way to their rows.
struct Scene {
    store: Database,
    runtime: tokio::runtime::Runtime,
    tables: Vec<String>,
    ours: Ours,
    stranger: WorkspaceId,
}

/// What came of a call: what it showed, and what our workspace's rows were like when it had been made.
struct Outcome {
    shown: Shown,
    rows: Option<Vec<String>>,
}

impl Scene {
    fn new(database: &TestDatabase, (ours, theirs): (u32, u32)) -> Self {
        let mut conn = PgConnection::establish(&database.url).unwrap();
        let ours = furnish(&mut conn, MARK, ours).unwrap();
        let stranger = furnish(&mut conn, "beta", theirs).unwrap().workspace;
        let store = database.connect();
        let tables = store.engine_blocking(purge::tenant_tables).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { store, runtime, tables, ours, stranger }
    }

    /// Makes a call about what is ours, in the name of `role`, naming `workspace`. Whatever it did is rolled back.
    fn ask(&self, call: &'static Call, role: Role, workspace: WorkspaceId) -> Outcome {
        let (told, heard) = mpsc::sync_channel(1);
        let (ours, tables) = (self.ours.clone(), self.tables.clone());
        let work = move |conn: &mut Connection| {
            let shown = (call.make)(conn, workspace, &ours);
            let rows = shown.is_ok().then(|| rows_of(conn, ours.workspace, &tables).unwrap());
            told.send(Outcome { shown, rows }).unwrap();
            Err::<(), _>(Error::Corrupt("rolled back".to_owned()))
        };
        let _rolled_back = match role {
            Role::Tenant(tenant) => self.runtime.block_on(self.store.with_tenant(tenant, work)),
            Role::Engine => self.store.engine_blocking(work),
        };
        heard.recv().expect("the call was made")
    }

    /// What is ours now.
    fn rows(&self) -> Vec<String> {
        let rows = |conn: &mut Connection| rows_of(conn, self.ours.workspace, &self.tables);
        self.store.engine_blocking(rows).unwrap()
    }

    /// Whether the call does what it is for: otherwise it proves nothing that it does nothing for strangers.
    fn works_for_us(&self, call: &'static Call, before: &[String]) -> Result<(), String> {
        let ours = self.ours.workspace;
        let does = |outcome: &Outcome| match call.does {
            Does::Show => outcome.shown.as_ref().is_ok_and(|shown| self.names_us(shown)),
            Does::Change => outcome.rows.as_deref().is_some_and(|rows| rows != before),
            Does::Tell | Does::Count => outcome.shown.as_ref().is_ok_and(|shown| *shown != self.nobody(call)),
        };
        let [tenant, engine] = [Role::Tenant(ours), Role::Engine].map(|role| self.ask(call, role, ours));
        if does(&tenant) || does(&engine) {
            return Ok(());
        }
        Err(format!("{} does nothing: {:?}, {:?}", call.name, tenant.shown, engine.shown))
    }

    fn does_nothing_for_strangers(&self, call: &'static Call, before: &[String]) -> Result<(), String> {
        let (ours, stranger) = (self.ours.workspace, self.stranger);
        // Told the wrong workspace by a mistake of ours, and told the right one but ids that a stranger has got hold of.
        for (role, named) in [(Role::Tenant(stranger), ours), (Role::Tenant(stranger), stranger), (Role::Engine, stranger)] {
            let outcome = self.ask(call, role, named);
            let changed = outcome.rows.is_some_and(|rows| rows != before);
            let told = match (call.does, &outcome.shown) {
                (Does::Show, Ok(shown)) => self.names_us(shown),
                (Does::Tell, Ok(shown)) => *shown != self.nobody(call),
                // How many a stranger has of his own is his business.
                (Does::Count, Ok(shown)) => named == ours && *shown != self.nobody(call),
                _ => false,
            };
            if changed || told {
                return Err(format!("{} as {role:?} in {named}: changed {changed}, {:?}", call.name, outcome.shown));
            }
        }
        Ok(())
    }

    /// What is said of a workspace that nobody has.
    fn nobody(&self, call: &'static Call) -> String {
        self.ask(call, Role::Engine, WorkspaceId(self.ours.fresh)).shown.expect("the engine may ask about any workspace")
    }

    fn names_us(&self, shown: &str) -> bool {
        shown.contains(MARK) || shown.contains(&self.ours.id.to_string())
    }
}

#[test]
fn no_function_shows_or_changes_what_belongs_to_another_workspace() {
    let database = TestDatabase::migrated();
    database.execute(UNTIE);
    let config = Config { cases: 4, failure_persistence: None, ..Config::default() };
    let run = |counts| {
        let scene = Scene::new(&database, counts);
        let before = scene.rows();
        let tries =
            calls::all().flat_map(|call| [scene.works_for_us(call, &before), scene.does_nothing_for_strangers(call, &before)]);
        let wrong: Vec<_> = tries.filter_map(Result::err).collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        Ok(())
    };
    TestRunner::new(config).run(&(1..4_u32, 1..4_u32), run).unwrap();
}

/// What of the store's functions names a workspace and is not asked here.
const NOT_ASKED: [&str; 6] = [
    // They say where the feed and the audit log end: how far others have come is in there for everybody.
    "head",
    "begin",
    // Unpacks what `execution_payload_get` finds.
    "whole",
    // They end a workspace, and are told which by the engine.
    "purge_some",
    "purge_workspace",
    // Makes one.
    "workspace_insert",
];

#[test]
fn every_function_that_is_told_a_workspace_is_asked() {
    let queries = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/queries");
    let mut missing = Vec::new();
    for file in std::fs::read_dir(queries).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
        let source = std::fs::read_to_string(&file).unwrap();
        let room = file.file_stem().unwrap().to_str().unwrap().to_owned();
        for function in source.split("\npub fn ").skip(1) {
            let signature = function.split('{').next().unwrap();
            let name = signature.split(['(', '<']).next().unwrap();
            let told = ["workspace: WorkspaceId", "(WorkspaceId,", "workspace_id: Uuid", "workspace: Uuid"];
            let asked = calls::all().any(|call| call.name == format!("{room}::{name}"));
            if told.iter().any(|told| signature.contains(told)) && !asked && !NOT_ASKED.contains(&name) {
                missing.push(format!("{room}::{name}"));
            }
        }
    }
    assert!(missing.is_empty(), "add them to calls.rs: {missing:?}");
}
