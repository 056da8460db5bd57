-- Admits a batch of executions with their first events: one statement, one commit. An arrival whose delivery is known already
-- admits nothing. What has finished already never enters the queue.
WITH input AS (
    SELECT *
    FROM unnest(
        $1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::integer[], $6::text[], $7::text[], $8::text[],
        $9::timestamptz[], $10::uuid[], $11::integer[], $12::timestamptz[], $13::timestamptz[], $14::text[], $15::text[],
        $16::integer[], $17::uuid[]
    ) AS t (
        workspace_id, id, workflow_uid, workflow_id, version, status, trigger_type, trigger_id,
        at, lease_node, lease_epoch, available_at, finished_at, source, delivery_key,
        last_seq, retry_of
    )
), delivered AS (
    INSERT INTO deliveries (workspace_id, source, key, execution_id, at)
    SELECT workspace_id, source, delivery_key, id, at FROM input WHERE source IS NOT NULL
    ON CONFLICT DO NOTHING
    RETURNING execution_id
), admitted AS (
    SELECT * FROM input WHERE source IS NULL OR id IN (SELECT execution_id FROM delivered)
), projected AS (
    INSERT INTO executions
        (workspace_id, id, workflow_uid, workflow_id, version, status, trigger_type, trigger_id, last_seq, finished_at, retry_of)
    SELECT workspace_id, id, workflow_uid, workflow_id, version, status, trigger_type, trigger_id, last_seq, finished_at, retry_of
    FROM admitted
), queued AS (
    INSERT INTO execution_queue (execution_id, workspace_id, workflow_uid, version, available_at, lease_node, lease_epoch)
    SELECT id, workspace_id, workflow_uid, version, available_at, lease_node, lease_epoch FROM admitted WHERE finished_at IS NULL
), appended AS (
    INSERT INTO execution_events (workspace_id, execution_id, seq, at, type, data)
    SELECT a.workspace_id, n.execution_id, n.seq, n.at, n.type, n.data::json
    FROM unnest($18::uuid[], $19::integer[], $20::timestamptz[], $21::text[], $22::text[])
        AS n (execution_id, seq, at, type, data)
    JOIN admitted a ON a.id = n.execution_id
), fed AS (
    INSERT INTO event_feed (workspace_id, at, execution_ids, first_seqs, last_seqs)
    SELECT workspace_id, max(at), array_agg(id), array_agg(1), array_agg(last_seq) FROM admitted GROUP BY workspace_id
)
SELECT id AS execution_id FROM admitted
