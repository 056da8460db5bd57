-- Concurrency keys: who holds a key, and who waits for it, first in, first out. One row per execution that has not ended and
-- whose workflow has `concurrency`. Changed only under an advisory lock on the key, by the journal.
CREATE TABLE concurrency_slots (
    workspace_id uuid NOT NULL,
    execution_id uuid NOT NULL,
    workflow_uid uuid NOT NULL,
    key text NOT NULL,
    place bigint GENERATED ALWAYS AS IDENTITY,
    -- How many may hold the key, as the version of this execution says.
    most integer NOT NULL,
    holds boolean NOT NULL DEFAULT false,
    PRIMARY KEY (workspace_id, execution_id)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
CREATE INDEX concurrency_slots_key ON concurrency_slots (workspace_id, workflow_uid, key, place);

ALTER TABLE concurrency_slots ENABLE ROW LEVEL SECURITY;
ALTER TABLE concurrency_slots FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON concurrency_slots FOR ALL TO tidemill_app
    USING (workspace_id = current_workspace()) WITH CHECK (workspace_id = current_workspace());
CREATE POLICY engine ON concurrency_slots FOR ALL TO tidemill_engine USING (true) WITH CHECK (true);

GRANT SELECT ON concurrency_slots TO tidemill_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON concurrency_slots TO tidemill_engine;
