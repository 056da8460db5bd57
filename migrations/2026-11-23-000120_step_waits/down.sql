DROP INDEX executions_parent;
ALTER TABLE executions DROP COLUMN parent_id;
ALTER TABLE execution_queue DROP COLUMN answered;
DROP TABLE step_waits;
