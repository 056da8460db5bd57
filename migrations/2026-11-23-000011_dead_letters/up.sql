-- Dead letters: executions that failed for good, with their cause. Kept apart from executions: not partitioned, swept by age.
CREATE TABLE dead_letters (
    workspace_id uuid NOT NULL,
    execution_id uuid NOT NULL,
    workflow_uid uuid NOT NULL,
    workflow_id text NOT NULL,
    version integer NOT NULL,
    at timestamptz NOT NULL,
    status text NOT NULL CHECK (status IN ('failed', 'dead_letter')),
    fingerprint text NOT NULL,
    cause text NOT NULL,
    class text NOT NULL,
    step text,
    error text NOT NULL,
    -- waiting: a replay was ordered and has not begun; without replay_at it waits for the canaries of its replay.
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'waiting', 'replayed', 'discarded')),
    settled_at timestamptz,
    settled_by text,
    reason text,
    replay_id uuid,
    replay_at timestamptz,
    replay_from text CHECK (replay_from IN ('start', 'failed')),
    replay_rate integer,
    canary boolean NOT NULL DEFAULT false,
    replayed_as uuid,
    PRIMARY KEY (workspace_id, execution_id)
);
CREATE INDEX dead_letters_cause ON dead_letters (workspace_id, state, fingerprint, execution_id);
CREATE INDEX dead_letters_waiting ON dead_letters (replay_at) WHERE state = 'waiting';
CREATE INDEX dead_letters_replay ON dead_letters (workspace_id, replay_id) WHERE replay_id IS NOT NULL;
CREATE INDEX dead_letters_age ON dead_letters (at);

ALTER TABLE dead_letters ENABLE ROW LEVEL SECURITY;
ALTER TABLE dead_letters FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON dead_letters FOR ALL TO tidemill_app
    USING (workspace_id = current_workspace()) WITH CHECK (workspace_id = current_workspace());
CREATE POLICY engine ON dead_letters FOR ALL TO tidemill_engine USING (true) WITH CHECK (true);

GRANT SELECT, UPDATE ON dead_letters TO tidemill_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON dead_letters TO tidemill_engine;
