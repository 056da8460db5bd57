-- Rate limits and priorities of workflows.

-- When the newest executions of each key began, or will: as many as the limit says. Changed only under an advisory lock on the
-- key, by the journal.
CREATE TABLE rate_starts (
    workspace_id uuid NOT NULL,
    workflow_uid uuid NOT NULL,
    key text NOT NULL,
    n bigint NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, workflow_uid, key, n)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
CREATE INDEX rate_starts_age ON rate_starts (at);

ALTER TABLE rate_starts ENABLE ROW LEVEL SECURITY;
ALTER TABLE rate_starts FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON rate_starts FOR ALL TO tidemill_app
    USING (workspace_id = current_workspace()) WITH CHECK (workspace_id = current_workspace());
CREATE POLICY engine ON rate_starts FOR ALL TO tidemill_engine USING (true) WITH CHECK (true);
GRANT SELECT ON rate_starts TO tidemill_app;
GRANT SELECT, INSERT, DELETE ON rate_starts TO tidemill_engine;

ALTER TABLE execution_queue
    -- Not before this time, for an execution that has not begun.
    ADD COLUMN starts_at timestamptz,
    -- How many minutes earlier than it came it counts as due, while it waits to begin.
    ADD COLUMN priority smallint NOT NULL DEFAULT 0;
