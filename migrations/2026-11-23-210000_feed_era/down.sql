ALTER TABLE feed_floor DROP COLUMN era;
