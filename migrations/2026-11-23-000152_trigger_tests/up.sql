-- Addresses at which a version's trigger takes deliveries for a while, without being active. Looked up by the hash of their token before
-- any workspace is known, hence by the engine's role; made by the app's role per workspace. Swept when they have expired.
CREATE TABLE trigger_tests (
    workspace_id uuid NOT NULL REFERENCES workspaces,
    hash bytea NOT NULL UNIQUE,
    workflow_uid uuid NOT NULL,
    version integer NOT NULL,
    trigger_id text NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, hash)
);

ALTER TABLE trigger_tests ENABLE ROW LEVEL SECURITY;
ALTER TABLE trigger_tests FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON trigger_tests FOR ALL TO tidemill_app
    USING (workspace_id = current_workspace()) WITH CHECK (workspace_id = current_workspace());
CREATE POLICY engine ON trigger_tests FOR ALL TO tidemill_engine USING (true) WITH CHECK (true);

GRANT SELECT, INSERT ON trigger_tests TO tidemill_app;
GRANT SELECT, DELETE ON trigger_tests TO tidemill_engine;
