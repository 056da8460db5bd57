-- Takes over executions of nodes that are not heard of any more. One with which a node was lost once already may be what
-- loses nodes: of these only few are taken at a time, so that the others are not lost with it again.
WITH lost AS MATERIALIZED (
    SELECT id FROM nodes WHERE expires_at <= now() AND id <> $1
), innocent AS (
    SELECT execution_id FROM execution_queue WHERE lease_node IN (SELECT id FROM lost) AND takeovers <> 1
    LIMIT $2 FOR UPDATE SKIP LOCKED
), suspect AS (
    SELECT execution_id FROM execution_queue WHERE lease_node IN (SELECT id FROM lost) AND takeovers = 1
    LIMIT $3 FOR UPDATE SKIP LOCKED
), chosen AS (
    SELECT execution_id FROM innocent UNION ALL SELECT execution_id FROM suspect
)
UPDATE execution_queue q SET lease_node = $4, lease_epoch = lease_epoch + 1, takeovers = takeovers + 1
FROM chosen WHERE q.execution_id = chosen.execution_id
RETURNING q.execution_id, workspace_id, workflow_uid, version, lease_epoch, takeovers, cancel, pause,
    EXISTS (SELECT FROM concurrency_slots s
            WHERE s.workspace_id = q.workspace_id AND s.execution_id = q.execution_id AND NOT s.holds)
        OR coalesce(q.starts_at > now(), false) AS blocked, q.available_at
