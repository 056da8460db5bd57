-- Orders a replay: canaries begin at once, the others at their rate; with canaries the others wait for them.
WITH meant AS (
    SELECT execution_id, row_number() OVER (ORDER BY execution_id) AS place
    FROM (
        SELECT execution_id FROM dead_letters
        WHERE workspace_id = $1 AND state = 'open' AND (execution_id = ANY ($2) OR fingerprint = $3)
        ORDER BY execution_id LIMIT $4 FOR UPDATE
    ) AS found
)
UPDATE dead_letters d
SET state = 'waiting', replay_id = $5,
    replay_at = CASE WHEN $6 = 0 OR m.place <= $7 THEN $8 + (m.place - 1) * interval '1 second' / $9 END,
    replay_from = $10, replay_rate = $11, canary = m.place <= $12, settled_by = $13, reason = NULL,
    replay_patch = $14
FROM meant m
WHERE d.workspace_id = $15 AND d.execution_id = m.execution_id
