-- The functions as they were before.
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
    FOREACH parent IN ARRAY ARRAY['executions', 'execution_events'] LOOP
        EXECUTE format('DROP TABLE IF EXISTS %I', parent || to_char(day, '_YYYYMMDD'));
    END LOOP;
END
$$;

CREATE OR REPLACE FUNCTION partition_strays() RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tidemill, pg_temp
    AS $$ SELECT (SELECT count(*) FROM executions_default) + (SELECT count(*) FROM execution_events_default) $$;

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
        FOREACH parent IN ARRAY ARRAY['executions', 'execution_events'] LOOP
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

DROP TABLE execution_payloads;
