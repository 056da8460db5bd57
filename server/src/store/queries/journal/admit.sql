-- Admits a batch of executions with their first events: one statement, one commit. An arrival whose delivery is known already
-- admits nothing. What has finished already never enters the queue. Where an organization has a limit, its meter is counted in the
-- same commit: what would go beyond it fails the whole statement (`usage_meters_room`), and once nothing is left, arrivals are
-- left out from the start. Where there is no limit, nothing is written or locked.
WITH input AS (
    SELECT *
    FROM unnest(
        $1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::integer[], $6::text[], $7::text[], $8::text[],
        $9::timestamptz[], $10::uuid[], $11::integer[], $12::timestamptz[], $13::timestamptz[], $14::text[], $15::text[],
        $16::integer[], $17::uuid[], $18::boolean[], $19::bigint[]
    ) AS t (
        workspace_id, id, workflow_uid, workflow_id, version, status, trigger_type, trigger_id,
        at, lease_node, lease_epoch, available_at, finished_at, source, delivery_key,
        last_seq, retry_of, is_metered, bytes
    )
), meters AS MATERIALIZED (
    SELECT w.id AS workspace_id, m.organization_id, m.used, m.most, m.room, m.resets_at
    FROM workspaces w JOIN usage_meters m USING (organization_id)
    WHERE w.id IN (SELECT workspace_id FROM input) AND m.most IS NOT NULL
), refused AS MATERIALIZED (
    SELECT i.id, i.workspace_id, i.source, i.delivery_key, m.used, m.most, m.resets_at
    FROM input i JOIN meters m USING (workspace_id)
    WHERE m.room = 0 AND i.is_metered
), delivered AS (
    INSERT INTO deliveries (workspace_id, source, key, execution_id, at)
    SELECT workspace_id, source, delivery_key, id, at FROM input
    WHERE source IS NOT NULL AND id NOT IN (SELECT id FROM refused)
    ON CONFLICT DO NOTHING
    RETURNING execution_id
), admitted AS (
    SELECT * FROM input
    WHERE (source IS NULL OR id IN (SELECT execution_id FROM delivered)) AND id NOT IN (SELECT id FROM refused)
), counted AS MATERIALIZED (
    SELECT m.organization_id, count(*) AS n
    FROM admitted a JOIN meters m USING (workspace_id)
    WHERE a.is_metered GROUP BY m.organization_id
), locked AS MATERIALIZED (
    -- In one order, so that writers never wait for each other in a circle.
    SELECT organization_id FROM usage_meters WHERE organization_id IN (SELECT organization_id FROM counted)
    ORDER BY organization_id FOR NO KEY UPDATE
), metered AS (
    UPDATE usage_meters u SET used = u.used + c.n, room = u.room - c.n
    FROM locked l JOIN counted c USING (organization_id)
    WHERE u.organization_id = l.organization_id
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
    FROM unnest($20::uuid[], $21::integer[], $22::timestamptz[], $23::text[], $24::text[])
        AS n (execution_id, seq, at, type, data)
    JOIN admitted a ON a.id = n.execution_id
), fed AS (
    INSERT INTO event_feed (workspace_id, at, execution_ids, first_seqs, last_seqs, bytes)
    SELECT workspace_id, max(at), array_agg(id), array_agg(1), array_agg(last_seq), sum(bytes) FROM admitted GROUP BY workspace_id
)
SELECT id AS execution_id, NULL::uuid AS known, NULL::bigint AS used, NULL::bigint AS most, NULL::timestamptz AS resets_at
FROM admitted
UNION ALL
SELECT r.id, d.execution_id, r.used, r.most, r.resets_at
FROM refused r LEFT JOIN deliveries d ON d.workspace_id = r.workspace_id AND d.source = r.source AND d.key = r.delivery_key
