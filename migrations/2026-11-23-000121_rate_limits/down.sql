ALTER TABLE execution_queue DROP COLUMN priority, DROP COLUMN starts_at;
DROP TABLE rate_starts;
