//! The tables as diesel sees them: a copy, by hand, of what the migrations make. A test compares it with the catalogue.

#![expect(missing_docs, reason = "a column says what it is where the migration makes it")]

mod billing;
mod engine;
mod outside;
mod people;
pub use billing::*;
pub use engine::*;
pub use outside::*;
pub use people::*;

/// SQL types that diesel doesn't bring.
pub mod sql_types {
    /// A transaction id that never wraps (`xid8`).
    #[derive(Debug, Clone, Copy, diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
    #[diesel(postgres_type(name = "xid8", schema = "pg_catalog"))]
    pub struct Xid8;
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
        created_by -> Nullable<Uuid>,
    }
}

diesel::table! {
    /// The triggers of active versions.
    triggers (workspace_id, workflow_uid, id) {
        workspace_id -> Uuid,
        workflow_uid -> Uuid,
        id -> Text,
        version -> Integer,
        #[sql_name = "type"]
        kind -> Text,
        path -> Nullable<Text>,
        next_at -> Nullable<Timestamptz>,
        instant -> Nullable<Timestamptz>,
        last_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// What conditions and event triggers have seen.
    trigger_states (workspace_id, workflow_uid, trigger_id) {
        workspace_id -> Uuid,
        workflow_uid -> Uuid,
        trigger_id -> Text,
        checked_at -> Nullable<Timestamptz>,
        succeeded_at -> Nullable<Timestamptz>,
        result -> Nullable<Json>,
        error -> Nullable<Text>,
        holds -> Bool,
        fired -> BigInt,
        fired_at -> Nullable<Timestamptz>,
        feed_txid -> Nullable<BigInt>,
        feed_position -> Nullable<BigInt>,
        audit_seq -> Nullable<BigInt>,
        begins -> Nullable<Text>,
    }
}

diesel::table! {
    /// The items of lists that conditions have seen.
    trigger_items (workspace_id, workflow_uid, trigger_id, key) {
        workspace_id -> Uuid,
        workflow_uid -> Uuid,
        trigger_id -> Text,
        key -> Bytea,
        seen_at -> Timestamptz,
    }
}

diesel::table! {
    /// Addresses at which a version's trigger is tried out.
    trigger_tests (workspace_id, hash) {
        workspace_id -> Uuid,
        hash -> Bytea,
        workflow_uid -> Uuid,
        version -> Integer,
        trigger_id -> Text,
        expires_at -> Timestamptz,
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
    plans,
    billing_subscriptions,
    usage_meters,
);
