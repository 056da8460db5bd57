-- One beat of a node: it says that it lives, forgets nodes that are gone and hold nothing, and sees in the same statement
-- everything that its loops have to know. Who lives and until when is told by the clock of the database alone.
WITH beat AS (
    INSERT INTO nodes (id, name, version, roles, started_at, heartbeat_at, expires_at, draining, running, free)
    VALUES ($1, $2, $3, $4, now(), now(), now() + $5 * interval '1 second', $6, $7, $8)
    ON CONFLICT (id) DO UPDATE SET heartbeat_at = excluded.heartbeat_at, expires_at = excluded.expires_at,
        draining = excluded.draining, running = excluded.running, free = excluded.free
), forgotten AS (
    DELETE FROM nodes n WHERE expires_at <= now() AND id <> $9
        AND NOT EXISTS (SELECT FROM execution_queue q WHERE q.lease_node = n.id)
), leased AS MATERIALIZED (
    SELECT execution_id, workspace_id, lease_node, lease_epoch, cancel, pause, answered FROM execution_queue WHERE lease_node IS NOT NULL
), others AS MATERIALIZED (
    SELECT id, free, expires_at <= now() AS is_lost FROM nodes WHERE id <> $10
), held AS (
    SELECT coalesce(array_agg(execution_id), '{}') AS execution_ids, coalesce(array_agg(workspace_id), '{}') AS workspace_ids,
           coalesce(array_agg(lease_epoch), '{}') AS epochs,
           coalesce(json_agg(json_build_array(execution_id, cancel, pause, answered))
                        FILTER (WHERE cancel IS NOT NULL OR pause IS NOT NULL OR answered), '[]') AS wishes
    FROM leased WHERE lease_node = $11
)
SELECT held.execution_ids, held.workspace_ids, held.epochs, held.wishes,
       EXISTS (SELECT FROM leased l JOIN others o ON o.id = l.lease_node WHERE o.is_lost) AS lost,
       EXISTS (SELECT FROM others WHERE free = 0 AND NOT is_lost) AS crowded,
       (SELECT min(available_at) FROM execution_queue WHERE lease_node IS NULL) AS next_due,
       (SELECT min(next_at) FROM triggers WHERE next_at IS NOT NULL AND type = 'schedule') AS next_schedule,
       (SELECT min(next_at) FROM triggers WHERE next_at IS NOT NULL AND type = 'condition') AS next_condition,
       least((SELECT min(least(period_end, trial_end, grace_end)) FROM billing_subscriptions),
             (SELECT min(due_at) FROM invoices WHERE state = 'open'),
             (SELECT min(at) FROM quota_notices WHERE told_at IS NULL),
             CASE WHEN EXISTS (SELECT FROM usage_meters WHERE most > 0 AND told < 100
                                   AND used * 100 >= most * CASE WHEN told < 80 THEN 80 ELSE 100 END)
                  THEN to_timestamp(0) END) AS next_billing,
       EXISTS (SELECT FROM triggers WHERE type IN ('event', 'condition') AND next_at IS NULL) AS listens,
       EXISTS (SELECT FROM event_subscriptions WHERE disabled IS NULL) AS subscribed,
       EXISTS (SELECT FROM dead_letters WHERE state = 'waiting') AS replays,
       EXISTS (SELECT FROM step_waits WHERE child_id IS NOT NULL) AS calls,
       (SELECT min(next_at) FROM bulk_orders WHERE state = 'running') AS next_bulk,
       EXISTS (SELECT FROM event_feed f, rollup_cursor c WHERE (f.txid, f.position) > (c.txid, c.position)
                   AND f.txid < pg_snapshot_xmin(pg_current_snapshot())) AS to_roll_up
FROM held
