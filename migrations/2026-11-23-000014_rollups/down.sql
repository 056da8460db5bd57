DROP TABLE rollup_cursor;
DROP TABLE execution_rollups;
DROP FUNCTION duration_bucket(double precision);
DROP FUNCTION uuid_instant(uuid);
