//! The tables of what starts executions.

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
