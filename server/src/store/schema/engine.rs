//! The tables of the engine: executions, what they wait for, who works on them, what became of them.

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
    /// Large inputs and outputs, which events only refer to.
    execution_payloads (workspace_id, execution_id, sha256) {
        workspace_id -> Uuid,
        execution_id -> Uuid,
        sha256 -> Bytea,
        bytes -> BigInt,
        content -> Bytea,
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
    use diesel::sql_types::{Array, BigInt, Integer, Nullable, Timestamptz, Uuid};
    use super::super::sql_types::Xid8;

    /// What each journal transaction appended.
    event_feed (txid, position) {
        txid -> Xid8,
        position -> BigInt,
        workspace_id -> Uuid,
        at -> Timestamptz,
        execution_ids -> Array<Uuid>,
        first_seqs -> Array<Integer>,
        last_seqs -> Array<Integer>,
        bytes -> Nullable<BigInt>,
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
        part -> Nullable<Array<Uuid>>,
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
    use super::super::sql_types::Xid8;

    /// How far the feed has been rolled up.
    rollup_cursor (id) {
        id -> Bool,
        txid -> Xid8,
        position -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool};
    use super::super::sql_types::Xid8;

    /// How far the feed was forgotten.
    feed_floor (id) {
        id -> Bool,
        txid -> Xid8,
        position -> BigInt,
        era -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::{Bool, Text};

    /// Which servers may work on the schema.
    schema_floor (id) {
        id -> Bool,
        oldest -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(executions, execution_queue);
