-- How far the feed was forgotten; one row. A cursor before it has missed something, even when the feed is empty.
CREATE TABLE feed_floor (
    id boolean PRIMARY KEY DEFAULT true CHECK (id),
    txid xid8 NOT NULL DEFAULT '0',
    position bigint NOT NULL DEFAULT 0
);
INSERT INTO feed_floor DEFAULT VALUES;
GRANT SELECT ON feed_floor TO tidemill_app;
GRANT SELECT, UPDATE ON feed_floor TO tidemill_engine;
