//! `schema.rs` is written by hand: it must say what the catalogue says.

use std::collections::BTreeMap;

use diesel::sql_types::{Bool, Text};
use diesel::{QueryableByName, RunQueryDsl, sql_query};

use super::TestDatabase;

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    relation: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Bool)]
    nullable: bool,
}

const COLUMNS: &str = "SELECT c.relname::text AS relation, a.attname::text AS name, \
    format_type(a.atttypid, NULL) AS kind, NOT a.attnotnull AS nullable \
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
    WHERE n.nspname = 'tidemill' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0 \
    AND NOT a.attisdropped AND left(c.relname, 2) <> '__' ORDER BY c.relname, a.attnum";

/// What diesel calls a type of Postgres.
fn diesel_type(column: &Column) -> String {
    let name = match column.kind.as_str() {
        "uuid" => "Uuid",
        "text" => "Text",
        "timestamp with time zone" => "Timestamptz",
        "bytea" => "Bytea",
        "smallint" => "SmallInt",
        "integer" => "Integer",
        "bigint" => "BigInt",
        "boolean" => "Bool",
        "date" => "Date",
        "json" => "Json",
        "xid8" => "Xid8",
        "uuid[]" => "Array<Uuid>",
        "text[]" => "Array<Text>",
        "integer[]" => "Array<Integer>",
        other => panic!("{}.{} has a type without a name here: {other}", column.relation, column.name),
    };
    if column.nullable { format!("Nullable<{name}>") } else { name.to_owned() }
}

/// The columns that `schema.rs` declares, by table, in order.
fn declared() -> BTreeMap<String, Vec<(String, String)>> {
    let mut tables: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    let (mut table, mut renamed) = (String::new(), None);
    let files = [
        include_str!("../schema.rs"),
        include_str!("../schema/billing.rs"),
        include_str!("../schema/engine.rs"),
        include_str!("../schema/outside.rs"),
        include_str!("../schema/people.rs"),
    ];
    for line in files.concat().lines().map(str::trim) {
        if let Some(head) = line.strip_suffix(") {") {
            table = head.split(" (").next().unwrap_or_default().to_owned();
        } else if let Some(name) = line.strip_prefix("#[sql_name = \"") {
            renamed = name.strip_suffix("\"]").map(str::to_owned);
        } else if let Some((name, kind)) = line.strip_suffix(',').and_then(|line| line.split_once(" -> ")) {
            let name = renamed.take().unwrap_or_else(|| name.to_owned());
            tables.entry(table.clone()).or_default().push((name, kind.to_owned()));
        }
    }
    tables
}

#[test]
fn schema_rs_equals_the_catalogue() {
    let database = TestDatabase::migrated();
    let connected = database.connect();
    let columns: Vec<Column> = connected.engine_blocking(|conn| Ok(sql_query(COLUMNS).load(conn)?)).unwrap();
    let mut catalogue: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for column in columns {
        let kind = diesel_type(&column);
        catalogue.entry(column.relation).or_default().push((column.name, kind));
    }
    let mut declared = declared();
    for (table, columns) in catalogue {
        assert_eq!(declared.remove(&table), Some(columns), "{table}");
    }
    assert!(declared.is_empty(), "declared, and in no migration: {:?}", declared.keys());
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Tables that hold a workspace's rows but no forced row-level security, or that lack a policy for one of our roles.
const UNGUARDED: &str = "SELECT c.relname::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
    WHERE n.nspname = 'tidemill' AND c.relkind IN ('r', 'p') AND NOT c.relispartition \
    AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'workspace_id') \
    AND NOT (c.relrowsecurity AND c.relforcerowsecurity \
        AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'tenant' AND p.polcmd = '*' \
            AND p.polroles = ARRAY['tidemill_app'::regrole::oid] \
            AND pg_get_expr(p.polqual, c.oid) = '(workspace_id = current_workspace())' \
            AND pg_get_expr(p.polwithcheck, c.oid) = '(workspace_id = current_workspace())'))";

/// Functions with their owner's rights whose search path anybody could bend.
const LOOSE_DEFINERS: &str = "SELECT p.proname::text AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace \
    WHERE n.nspname = 'tidemill' AND p.prosecdef \
    AND NOT EXISTS (SELECT FROM unnest(p.proconfig) setting WHERE setting LIKE 'search_path=%')";

/// Views that would be read with their owner's rights, past row-level security.
const LOOSE_VIEWS: &str = "SELECT c.relname::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
    WHERE n.nspname = 'tidemill' AND (c.relkind = 'm' \
    OR c.relkind = 'v' AND NOT coalesce('security_invoker=true' = ANY(c.reloptions), false))";

/// Tables that the app's role may write although no row-level security binds it there.
const OPEN_TABLES: &str = "SELECT c.relname::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
    WHERE n.nspname = 'tidemill' AND c.relkind IN ('r', 'p') AND NOT (c.relrowsecurity AND c.relforcerowsecurity) \
    AND (has_table_privilege('tidemill_app', c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE'))";

/// Tables of workspaces that the end of a workspace would leave rows in.
const LASTING: &str = "SELECT c.relname::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
    WHERE n.nspname = 'tidemill' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> 'audit_log' \
    AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'workspace_id') \
    AND NOT (has_table_privilege('tidemill_engine', c.oid, 'DELETE') AND has_table_privilege('tidemill_engine', c.oid, 'SELECT'))";

/// Whether anybody but the functions of the database may write to the audit log.
const WRITTEN_LOG: &str = "SELECT role || ' ' || t AS name FROM unnest(ARRAY['tidemill_app', 'tidemill_engine']) role, \
    unnest(ARRAY['audit_log', 'audit_heads']) t \
    WHERE has_table_privilege(role, 'tidemill.' || t, 'INSERT, UPDATE, DELETE, TRUNCATE') \
    UNION ALL SELECT role || ' audit_link' FROM unnest(ARRAY['tidemill_app', 'tidemill_engine']) role \
    WHERE has_function_privilege(role, 'tidemill.audit_link(uuid, uuid, timestamptz, text)', 'EXECUTE') \
    UNION ALL SELECT 'tidemill_app audit_append_for' \
    WHERE has_function_privilege('tidemill_app', 'tidemill.audit_append_for(uuid, uuid, timestamptz, text)', 'EXECUTE')";

#[test]
fn every_table_of_a_workspace_is_guarded() {
    let database = TestDatabase::migrated();
    let connected = database.connect();
    for query in [UNGUARDED, LOOSE_DEFINERS, LOOSE_VIEWS, OPEN_TABLES, LASTING, WRITTEN_LOG] {
        let found: Vec<Name> = connected.engine_blocking(|conn| Ok(sql_query(query).load(conn)?)).unwrap();
        assert_eq!(found.into_iter().map(|row| row.name).collect::<Vec<_>>(), Vec::<String>::new());
    }
}
