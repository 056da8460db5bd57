ALTER TABLE triggers DROP COLUMN instant, DROP COLUMN last_at;
