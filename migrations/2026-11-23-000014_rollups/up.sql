-- Metrics of finished executions, per hour: rolled up from the feed, a little at a time, so that nobody ever scans executions.

-- The instant in a UUIDv7 (RFC 9562 §5.7: 48 bits of milliseconds first).
CREATE FUNCTION uuid_instant(id uuid) RETURNS timestamptz
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT to_timestamp(('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint / 1000.0) $$;

-- The bucket of a duration: 0 below a millisecond, then eight per doubling.
CREATE FUNCTION duration_bucket(millis double precision) RETURNS smallint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT CASE WHEN millis < 1 THEN 0 ELSE least(1 + floor(8 * log(2, millis::numeric)), 320) END::smallint $$;

CREATE TABLE execution_rollups (
    workspace_id uuid NOT NULL,
    workflow_uid uuid NOT NULL,
    -- Empty for the execution as a whole.
    step text NOT NULL,
    hour timestamptz NOT NULL,
    status text NOT NULL,
    bucket smallint NOT NULL,
    workflow_id text NOT NULL,
    count bigint NOT NULL,
    total_ms bigint NOT NULL,
    PRIMARY KEY (workspace_id, workflow_uid, step, hour, status, bucket)
) WITH (fillfactor = 80);
CREATE INDEX execution_rollups_hour ON execution_rollups (workspace_id, hour);
CREATE INDEX execution_rollups_age ON execution_rollups (hour);

-- How far the feed has been rolled up; one row.
CREATE TABLE rollup_cursor (
    id boolean PRIMARY KEY DEFAULT true CHECK (id),
    txid xid8 NOT NULL DEFAULT '0',
    position bigint NOT NULL DEFAULT 0
);
INSERT INTO rollup_cursor DEFAULT VALUES;

ALTER TABLE execution_rollups ENABLE ROW LEVEL SECURITY;
ALTER TABLE execution_rollups FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON execution_rollups FOR ALL TO tidemill_app
    USING (workspace_id = current_workspace()) WITH CHECK (workspace_id = current_workspace());
CREATE POLICY engine ON execution_rollups FOR ALL TO tidemill_engine USING (true) WITH CHECK (true);

GRANT SELECT ON execution_rollups TO tidemill_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON execution_rollups TO tidemill_engine;
GRANT SELECT, UPDATE ON rollup_cursor TO tidemill_engine;
