//! The tables of what is told to others outside.

diesel::table! {
    /// Addresses outside that are told of events.
    event_subscriptions (workspace_id, id) {
        workspace_id -> Uuid,
        id -> Uuid,
        url -> Text,
        events -> Array<Text>,
        workflow -> Nullable<Text>,
        name -> Text,
        disabled -> Nullable<Text>,
        failing_since -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        key_version -> SmallInt,
        nonce -> Bytea,
        ciphertext -> Bytea,
        old_key_until -> Nullable<Timestamptz>,
        begins -> Text,
        feed_txid -> BigInt,
        feed_position -> BigInt,
        audit_seq -> BigInt,
    }
}

diesel::table! {
    /// What a subscription is told.
    subscription_deliveries (workspace_id, id) {
        workspace_id -> Uuid,
        id -> Uuid,
        subscription_id -> Uuid,
        event -> Text,
        payload -> Json,
        created_at -> Timestamptz,
        state -> Text,
        attempts -> Integer,
        next_at -> Nullable<Timestamptz>,
        attempted_at -> Nullable<Timestamptz>,
        status -> Nullable<SmallInt>,
        error -> Nullable<Text>,
        duration_ms -> Nullable<Integer>,
    }
}
