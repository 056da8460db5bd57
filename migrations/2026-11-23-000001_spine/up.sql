-- The spine: accounts, workflows, the journal. Runs as tidemill_owner with search_path = tidemill.

GRANT USAGE ON SCHEMA tidemill TO tidemill_app, tidemill_engine;

-- The workspace of this transaction. Unset or empty is an error or no rows, never all rows.
CREATE FUNCTION current_workspace() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT NULLIF(current_setting('tidemill.workspace_id'), '')::uuid $$;

-- Accounts ------------------------------------------------------------------------------------------------------------

-- Instance-wide directories: which organisations, users and workspaces exist. The app may read them by id to authenticate
-- a token; what a workspace holds is below, under row-level security.
CREATE TABLE organizations (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE users (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL REFERENCES organizations,
    name text NOT NULL,
    email text,
    created_at timestamptz NOT NULL
);

CREATE TABLE workspaces (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL REFERENCES organizations,
    slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z][a-z0-9-]{0,39}$'),
    name text NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE members (
    workspace_id uuid NOT NULL REFERENCES workspaces,
    user_id uuid NOT NULL REFERENCES users,
    role text NOT NULL CHECK (role IN ('admin', 'editor', 'viewer')),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, user_id)
);
CREATE INDEX members_user ON members (user_id);

-- Looked up by hash before any workspace is known, hence by the engine's role; managed by the app's role per workspace.
CREATE TABLE tokens (
    workspace_id uuid NOT NULL REFERENCES workspaces,
    id uuid NOT NULL,
    user_id uuid NOT NULL REFERENCES users,
    name text NOT NULL,
    hash bytea NOT NULL UNIQUE,
    last_four text NOT NULL,
    role text NOT NULL CHECK (role IN ('admin', 'editor', 'viewer')),
    created_at timestamptz NOT NULL,
    last_used_at timestamptz,
    expires_at timestamptz,
    revoked_at timestamptz,
    PRIMARY KEY (workspace_id, id)
);

CREATE TABLE secrets (
    workspace_id uuid NOT NULL REFERENCES workspaces,
    name text NOT NULL,
    key_version smallint NOT NULL,
    nonce bytea NOT NULL,
    ciphertext bytea NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, name)
);

CREATE TABLE idempotency_keys (
    workspace_id uuid NOT NULL,
    token_id uuid NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    status smallint,
    content_type text,
    body bytea,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, token_id, key)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

-- Workflows -----------------------------------------------------------------------------------------------------------

CREATE TABLE workflows (
    workspace_id uuid NOT NULL REFERENCES workspaces,
    uid uuid NOT NULL,
    id text NOT NULL,
    name text NOT NULL,
    version integer NOT NULL,
    active_version integer,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, uid),
    UNIQUE (workspace_id, id)
);

-- Immutable: nobody is granted UPDATE. Kept when their workflow is deleted, for the executions that ran them.
CREATE TABLE workflow_versions (
    workspace_id uuid NOT NULL REFERENCES workspaces,
    workflow_uid uuid NOT NULL,
    version integer NOT NULL,
    source text NOT NULL,
    sha256 bytea NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, workflow_uid, version)
);

-- The triggers of active versions; replaced in the transaction that activates, deactivates or deletes.
CREATE TABLE triggers (
    workspace_id uuid NOT NULL,
    workflow_uid uuid NOT NULL,
    id text NOT NULL,
    version integer NOT NULL,
    type text NOT NULL CHECK (type IN ('webhook', 'schedule')),
    path text CHECK ((type = 'webhook') = (path IS NOT NULL)),
    next_at timestamptz,
    PRIMARY KEY (workspace_id, workflow_uid, id),
    FOREIGN KEY (workspace_id, workflow_uid) REFERENCES workflows ON DELETE CASCADE
);
CREATE UNIQUE INDEX triggers_path ON triggers (workspace_id, path) WHERE path IS NOT NULL;
CREATE INDEX triggers_due ON triggers (next_at) WHERE next_at IS NOT NULL;

-- Executions ----------------------------------------------------------------------------------------------------------

-- No foreign keys and few indexes from here on: these tables take several rows per execution.

-- Current state of every execution: a projection, equal to the fold of its events. created_at is the time in the id.
CREATE TABLE executions (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    workflow_uid uuid NOT NULL,
    workflow_id text NOT NULL,
    version integer NOT NULL,
    status text NOT NULL,
    trigger_type text NOT NULL,
    trigger_id text,
    last_seq integer NOT NULL,
    finished_at timestamptz,
    error text,
    PRIMARY KEY (workspace_id, id)
) PARTITION BY RANGE (id);
CREATE INDEX executions_workflow ON executions (workspace_id, workflow_uid, id);
CREATE TABLE executions_default PARTITION OF executions DEFAULT WITH (fillfactor = 70);

CREATE TABLE execution_events (
    workspace_id uuid NOT NULL,
    execution_id uuid NOT NULL,
    seq integer NOT NULL,
    at timestamptz NOT NULL,
    type text NOT NULL,
    data json NOT NULL,
    PRIMARY KEY (workspace_id, execution_id, seq)
) PARTITION BY RANGE (execution_id);
CREATE TABLE execution_events_default PARTITION OF execution_events DEFAULT;

