-- Conditions and internal events: what a trigger has seen so far. Kept beside `triggers`, whose rows are replaced with every version.
-- The first statement reads the small table `triggers` once under its lock.
ALTER TABLE triggers DROP CONSTRAINT triggers_type_check,
    ADD CONSTRAINT triggers_type_check CHECK (type IN ('webhook', 'schedule', 'condition', 'event'));

CREATE TABLE trigger_states (
    workspace_id uuid NOT NULL,
    workflow_uid uuid NOT NULL,
    trigger_id text NOT NULL,
    -- A condition: its last check, the last one that went well, what it gave, and why the last one failed.
    checked_at timestamptz,
    succeeded_at timestamptz,
    result json,
    error text,
    holds boolean NOT NULL DEFAULT false,
    -- How often it has fired, and when last.
    fired bigint NOT NULL DEFAULT 0,
    fired_at timestamptz,
    -- An event trigger: how far it has read the feed.
    feed_txid bigint,
    feed_position bigint,
    PRIMARY KEY (workspace_id, workflow_uid, trigger_id),
    FOREIGN KEY (workspace_id, workflow_uid) REFERENCES workflows ON DELETE CASCADE
) WITH (fillfactor = 70);

-- The items of lists that a condition has seen, by the hash of their key. Forgotten when they have not been in the list for 90 days.
CREATE TABLE trigger_items (
    workspace_id uuid NOT NULL,
    workflow_uid uuid NOT NULL,
    trigger_id text NOT NULL,
    key bytea NOT NULL,
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, workflow_uid, trigger_id, key),
    FOREIGN KEY (workspace_id, workflow_uid) REFERENCES workflows ON DELETE CASCADE
);
CREATE INDEX trigger_items_age ON trigger_items (seen_at);

DO $$
DECLARE
    tenant_table text;
BEGIN
    FOREACH tenant_table IN ARRAY ARRAY['trigger_states', 'trigger_items'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', tenant_table);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', tenant_table);
        EXECUTE format('CREATE POLICY tenant ON %I FOR ALL TO tidemill_app
            USING (workspace_id = current_workspace()) WITH CHECK (workspace_id = current_workspace())', tenant_table);
        EXECUTE format('CREATE POLICY engine ON %I FOR ALL TO tidemill_engine USING (true) WITH CHECK (true)', tenant_table);
    END LOOP;
END
$$;

GRANT SELECT ON trigger_states TO tidemill_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON trigger_states, trigger_items TO tidemill_engine;
