//! Rows of two workspaces in every table, made from what the catalogue says of its columns.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel::{QueryableByName, sql_query};
use tidemill_common::ids::WorkspaceId;
use uuid::Uuid;

use crate::store::rows::{
    bulk_order::BulkOrder, credential::Credential, idempotency_key::IdempotencyKey, invite::Invite, member::Member,
    refused_delivery::RefusedDelivery, secret::Secret, share::Share, subscription::Subscription,
    subscription::SubscriptionDelivery, token::Token, workflow::Workflow, workflow_version::WorkflowVersion,
};
use crate::store::schema;
use crate::store::{Connection, Error};

/// What the words and ids of the workspace are made of that everybody asks for.
pub const MARK: &str = "alpha";

/// A workspace, one id that all its rows with the same number have, and what they are.
#[derive(Clone)]
pub struct Ours {
    pub workspace: WorkspaceId,
    pub id: Uuid,
    /// The text in every column of text.
    pub text: String,
    /// An id that nothing has.
    pub fresh: Uuid,
    pub rows: Rows,
}

macro_rules! rows {
    ($($field:ident: $row:ty = $table:ident),* $(,)?) => {
        /// A row of each noun that functions are told as a whole.
        #[derive(Clone)]
        pub struct Rows {
            $(pub $field: $row,)*
        }

        fn load(conn: &mut Connection, workspace: WorkspaceId) -> Result<Rows, Error> {
            Ok(Rows {
                $($field: schema::$table::table
                    .filter(schema::$table::workspace_id.eq(workspace.0))
                    .select(<$row>::as_select())
                    .first(conn)?,)*
            })
        }
    };
}

rows! {
    bulk: BulkOrder = bulk_orders,
    credential: Credential = credentials,
    delivery: SubscriptionDelivery = subscription_deliveries,
    idempotency: IdempotencyKey = idempotency_keys,
    invite: Invite = invites,
    member: Member = members,
    refused: RefusedDelivery = refused_deliveries,
    secret: Secret = secrets,
    share: Share = shares,
    subscription: Subscription = event_subscriptions,
    token: Token = tokens,
    version: WorkflowVersion = workflow_versions,
    workflow: Workflow = workflows,
}

#[derive(QueryableByName)]
struct ColumnRow {
    #[diesel(sql_type = Text)]
    relation: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
}

/// The columns that must be given, and those that say something.
const COLUMNS: &str = "SELECT c.relname::text AS relation, a.attname::text AS name, format_type(a.atttypid, NULL) AS kind
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'tidemill' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
        AND a.attgenerated = '' AND a.attidentity = ''
        AND (a.attnotnull OR a.attname IN ('path', 'user_id', 'next_at', 'error', 'email', 'workflow_uid', 'workspace_id', 'lease_node',
                                             'created_by'))
        AND (c.relname = 'users' OR EXISTS (SELECT FROM pg_attribute w WHERE w.attrelid = c.oid AND w.attname = 'workspace_id'))
    ORDER BY c.relname, a.attnum";

/// Takes away what tables demand of each other.
pub const UNTIE: &str = "DO $$ DECLARE tie record; BEGIN
    FOR tie IN SELECT conrelid::regclass AS relation, conname FROM pg_constraint
               WHERE contype = 'f' AND conparentid = 0 AND connamespace = 'tidemill'::regnamespace LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', tie.relation, tie.conname);
    END LOOP;
END $$";

