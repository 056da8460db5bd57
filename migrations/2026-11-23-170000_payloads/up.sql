-- Large values of executions (inputs and outputs beyond 32 KiB) apart from their events: an event carries a reference, and whoever
-- reads events, feeds and lists never carries megabytes. Written in the transaction of the events that refer to them.
--
-- Locks: nothing waits. The new table is empty, and the functions are replaced.
CREATE TABLE execution_payloads (
    workspace_id uuid NOT NULL,
    execution_id uuid NOT NULL,
    -- Of the JSON text.
    sha256 bytea NOT NULL,
    -- The length of the JSON text.
    bytes bigint NOT NULL,
    -- The JSON text, compressed with zstd.
    content bytea NOT NULL,
    PRIMARY KEY (workspace_id, execution_id, sha256)
) PARTITION BY RANGE (execution_id);
-- It is compressed already: Postgres need not try.
ALTER TABLE execution_payloads ALTER COLUMN content SET STORAGE EXTERNAL;
CREATE TABLE execution_payloads_default PARTITION OF execution_payloads DEFAULT;

ALTER TABLE execution_payloads ENABLE ROW LEVEL SECURITY;
ALTER TABLE execution_payloads FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON execution_payloads FOR ALL TO tidemill_app
    USING (workspace_id = current_workspace()) WITH CHECK (workspace_id = current_workspace());
CREATE POLICY engine ON execution_payloads FOR ALL TO tidemill_engine USING (true) WITH CHECK (true);
GRANT SELECT ON execution_payloads TO tidemill_app;
GRANT SELECT, INSERT, DELETE ON execution_payloads TO tidemill_engine;

-- As before, with the third table that has a partition per day.
CREATE OR REPLACE FUNCTION partition_drop(day date) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = tidemill, pg_temp SET lock_timeout = '500ms'
    AS $$
DECLARE
    parent text;
BEGIN
    IF day >= (now() AT TIME ZONE 'UTC')::date THEN
        RAISE EXCEPTION 'the day % is not over', day;
    END IF;
    PERFORM pg_advisory_xact_lock(7205600);
    FOREACH parent IN ARRAY ARRAY['executions', 'execution_events', 'execution_payloads'] LOOP
        EXECUTE format('DROP TABLE IF EXISTS %I', parent || to_char(day, '_YYYYMMDD'));
    END LOOP;
END
$$;

CREATE OR REPLACE FUNCTION partition_strays() RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tidemill, pg_temp
    AS $$ SELECT (SELECT count(*) FROM executions_default) + (SELECT count(*) FROM execution_events_default)
               + (SELECT count(*) FROM execution_payloads_default) $$;

CREATE OR REPLACE FUNCTION partitions_create(first_day date, days integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = tidemill, pg_temp
    AS $$
DECLARE
    day date;
    parent text;
    made integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(7205600);
    FOR day IN SELECT generate_series(first_day, first_day + days - 1, interval '1 day')::date LOOP
        FOREACH parent IN ARRAY ARRAY['executions', 'execution_events', 'execution_payloads'] LOOP
            IF to_regclass(format('%I', parent || to_char(day, '_YYYYMMDD'))) IS NULL THEN
                BEGIN
                    EXECUTE format(
                        'CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L) WITH (fillfactor = %s)',
                        parent || to_char(day, '_YYYYMMDD'), parent,
                        uuid_floor(day::timestamp AT TIME ZONE 'UTC'),
                        uuid_floor((day + 1)::timestamp AT TIME ZONE 'UTC'),
                        CASE parent WHEN 'executions' THEN 70 ELSE 100 END);
                    made := made + 1;
                EXCEPTION WHEN check_violation THEN
                    NULL; -- partition_strays tells of it
                END;
            END IF;
        END LOOP;
    END LOOP;
    RETURN made;
END
$$;

-- Executions of the days that there are already may go on, and their payloads go with their day.
SELECT partitions_create(to_date(right(c.relname, 8), 'YYYYMMDD'), 1)
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'executions'::regclass AND c.relname ~ '_[0-9]{8}$';
