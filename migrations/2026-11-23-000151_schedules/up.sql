-- Schedules: next_at says when there is something to do, instant which firing it is (earlier than next_at by the jitter), last_at which one
-- was the last. Nullable columns without a default: nothing is rewritten. A server of the version before writes next_at only, which
-- then is the instant.
ALTER TABLE triggers ADD COLUMN instant timestamptz, ADD COLUMN last_at timestamptz;
