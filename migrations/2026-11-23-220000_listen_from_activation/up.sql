-- A trigger that listens to internal events begins exactly when it becomes live: the activation writes where.
-- Adding a column without a default changes the catalogue only; the lock on the small table is held for that long.
-- What had happened when it began (a `pg_snapshot`): it is not told of that. None when an older server had it begin.
ALTER TABLE trigger_states ADD COLUMN begins text;
GRANT INSERT (workspace_id, workflow_uid, trigger_id, feed_txid, feed_position, audit_seq, begins),
    UPDATE (feed_txid, feed_position, audit_seq, begins) ON trigger_states TO tidemill_app;
