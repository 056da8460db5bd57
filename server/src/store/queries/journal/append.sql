-- Appends a batch of events and everything that follows from them, for those executions whose lease still holds: one
-- statement, one commit. next: 0 keeps the lease, 1 gives it back until available_at, 2 the execution has ended.
WITH input AS (
    SELECT *
    FROM unnest(
        $1::uuid[], $2::uuid[], $3::integer[], $4::smallint[], $5::timestamptz[], $6::text[], $7::integer[], $8::integer[],
        $9::timestamptz[], $10::text[], $11::bigint[]
    ) AS t (workspace_id, execution_id, epoch, next, available_at, status, first_seq, last_seq, finished_at, error, bytes)
), held AS (
    SELECT q.execution_id
    FROM execution_queue q JOIN input i USING (execution_id)
    WHERE i.next = 0 AND q.lease_node = $12 AND q.lease_epoch = i.epoch
    FOR NO KEY UPDATE OF q
), released AS (
    UPDATE execution_queue q
    -- A request or an answer that the executor has not seen keeps the execution due.
    SET available_at = CASE WHEN q.cancel IS NULL AND coalesce((q.pause ->> 'on')::boolean, i.status = 'paused') = (i.status = 'paused')
                             AND NOT q.answered
                            THEN i.available_at ELSE q.available_at END,
        lease_node = NULL, takeovers = 0
    FROM input i
    WHERE i.next = 1 AND q.execution_id = i.execution_id AND q.lease_node = $13 AND q.lease_epoch = i.epoch
    RETURNING q.execution_id
), ended AS (
    DELETE FROM execution_queue q
    USING input i
    WHERE i.next = 2 AND q.execution_id = i.execution_id AND q.lease_node = $14 AND q.lease_epoch = i.epoch
    RETURNING q.execution_id
), fenced AS (
    SELECT input.*
    FROM input JOIN (
        SELECT execution_id FROM held UNION ALL SELECT execution_id FROM released UNION ALL SELECT execution_id FROM ended
    ) AS leased USING (execution_id)
), projected AS (
    UPDATE executions e
    SET status = f.status, last_seq = f.last_seq, finished_at = f.finished_at, error = f.error
    FROM fenced f
    WHERE e.workspace_id = f.workspace_id AND e.id = f.execution_id
    -- The range of the batch: without it the statement opens every partition there is, each time.
    AND e.id BETWEEN $15 AND $16
), appended AS (
    INSERT INTO execution_events (workspace_id, execution_id, seq, at, type, data)
    SELECT f.workspace_id, n.execution_id, n.seq, n.at, n.type, n.data::json
    FROM unnest($17::uuid[], $18::integer[], $19::timestamptz[], $20::text[], $21::text[])
        AS n (execution_id, seq, at, type, data)
    JOIN fenced f USING (execution_id)
), fed AS (
    INSERT INTO event_feed (workspace_id, at, execution_ids, first_seqs, last_seqs, bytes)
    SELECT workspace_id, $22, array_agg(execution_id), array_agg(first_seq), array_agg(last_seq), sum(bytes)
    FROM fenced GROUP BY workspace_id
)
SELECT execution_id FROM fenced