/// What a column holds in the row `n` of a workspace. `$id`, `$text`, `$ws` and `$org` stand for what is that row's.
fn value(column: &ColumnRow) -> &'static str {
    match (column.relation.as_str(), column.name.as_str()) {
        (_, "workspace_id") => "$ws",
        (_, "organization_id") => "$org",
        ("executions", "status") => "'succeeded'",
        (_, "status") => "'failed'",
        ("dead_letters", "state") => "'open'",
        ("bulk_orders", "state") => "'running'",
        ("subscription_deliveries", "state") => "'waiting'",
        ("bulk_orders", "action") => "'cancel'",
        ("credentials", "type") => "'bearer'",
        ("triggers", "type") => "'webhook'",
        ("step_waits", "kind") => "'approval'",
        ("users", "kind") => "'person'",
        ("users", "organization_role") => "'member'",
        ("members", "role") => "'admin'",
        (_, "role") => "'viewer'",
        (_, "answered") => "true",
        ("audit_log", "entry") => "json_build_object('operation', 'made', 'text', $text)",
        (_, "object_kind") => "'workflow'",
        (_, "object_id") => "$id::text",
        (_, "permission") => "'view'",
        (_, "metric") => "'executions'",
        ("event_subscriptions", "begins") => "'1:1:'",
        (_, "from_id") => "'00000000-0000-0000-0000-000000000000'::uuid",
        (_, "until_id") => "'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid",
        (_, "version") => "2",
        (_, "hash" | "sha256" | "key") if column.kind == "bytea" => "sha256($text::bytea)",
        (_, "at") => "now() - interval '1 minute'",
        (_, "expires_at" | "next_at" | "until" | "available_at") => "now() + interval '1 day'",
        _ => match column.kind.as_str() {
            "uuid" => "$id",
            "text" => "$text",
            "bytea" => "$text::bytea",
            "json" => "json_build_object('text', $text)",
            "timestamp with time zone" => "now()",
            "date" => "current_date",
            "boolean" => "false",
            "uuid[]" => "ARRAY[$id]",
            "text[]" => "ARRAY[$text]",
            "integer[]" => "ARRAY[1]",
            "xid8" => "pg_current_xact_id()",
            _ => "1",
        },
    }
}

/// Fills every table with `count` rows of a workspace, over a connection of the superuser's own. Returns the first of them.
///
/// What the tables demand of each other is not looked at ([`UNTIE`]): what is here has never happened. It is enough to be found.
pub fn furnish(conn: &mut Connection, mark: &str, count: u32) -> Result<Ours, Error> {
    let now = chrono::Utc::now();
    let (workspace, organization) = (WorkspaceId::new(now), Uuid::now_v7());
    conn.batch_execute(&format!(
        "SET search_path = tidemill;
         INSERT INTO organizations (id, name, created_at) VALUES ('{organization}', '{mark}', now());
         INSERT INTO workspaces (id, organization_id, slug, name, created_at)
         VALUES ('{workspace}', '{organization}', '{mark}-{}', '{mark}', now())",
        &workspace.0.simple().to_string()[24..]
    ))?;
    let columns: Vec<ColumnRow> = sql_query(COLUMNS).load(conn)?;
    let row = |conn: &mut Connection, id: Uuid| {
        for table in columns.chunk_by(|one, other| one.relation == other.relation) {
            let names: Vec<_> = table.iter().map(|column| format!("\"{}\"", column.name)).collect();
            let values = table.iter().map(value).collect::<Vec<_>>().join(", ");
            let values = values.replace("$ws", &format!("'{workspace}'")).replace("$org", &format!("'{organization}'"));
            let values = values.replace("$id", &format!("'{id}'::uuid")).replace("$text", &format!("'{}'", text(mark, id)));
            let sql = format!(
                "INSERT INTO \"{}\" ({}) VALUES ({values}) ON CONFLICT DO NOTHING",
                table[0].relation,
                names.join(", ")
            );
            conn.batch_execute(&sql).map_err(|error| Error::Corrupt(format!("{sql}: {error}")))?;
        }
        Ok::<(), Error>(())
    };
    let id = Uuid::now_v7();
    row(conn, id)?;
    let rows = load(conn, workspace)?;
    for _ in 1..count {
        row(conn, Uuid::now_v7())?;
    }
    Ok(Ours { workspace, id, text: text(mark, id), fresh: Uuid::now_v7(), rows })
}

fn text(mark: &str, id: Uuid) -> String {
    format!("{mark}-{}", id.simple())
}

#[derive(QueryableByName)]
struct DigestRow {
    #[diesel(sql_type = Text)]
    digest: String,
}

/// What every table holds of a workspace, seen by the superuser within the transaction that has just changed something.
pub fn rows_of(conn: &mut Connection, workspace: WorkspaceId, tables: &[String]) -> Result<Vec<String>, Error> {
    conn.batch_execute("SET LOCAL ROLE NONE")?;
    let digest = |table: &String| {
        format!(
            "(SELECT '{table} ' || count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') AS digest
              FROM \"{table}\" t WHERE workspace_id = '{workspace}')"
        )
    };
    let sql = tables.iter().map(digest).collect::<Vec<_>>().join(" UNION ALL ");
    let rows: Vec<DigestRow> = sql_query(sql).load(conn)?;
    Ok(rows.into_iter().map(|row| row.digest).collect())
}
