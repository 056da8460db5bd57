-- Envelope encryption and credentials. New tables, and grants; nothing waits for anybody.

-- By what a server knows, when it starts, that its key file is the one that this database was set up with.
CREATE TABLE key_checks (
    key_version smallint PRIMARY KEY,
    nonce bytea NOT NULL,
    ciphertext bytea NOT NULL,
    created_at timestamptz NOT NULL
);
GRANT SELECT, INSERT, DELETE ON key_checks TO tidemill_engine;

-- The keys that seal a workspace's secrets, sealed themselves with a key of the server (key_version) that is not in the
-- database. secrets.key_version is data_keys.version; 1 means sealed with the server's first key itself, before this table.
CREATE TABLE data_keys (
    workspace_id uuid NOT NULL REFERENCES workspaces,
    version smallint NOT NULL CHECK (version > 1),
    key_version smallint NOT NULL,
    nonce bytea NOT NULL,
    ciphertext bytea NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, version)
);

CREATE TABLE credentials (
    workspace_id uuid NOT NULL REFERENCES workspaces,
    name text NOT NULL,
    type text NOT NULL CHECK (type IN ('basic', 'bearer', 'api_key', 'smtp', 'signing')),
    -- What is no secret: hosts, names, rate. Sealed into the ciphertext, so that it can't be changed without the key.
    settings text NOT NULL,
    key_version smallint NOT NULL,
    nonce bytea NOT NULL,
    ciphertext bytea NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, name)
);

DO $$
DECLARE
    tenant_table text;
BEGIN
    FOREACH tenant_table IN ARRAY ARRAY['data_keys', 'credentials'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', tenant_table);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', tenant_table);
        EXECUTE format('CREATE POLICY tenant ON %I FOR ALL TO tidemill_app
            USING (workspace_id = current_workspace()) WITH CHECK (workspace_id = current_workspace())', tenant_table);
        EXECUTE format('CREATE POLICY engine ON %I FOR ALL TO tidemill_engine USING (true) WITH CHECK (true)', tenant_table);
    END LOOP;
END
$$;

GRANT SELECT, INSERT ON data_keys TO tidemill_app;
GRANT SELECT, INSERT, UPDATE ON data_keys TO tidemill_engine;
GRANT SELECT, INSERT, UPDATE, DELETE ON credentials TO tidemill_app;
GRANT SELECT ON credentials TO tidemill_engine;
-- A new server key seals anew what was sealed with the first one itself.
GRANT UPDATE ON secrets TO tidemill_engine;
