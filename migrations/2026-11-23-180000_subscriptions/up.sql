-- Call triggers, internal events that the audit log shows, and subscriptions: addresses outside that are told of events.
-- The first two statements read or change the small tables `triggers` and `trigger_states` once under their locks.
ALTER TABLE triggers DROP CONSTRAINT triggers_type_check,
    ADD CONSTRAINT triggers_type_check CHECK (type IN ('webhook', 'schedule', 'condition', 'event', 'form', 'call'));

-- How far a trigger has read its organization's audit log; none before its first look.
ALTER TABLE trigger_states ADD COLUMN audit_seq bigint;

CREATE TABLE event_subscriptions (
    workspace_id uuid NOT NULL REFERENCES workspaces,
    id uuid NOT NULL,
    url text NOT NULL,
    -- The internal events that are told, and the workflow that they must have happened to.
    events text[] NOT NULL,
    workflow text,
    name text NOT NULL,
    -- Why nothing is delivered any more; none while it is enabled.
    disabled text,
    -- When deliveries began to fail with none that arrived since.
    failing_since timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    -- The signing keys, sealed: the present one, and the one before it until then.
    key_version smallint NOT NULL,
    nonce bytea NOT NULL,
    ciphertext bytea NOT NULL,
    old_key_until timestamptz,
    -- What had happened when it began (a `pg_snapshot`): it is not told of that.
    begins text NOT NULL,
    -- How far it has read.
    feed_txid bigint NOT NULL,
    feed_position bigint NOT NULL,
    audit_seq bigint NOT NULL,
    PRIMARY KEY (workspace_id, id)
);

-- What a subscription is told: written together with how far it has read, so that each event is told once and none is missed.
CREATE TABLE subscription_deliveries (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    subscription_id uuid NOT NULL,
    event text NOT NULL,
    payload json NOT NULL,
    created_at timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'delivered', 'failed')),
    attempts integer NOT NULL,
    -- When the next attempt is due. While one is under way: when somebody else takes it over.
    next_at timestamptz,
    -- The last attempt: when, what was answered, or why nothing was, and how long it took.
    attempted_at timestamptz,
    status smallint,
    error text,
    duration_ms integer,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, subscription_id) REFERENCES event_subscriptions ON DELETE CASCADE,
    CHECK ((state = 'waiting') = (next_at IS NOT NULL))
) WITH (fillfactor = 80);
CREATE INDEX subscription_deliveries_due ON subscription_deliveries (workspace_id, subscription_id, next_at)
    WHERE next_at IS NOT NULL;
CREATE INDEX subscription_deliveries_of ON subscription_deliveries (workspace_id, subscription_id, id);
CREATE INDEX subscription_deliveries_age ON subscription_deliveries (created_at);

DO $$
DECLARE
    tenant_table text;
BEGIN
    FOREACH tenant_table IN ARRAY ARRAY['event_subscriptions', 'subscription_deliveries'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', tenant_table);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', tenant_table);
        EXECUTE format('CREATE POLICY tenant ON %I FOR ALL TO tidemill_app
            USING (workspace_id = current_workspace()) WITH CHECK (workspace_id = current_workspace())', tenant_table);
        EXECUTE format('CREATE POLICY engine ON %I FOR ALL TO tidemill_engine USING (true) WITH CHECK (true)', tenant_table);
    END LOOP;
END
$$;

GRANT SELECT, INSERT, UPDATE, DELETE ON event_subscriptions TO tidemill_app;
GRANT SELECT, INSERT, UPDATE ON subscription_deliveries TO tidemill_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON event_subscriptions, subscription_deliveries TO tidemill_engine;
