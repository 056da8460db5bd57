-- How an execution ended, if it ended otherwise than well: so that a list of failures needs not read a million successes.
--
-- No index may name the state itself: every execution's state changes, and each change would then write all indexes of its row
-- anew instead of staying within its page (HOT). This column stays null from the beginning to the end of whatever succeeds;
-- only executions that fail or are cancelled pay for its index.
--
-- Locks: adding a stored column writes `executions` anew under ACCESS EXCLUSIVE, about two seconds per million rows; admissions
-- and appends wait for it.
ALTER TABLE executions ADD COLUMN ending text
    GENERATED ALWAYS AS (CASE WHEN status IN ('failed', 'cancelled', 'dead_letter') THEN status END) STORED;
CREATE INDEX executions_ending ON executions (workspace_id, ending, id) WHERE ending IS NOT NULL;
