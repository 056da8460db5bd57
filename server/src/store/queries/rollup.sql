-- Rolls up what finished in the next rows of the feed, and moves the cursor behind them; at most $1 rows at a time.
WITH start AS (
    SELECT txid, position FROM rollup_cursor FOR UPDATE SKIP LOCKED
), moved AS (
    SELECT f.txid, f.position, f.workspace_id, f.at, f.bytes, f.execution_ids, f.first_seqs, f.last_seqs
    FROM event_feed f, start s
    WHERE (f.txid, f.position) > (s.txid, s.position) AND f.txid < pg_snapshot_xmin(pg_current_snapshot())
    ORDER BY f.txid, f.position LIMIT $1
), touched AS (
    SELECT m.workspace_id, m.at, t.id, t.first_seq, t.last_seq
    FROM moved m, unnest(m.execution_ids, m.first_seqs, m.last_seqs) AS t (id, first_seq, last_seq)
), finished AS (
    -- An execution is counted by the row of the feed that holds its last event.
    SELECT e.workspace_id, e.id, e.workflow_uid, e.workflow_id, e.status, e.finished_at, uuid_instant(e.id) AS admitted_at
    FROM touched t JOIN executions e ON e.workspace_id = t.workspace_id AND e.id = t.id
    WHERE e.finished_at IS NOT NULL AND e.last_seq BETWEEN t.first_seq AND t.last_seq
), attempts AS (
    SELECT f.workspace_id, f.id, f.workflow_uid, f.workflow_id, v.data ->> 'step' AS step, v.type, v.at,
           -- The end of an iteration, or of an attempt that is followed by another, is not the end of the step.
           v.type <> 'step_started' AND v.data ->> 'iteration' IS NULL AND v.data ->> 'retry_at' IS NULL AS ends
    FROM finished f JOIN execution_events v ON v.workspace_id = f.workspace_id AND v.execution_id = f.id
    WHERE v.type IN ('step_started', 'step_completed', 'step_failed')
), steps AS (
    SELECT workspace_id, workflow_uid, workflow_id, step,
           CASE WHEN bool_or(ends AND type = 'step_completed') THEN 'succeeded' ELSE 'failed' END AS status,
           coalesce(min(at) FILTER (WHERE type = 'step_started'), min(at)) AS began,
           max(at) FILTER (WHERE ends) AS ended
    FROM attempts GROUP BY workspace_id, id, workflow_uid, workflow_id, step
), durations AS (
    SELECT workspace_id, workflow_uid, workflow_id, '' AS step, status, finished_at AS ended,
           greatest(extract(epoch FROM finished_at - admitted_at) * 1000, 0)::double precision AS millis
    FROM finished
    UNION ALL
    SELECT workspace_id, workflow_uid, workflow_id, step, status, ended,
           greatest(extract(epoch FROM ended - began) * 1000, 0)::double precision
    FROM steps WHERE ended IS NOT NULL AND step IS NOT NULL
), counted AS (
    INSERT INTO execution_rollups AS r
        (workspace_id, workflow_uid, workflow_id, step, hour, status, bucket, count, total_ms)
    SELECT workspace_id, workflow_uid, min(workflow_id), step, date_trunc('hour', ended, 'UTC'), status,
           duration_bucket(millis), count(*), sum(millis)::bigint
    FROM durations GROUP BY workspace_id, workflow_uid, step, date_trunc('hour', ended, 'UTC'), status, duration_bucket(millis)
    ON CONFLICT (workspace_id, workflow_uid, step, hour, status, bucket)
        DO UPDATE SET count = r.count + excluded.count, total_ms = r.total_ms + excluded.total_ms
), used AS (
    -- In which period: the newest that has begun by then.
    INSERT INTO usage_periods AS u (organization_id, period_start, executions, events)
    SELECT p.organization_id, p.period_start, sum(t.executions), sum(t.events)
    FROM (
        SELECT workspace_id, at, count(*) FILTER (WHERE first_seq = 1) AS executions, sum(last_seq - first_seq + 1) AS events
        FROM touched GROUP BY workspace_id, at
    ) t JOIN workspaces w ON w.id = t.workspace_id
    JOIN LATERAL (
        SELECT p.organization_id, max(p.period_start) AS period_start FROM usage_periods p
        WHERE p.organization_id = w.organization_id AND p.period_start <= t.at GROUP BY p.organization_id
    ) p ON true
    GROUP BY p.organization_id, p.period_start
    ON CONFLICT (organization_id, period_start)
        DO UPDATE SET executions = u.executions + excluded.executions, events = u.events + excluded.events
), stored AS (
    INSERT INTO storage_days AS s (workspace_id, day, bytes)
    SELECT workspace_id, (at AT TIME ZONE 'UTC')::date, sum(bytes) FROM moved WHERE bytes IS NOT NULL GROUP BY 1, 2
    ON CONFLICT (workspace_id, day) DO UPDATE SET bytes = s.bytes + excluded.bytes
), last AS (
    SELECT txid, position FROM moved ORDER BY txid DESC, position DESC LIMIT 1
), advanced AS (
    UPDATE rollup_cursor SET txid = last.txid, position = last.position FROM last
)
SELECT count(*) AS rows FROM moved
