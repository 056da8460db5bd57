-- Arrivals that were refused because the organization's executions of the period were used up: kept so that nothing is lost
-- without a word, and can be replayed. A new table: nothing waits for anybody.
CREATE TABLE refused_deliveries (
    workspace_id uuid NOT NULL REFERENCES workspaces,
    -- That of the execution which it did not start.
    id uuid NOT NULL,
    at timestamptz NOT NULL,
    workflow_uid uuid NOT NULL,
    workflow_id text NOT NULL,
    version integer NOT NULL,
    trigger_type text NOT NULL,
    trigger_id text,
    input json NOT NULL,
    source text,
    key text,
    metric text NOT NULL,
    -- How often its sender has sent it by now.
    times integer NOT NULL DEFAULT 1,
    replayed_at timestamptz,
    execution_id uuid,
    PRIMARY KEY (workspace_id, id)
);
-- The same delivery, sent again by its sender, is one.
CREATE UNIQUE INDEX refused_deliveries_same ON refused_deliveries (workspace_id, source, key) WHERE source IS NOT NULL AND replayed_at IS NULL;
CREATE INDEX refused_deliveries_age ON refused_deliveries (at);

ALTER TABLE refused_deliveries ENABLE ROW LEVEL SECURITY;
ALTER TABLE refused_deliveries FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON refused_deliveries FOR ALL TO tidemill_app
    USING (workspace_id = current_workspace()) WITH CHECK (workspace_id = current_workspace());
CREATE POLICY engine ON refused_deliveries FOR ALL TO tidemill_engine USING (true) WITH CHECK (true);
GRANT SELECT, UPDATE ON refused_deliveries TO tidemill_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON refused_deliveries TO tidemill_engine;