-- One row per execution that has not ended. Small and hot.
CREATE TABLE execution_queue (
    execution_id uuid PRIMARY KEY,
    workspace_id uuid NOT NULL,
    workflow_uid uuid NOT NULL,
    version integer NOT NULL,
    available_at timestamptz NOT NULL,
    lease_node uuid,
    lease_epoch integer NOT NULL DEFAULT 0,
    takeovers smallint NOT NULL DEFAULT 0,
    cancel json
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
        autovacuum_vacuum_cost_delay = 0, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 10000);
CREATE INDEX execution_queue_available ON execution_queue (available_at) WHERE lease_node IS NULL;

-- One row per arrival that must not start a second execution: a webhook's delivery id, a schedule's instant, an idempotency key.
CREATE TABLE deliveries (
    workspace_id uuid NOT NULL,
    source text NOT NULL,
    key text NOT NULL,
    execution_id uuid NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, source, key)
);
CREATE INDEX deliveries_age ON deliveries (at);

-- What each journal transaction appended, per workspace. Read in the order (txid, position) below pg_snapshot_xmin: a
-- sequence alone is not commit order.
CREATE TABLE event_feed (
    txid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    position bigint GENERATED ALWAYS AS IDENTITY,
    workspace_id uuid NOT NULL,
    at timestamptz NOT NULL,
    execution_ids uuid[] NOT NULL,
    first_seqs integer[] NOT NULL,
    last_seqs integer[] NOT NULL
);
CREATE INDEX event_feed_cursor ON event_feed (txid, position);
CREATE INDEX event_feed_age ON event_feed (at);

CREATE TABLE nodes (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    started_at timestamptz NOT NULL,
    heartbeat_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);

-- Partitions ----------------------------------------------------------------------------------------------------------

-- The smallest UUIDv7 of an instant (RFC 9562 §5.7: 48 bits of milliseconds first).
CREATE FUNCTION uuid_floor(instant timestamptz) RETURNS uuid
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT (lpad(to_hex((extract(epoch FROM instant) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid $$;

-- Makes the daily partitions from first_day on that don't exist. Returns how many it made. The engine may call it; only
-- the owner may make tables, hence SECURITY DEFINER.
CREATE FUNCTION partitions_create(first_day date, days integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = tidemill, pg_temp
    AS $$
DECLARE
    day date;
    parent text;
    made integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(7205600);
    FOR day IN SELECT generate_series(first_day, first_day + days - 1, interval '1 day')::date LOOP
        FOREACH parent IN ARRAY ARRAY['executions', 'execution_events'] LOOP
            IF to_regclass(format('%I', parent || to_char(day, '_YYYYMMDD'))) IS NULL THEN
                EXECUTE format(
                    'CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L) WITH (fillfactor = %s)',
                    parent || to_char(day, '_YYYYMMDD'), parent,
                    uuid_floor(day::timestamp AT TIME ZONE 'UTC'),
                    uuid_floor((day + 1)::timestamp AT TIME ZONE 'UTC'),
                    CASE parent WHEN 'executions' THEN 70 ELSE 100 END);
                made := made + 1;
            END IF;
        END LOOP;
    END LOOP;
    RETURN made;
END
$$;
REVOKE ALL ON FUNCTION partitions_create(date, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION partitions_create(date, integer) TO tidemill_engine;

-- Rights --------------------------------------------------------------------------------------------------------------

-- Every table with a workspace_id: the app sees the rows of its transaction's workspace; the engine, where it has a grant
-- at all, sees every row. Forced, so that the owner is bound as well.
DO $$
DECLARE
    tenant_table text;
BEGIN
    FOREACH tenant_table IN ARRAY ARRAY['members', 'tokens', 'secrets', 'idempotency_keys', 'workflows', 'workflow_versions',
        'triggers', 'executions', 'execution_events', 'execution_queue', 'deliveries', 'event_feed'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', tenant_table);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', tenant_table);
        EXECUTE format('CREATE POLICY tenant ON %I FOR ALL TO tidemill_app
            USING (workspace_id = current_workspace()) WITH CHECK (workspace_id = current_workspace())', tenant_table);
        EXECUTE format('CREATE POLICY engine ON %I FOR ALL TO tidemill_engine USING (true) WITH CHECK (true)', tenant_table);
    END LOOP;
END
$$;

GRANT SELECT ON organizations, users, workspaces TO tidemill_app, tidemill_engine;
GRANT SELECT, INSERT, UPDATE, DELETE ON members, secrets, idempotency_keys, workflows, triggers TO tidemill_app;
GRANT SELECT, INSERT, UPDATE ON tokens TO tidemill_app;
GRANT SELECT, INSERT ON workflow_versions TO tidemill_app;
GRANT SELECT ON executions, execution_events, execution_queue, deliveries, event_feed TO tidemill_app;

GRANT INSERT ON organizations, users, workspaces TO tidemill_engine;
GRANT SELECT, INSERT ON members TO tidemill_engine;
GRANT SELECT, INSERT, UPDATE ON tokens TO tidemill_engine;
GRANT SELECT ON secrets, workflows, workflow_versions TO tidemill_engine;
GRANT SELECT, DELETE ON idempotency_keys TO tidemill_engine;
GRANT SELECT, UPDATE ON triggers TO tidemill_engine;
GRANT SELECT, INSERT, UPDATE ON executions TO tidemill_engine;
GRANT SELECT, INSERT ON execution_events TO tidemill_engine;
GRANT SELECT, INSERT, UPDATE, DELETE ON execution_queue, nodes TO tidemill_engine;
GRANT SELECT, INSERT, DELETE ON deliveries, event_feed TO tidemill_engine;
