ALTER TABLE executions DROP COLUMN ending;
