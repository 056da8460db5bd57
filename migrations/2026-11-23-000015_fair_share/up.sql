-- Claims take turns between workspaces: which ones have something due, and the oldest of each. Only rows that nobody holds are
-- in it, so that an execution which starts at its admission never touches it.
CREATE INDEX execution_queue_fair ON execution_queue (workspace_id, available_at) WHERE lease_node IS NULL;
