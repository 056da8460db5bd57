-- Pause, resume and retry.

-- The newest wish of an operator: {"on": true or false, "reason": …, "by": …}. It stays: whoever takes the execution up
-- compares it with the events.
ALTER TABLE execution_queue ADD COLUMN pause json;

-- The execution that this one tries again.
ALTER TABLE executions ADD COLUMN retry_of uuid;
