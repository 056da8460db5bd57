ALTER TABLE executions DROP COLUMN retry_of;
ALTER TABLE execution_queue DROP COLUMN pause;
