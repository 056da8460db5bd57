-- Orders about many executions at once, carried out a little at a time; and changes of the input that a replay brings.
CREATE TABLE bulk_orders (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    action text NOT NULL CHECK (action IN ('cancel', 'retry')),
    state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'finished', 'stopped')),
    workflow_uid uuid,
    -- The states that are meant, separated by commas.
    statuses text NOT NULL,
    -- Executions from here on, up to the order itself.
    from_id uuid NOT NULL,
    until_id uuid NOT NULL,
    -- The last one that was dealt with.
    cursor_id uuid,
    -- What is done to each, as the API says it.
    details json NOT NULL,
    rate integer NOT NULL,
    ordered_by text NOT NULL,
    done bigint NOT NULL DEFAULT 0,
    skipped bigint NOT NULL DEFAULT 0,
    next_at timestamptz NOT NULL,
    finished_at timestamptz,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX bulk_orders_due ON bulk_orders (next_at) WHERE state = 'running';

ALTER TABLE bulk_orders ENABLE ROW LEVEL SECURITY;
ALTER TABLE bulk_orders FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON bulk_orders FOR ALL TO tidemill_app
    USING (workspace_id = current_workspace()) WITH CHECK (workspace_id = current_workspace());
CREATE POLICY engine ON bulk_orders FOR ALL TO tidemill_engine USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON bulk_orders TO tidemill_app;
GRANT SELECT, UPDATE, DELETE ON bulk_orders TO tidemill_engine;

-- A JSON Merge Patch of the input with which a dead letter is replayed.
ALTER TABLE dead_letters ADD COLUMN replay_patch json;
