-- The bucket of a duration, reckoned with floating point: with `numeric`, one call took longer than writing an execution.
-- The same buckets: 0 below a millisecond, then eight per doubling; the billionth keeps whole powers in their own bucket.
CREATE OR REPLACE FUNCTION duration_bucket(millis double precision) RETURNS smallint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT CASE WHEN millis < 1 THEN 0 ELSE least(1 + floor(8 * ln(millis) / ln(2::double precision) + 1e-9), 320) END::smallint $$;
