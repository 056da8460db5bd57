//! The tables as diesel sees them: a copy, by hand, of what the migrations make. A test compares it with the catalogue.

#![expect(missing_docs, reason = "a column says what it is where the migration makes it")]

mod outside;
mod people;
mod starts;

pub use outside::*;
pub use people::*;
pub use starts::*;

/// SQL types that diesel doesn't bring.
pub mod sql_types {
    /// A transaction id that never wraps (`xid8`).
    #[derive(Debug, Clone, Copy, diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
    #[diesel(postgres_type(name = "xid8", schema = "pg_catalog"))]
    pub struct Xid8;
}

diesel::table! {
    /// Who pays.
    organizations (id) {
        id -> Uuid,
        name -> Text,
        created_at -> Timestamptz,
        operator -> Bool,
    }
}

diesel::table! {
    /// People and service accounts.
    users (id) {
        id -> Uuid,
        organization_id -> Uuid,
        name -> Text,
        email -> Nullable<Text>,
        created_at -> Timestamptz,
        kind -> Text,
        organization_role -> Text,
        erased_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// The tenants.
    workspaces (id) {
        id -> Uuid,
        organization_id -> Uuid,
        slug -> Text,
        name -> Text,
        created_at -> Timestamptz,
        archived_at -> Nullable<Timestamptz>,
        delete_after -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Who may do what in a workspace.
    members (workspace_id, user_id) {
        workspace_id -> Uuid,
        user_id -> Uuid,
        role -> Text,
        created_at -> Timestamptz,
        expires_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// API tokens, hashed.
    tokens (workspace_id, id) {
        workspace_id -> Uuid,
        id -> Uuid,
        user_id -> Uuid,
        name -> Text,
        hash -> Bytea,
        last_four -> Text,
        role -> Text,
        created_at -> Timestamptz,
        last_used_at -> Nullable<Timestamptz>,
        expires_at -> Nullable<Timestamptz>,
        revoked_at -> Nullable<Timestamptz>,
        scopes -> Nullable<Array<Text>>,
        workspaces -> Nullable<Array<Uuid>>,
    }
}

diesel::table! {
    /// Secrets, encrypted.
    secrets (workspace_id, name) {
        workspace_id -> Uuid,
        name -> Text,
        key_version -> SmallInt,
        nonce -> Bytea,
        ciphertext -> Bytea,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    /// By what the keys of the server are known.
    key_checks (key_version) {
        key_version -> SmallInt,
        nonce -> Bytea,
        ciphertext -> Bytea,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    /// The keys of workspaces, sealed.
    data_keys (workspace_id, version) {
        workspace_id -> Uuid,
        version -> SmallInt,
        key_version -> SmallInt,
        nonce -> Bytea,
        ciphertext -> Bytea,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    /// Credentials, encrypted.
    credentials (workspace_id, name) {
        workspace_id -> Uuid,
        name -> Text,
        #[sql_name = "type"]
        kind -> Text,
        settings -> Text,
        key_version -> SmallInt,
        nonce -> Bytea,
        ciphertext -> Bytea,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    /// Replies kept for requests that come again with the same `Idempotency-Key`.
    idempotency_keys (workspace_id, token_id, key) {
        workspace_id -> Uuid,
        token_id -> Uuid,
        key -> Text,
        fingerprint -> Bytea,
        status -> Nullable<SmallInt>,
        content_type -> Nullable<Text>,
        body -> Nullable<Bytea>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    /// Workflows: what changes about them.
    workflows (workspace_id, uid) {
        workspace_id -> Uuid,
        uid -> Uuid,
        id -> Text,
        name -> Text,
        version -> Integer,
        active_version -> Nullable<Integer>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    /// Workflow versions: immutable.
    workflow_versions (workspace_id, workflow_uid, version) {
        workspace_id -> Uuid,
        workflow_uid -> Uuid,
        version -> Integer,
        source -> Text,
        sha256 -> Bytea,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    /// The present state of every execution: a projection of its events.
    executions (workspace_id, id) {
        workspace_id -> Uuid,
        id -> Uuid,
        workflow_uid -> Uuid,
        workflow_id -> Text,
        version -> Integer,
        status -> Text,
        trigger_type -> Text,
        trigger_id -> Nullable<Text>,
        last_seq -> Integer,
        finished_at -> Nullable<Timestamptz>,
        error -> Nullable<Text>,
        retry_of -> Nullable<Uuid>,
        parent_id -> Nullable<Uuid>,
        ending -> Nullable<Text>,
    }
}

diesel::table! {
    /// What happened to executions.
    execution_events (workspace_id, execution_id, seq) {
        workspace_id -> Uuid,
        execution_id -> Uuid,
        seq -> Integer,
        at -> Timestamptz,
        #[sql_name = "type"]
        kind -> Text,
        data -> Json,
    }
}

diesel::table! {
    /// Executions that have not ended.
    execution_queue (execution_id) {
        execution_id -> Uuid,
        workspace_id -> Uuid,
        workflow_uid -> Uuid,
        version -> Integer,
        available_at -> Timestamptz,
        lease_node -> Nullable<Uuid>,
        lease_epoch -> Integer,
        takeovers -> SmallInt,
        cancel -> Nullable<Json>,
        pause -> Nullable<Json>,
        answered -> Bool,
        starts_at -> Nullable<Timestamptz>,
        priority -> SmallInt,
    }
}

diesel::table! {
    /// When executions of workflows with a rate limit began, or will.
    rate_starts (workspace_id, workflow_uid, key, n) {
        workspace_id -> Uuid,
        workflow_uid -> Uuid,
        key -> Text,
        n -> BigInt,
        at -> Timestamptz,
    }
}

diesel::table! {
    /// Steps that wait for something outside.
    step_waits (workspace_id, execution_id, step, iteration, seq) {
        workspace_id -> Uuid,
        execution_id -> Uuid,
        step -> Text,
        iteration -> Integer,
        seq -> Integer,
        workflow_id -> Text,
        kind -> Text,
        since -> Timestamptz,
        until -> Nullable<Timestamptz>,
        awaited -> Json,
        child_id -> Nullable<Uuid>,
        abandoned -> Bool,
        answer -> Nullable<Json>,
    }
}

diesel::table! {
    /// Arrivals that must not start a second execution.
    deliveries (workspace_id, source, key) {
        workspace_id -> Uuid,
        source -> Text,
        key -> Text,
        execution_id -> Uuid,
        at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::{Array, BigInt, Integer, Timestamptz, Uuid};
    use super::sql_types::Xid8;

    /// What each journal transaction appended.
    event_feed (txid, position) {
        txid -> Xid8,
        position -> BigInt,
        workspace_id -> Uuid,
        at -> Timestamptz,
        execution_ids -> Array<Uuid>,
        first_seqs -> Array<Integer>,
        last_seqs -> Array<Integer>,
    }
}

diesel::table! {
    /// Server processes.
    nodes (id) {
        id -> Uuid,
        name -> Text,
        started_at -> Timestamptz,
        heartbeat_at -> Timestamptz,
        expires_at -> Timestamptz,
        draining -> Bool,
        running -> Integer,
        free -> Integer,
        roles -> Text,
        version -> Text,
    }
}

diesel::table! {
    /// Executions that failed for good.
    dead_letters (workspace_id, execution_id) {
        workspace_id -> Uuid,
        execution_id -> Uuid,
        workflow_uid -> Uuid,
        workflow_id -> Text,
        version -> Integer,
        at -> Timestamptz,
        status -> Text,
        fingerprint -> Text,
        cause -> Text,
        class -> Text,
        step -> Nullable<Text>,
        error -> Text,
        state -> Text,
        settled_at -> Nullable<Timestamptz>,
        settled_by -> Nullable<Text>,
        reason -> Nullable<Text>,
        replay_id -> Nullable<Uuid>,
        replay_at -> Nullable<Timestamptz>,
        replay_from -> Nullable<Text>,
        replay_rate -> Nullable<Integer>,
        canary -> Bool,
        replayed_as -> Nullable<Uuid>,
        replay_patch -> Nullable<Json>,
    }
}

diesel::table! {
    /// Orders about many executions at once.
    bulk_orders (workspace_id, id) {
        workspace_id -> Uuid,
        id -> Uuid,
        action -> Text,
        state -> Text,
        workflow_uid -> Nullable<Uuid>,
        statuses -> Text,
        from_id -> Uuid,
        until_id -> Uuid,
        cursor_id -> Nullable<Uuid>,
        details -> Json,
        rate -> Integer,
        ordered_by -> Text,
        done -> BigInt,
        skipped -> BigInt,
        next_at -> Timestamptz,
        finished_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Who holds a concurrency key, and who waits for it.
    concurrency_slots (workspace_id, execution_id) {
        workspace_id -> Uuid,
        execution_id -> Uuid,
        workflow_uid -> Uuid,
        key -> Text,
        place -> BigInt,
        most -> Integer,
        holds -> Bool,
    }
}

diesel::table! {
    /// Metrics of finished executions, per hour.
    execution_rollups (workspace_id, workflow_uid, step, hour, status, bucket) {
        workspace_id -> Uuid,
        workflow_uid -> Uuid,
        step -> Text,
        hour -> Timestamptz,
        status -> Text,
        bucket -> SmallInt,
        workflow_id -> Text,
        count -> BigInt,
        total_ms -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool};
    use super::sql_types::Xid8;

    /// How far the feed has been rolled up.
    rollup_cursor (id) {
        id -> Bool,
        txid -> Xid8,
        position -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool};
    use super::sql_types::Xid8;

    /// How far the feed was forgotten.
    feed_floor (id) {
        id -> Bool,
        txid -> Xid8,
        position -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    organizations,
    users,
    workspaces,
    members,
    tokens,
    workflows,
    workflow_versions,
    triggers,
    shares,
    invites,
    sign_ins,
    sessions,
    password_resets,
);
diesel::allow_tables_to_appear_in_same_query!(executions, execution_queue);
