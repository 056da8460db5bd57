-- Transaction ids begin anew in another cluster, so that a place in the feed from before a restore could be mistaken for one of
-- now. Positions never do: a restore begins an era, above all positions that were ever given, and places of earlier eras are
-- known by their positions. One small table, locked for a moment; reading it waits for that.
ALTER TABLE feed_floor ADD COLUMN era bigint NOT NULL DEFAULT 0;
