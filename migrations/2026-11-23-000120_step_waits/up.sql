-- Steps that wait for something outside: the end of another execution, an event, people. One row per such wait, written and
-- removed with the events that begin and end it, and one (seq 0) for an answer that came before its step began.
CREATE TABLE step_waits (
    workspace_id uuid NOT NULL,
    execution_id uuid NOT NULL,
    step text NOT NULL,
    -- -1 for the step as a whole.
    iteration integer NOT NULL,
    -- The step_waiting event.
    seq integer NOT NULL,
    workflow_id text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('execution', 'event', 'approval', 'decision')),
    since timestamptz NOT NULL,
    until timestamptz,
    -- What is waited for, as the event says it.
    awaited json NOT NULL,
    -- The execution whose end is awaited.
    child_id uuid,
    -- Nobody waits any more, but that execution may not have ended: it is to be cancelled.
    abandoned boolean NOT NULL DEFAULT false,
    answer json,
    PRIMARY KEY (workspace_id, execution_id, step, iteration, seq)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
CREATE INDEX step_waits_kind ON step_waits (workspace_id, kind, since);
CREATE INDEX step_waits_child ON step_waits (child_id) WHERE child_id IS NOT NULL;

ALTER TABLE step_waits ENABLE ROW LEVEL SECURITY;
ALTER TABLE step_waits FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON step_waits FOR ALL TO tidemill_app
    USING (workspace_id = current_workspace()) WITH CHECK (workspace_id = current_workspace());
CREATE POLICY engine ON step_waits FOR ALL TO tidemill_engine USING (true) WITH CHECK (true);
GRANT SELECT ON step_waits TO tidemill_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON step_waits TO tidemill_engine;

-- An answer came that the execution's executor has not read.
ALTER TABLE execution_queue ADD COLUMN answered boolean NOT NULL DEFAULT false;

-- The execution whose step called this one.
ALTER TABLE executions ADD COLUMN parent_id uuid;
CREATE INDEX executions_parent ON executions (workspace_id, parent_id) WHERE parent_id IS NOT NULL;
