-- Takes the lease of up to $4 executions that are due, in turns: the oldest of each workspace, then the second of each, and so
-- on. A workspace with very many costs the others nothing but their turns. What was due before $1 is left to another look: while
-- an old snapshot is open, what was claimed since stands in the indexes as a dead row that every look would visit.
WITH RECURSIVE tenants AS (
    (SELECT workspace_id FROM execution_queue WHERE lease_node IS NULL AND available_at >= $1 ORDER BY workspace_id LIMIT 1)
    UNION ALL
    SELECT (SELECT q.workspace_id FROM execution_queue q
            WHERE q.lease_node IS NULL AND q.workspace_id > t.workspace_id AND q.available_at >= $2 ORDER BY q.workspace_id LIMIT 1)
    FROM tenants t WHERE t.workspace_id IS NOT NULL
), busy AS MATERIALIZED (
    SELECT t.workspace_id, count(*) OVER () AS workspaces FROM tenants t
    WHERE EXISTS (SELECT FROM execution_queue q
                  WHERE q.lease_node IS NULL AND q.workspace_id = t.workspace_id AND q.available_at BETWEEN $3 AND $4)
), due AS (
    SELECT execution_id FROM (
        SELECT d.execution_id, d.available_at, row_number() OVER (PARTITION BY b.workspace_id ORDER BY d.available_at) AS turn
        FROM busy b CROSS JOIN LATERAL (
            SELECT q.execution_id, q.available_at FROM execution_queue q
            WHERE q.lease_node IS NULL AND q.workspace_id = b.workspace_id AND q.available_at BETWEEN $5 AND $6
            ORDER BY q.available_at LIMIT $7 / b.workspaces + 1
            FOR UPDATE SKIP LOCKED
        ) AS d
    ) AS turns ORDER BY turn, available_at LIMIT $8
)
UPDATE execution_queue q SET lease_node = $9, lease_epoch = lease_epoch + 1
FROM due WHERE q.execution_id = due.execution_id
RETURNING q.execution_id, workspace_id, workflow_uid, version, lease_epoch, takeovers, cancel, pause,
    EXISTS (SELECT FROM concurrency_slots s
            WHERE s.workspace_id = q.workspace_id AND s.execution_id = q.execution_id AND NOT s.holds)
        OR coalesce(q.starts_at > $10, false) AS blocked, q.available_at
