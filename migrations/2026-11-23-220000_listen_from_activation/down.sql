REVOKE INSERT (workspace_id, workflow_uid, trigger_id, feed_txid, feed_position, audit_seq, begins),
    UPDATE (feed_txid, feed_position, audit_seq, begins) ON trigger_states FROM tidemill_app;
ALTER TABLE trigger_states DROP COLUMN begins;
