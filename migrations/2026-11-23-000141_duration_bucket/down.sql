CREATE OR REPLACE FUNCTION duration_bucket(millis double precision) RETURNS smallint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT CASE WHEN millis < 1 THEN 0 ELSE least(1 + floor(8 * log(2, millis::numeric)), 320) END::smallint $$;
