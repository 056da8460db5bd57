-- Retention drops whole days: nothing is deleted row by row, and the disk is free at once.

-- Drops the partitions of a day that is over. Whoever calls it has made sure that nothing of that day is still under way: only
-- the engine sees the queue. Takes the parents' ACCESS EXCLUSIVE lock for the blink of an eye; when it does not get it within
-- half a second it gives up, so that nobody queues behind it for longer. (DETACH CONCURRENTLY is not to be had beside a DEFAULT
-- partition.)
CREATE FUNCTION partition_drop(day date) RETURNS void
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

-- Rows that found no partition of their day: there should be none.
CREATE FUNCTION partition_strays() RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tidemill, pg_temp
    AS $$ SELECT (SELECT count(*) FROM executions_default) + (SELECT count(*) FROM execution_events_default) $$;

-- As before, but a day whose rows lie in the DEFAULT partition already is left out instead of stopping the others and the start.
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

REVOKE ALL ON FUNCTION partition_drop(date), partition_strays() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION partition_drop(date), partition_strays() TO tidemill_engine;
