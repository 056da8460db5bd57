-- Begins an era of the feed: what a backup holds of transaction ids is of another cluster and means nothing here.
--
-- All rows of the feed get the id of this transaction, which is over before any other begins, and new positions in their old
-- order, above all positions that were ever given: 2^29 for each second since 1970, so that also two restores of one backup never
-- give the same. Places are put where they stood among these rows; a place before what the feed had forgotten stays one.
DO $$
DECLARE
    here CONSTANT xid8 := pg_current_xact_id();
    base CONSTANT bigint := extract(epoch FROM clock_timestamp())::bigint << 29;
    kept CONSTANT bigint := (SELECT count(*) FROM event_feed);
    oldest feed_floor;
    others text;
BEGIN
    SELECT * INTO STRICT oldest FROM feed_floor;
    UPDATE rollup_cursor c SET txid = here, position = base + kept
        - (SELECT count(*) FROM event_feed f WHERE (f.txid, f.position) > (c.txid, c.position));
    -- What a reader is not told, although it stands behind its place, because it had happened when it began: named row by row from
    -- now on.
    UPDATE trigger_states t SET feed_txid = here::text::bigint,
        feed_position = CASE WHEN (t.feed_txid::text::xid8, t.feed_position) < (oldest.txid, oldest.position) THEN 0
            ELSE base + kept - (SELECT count(*) FROM event_feed f WHERE (f.txid, f.position) > (t.feed_txid::text::xid8, t.feed_position)) END,
        begins = CASE WHEN t.begins IS NOT NULL THEN here::text || '@' || coalesce((
            SELECT string_agg((base + kept - (SELECT count(*) FROM event_feed g WHERE (g.txid, g.position) > (f.txid, f.position)))::text, ',')
            FROM event_feed f
            WHERE f.workspace_id = t.workspace_id AND (f.txid, f.position) > (t.feed_txid::text::xid8, t.feed_position)
              AND CASE WHEN t.begins LIKE '%@%' THEN f.txid::text = split_part(t.begins, '@', 1)
                            AND f.position::text = ANY (string_to_array(split_part(t.begins, '@', 2), ','))
                       ELSE pg_visible_in_snapshot(f.txid, t.begins::pg_snapshot) END), '') END
        WHERE t.feed_txid IS NOT NULL;
    UPDATE event_subscriptions s SET feed_txid = here::text::bigint,
        feed_position = CASE WHEN (s.feed_txid::text::xid8, s.feed_position) < (oldest.txid, oldest.position) THEN 0
            ELSE base + kept - (SELECT count(*) FROM event_feed f WHERE (f.txid, f.position) > (s.feed_txid::text::xid8, s.feed_position)) END,
        begins = CASE WHEN s.begins IS NOT NULL THEN here::text || '@' || coalesce((
            SELECT string_agg((base + kept - (SELECT count(*) FROM event_feed g WHERE (g.txid, g.position) > (f.txid, f.position)))::text, ',')
            FROM event_feed f
            WHERE f.workspace_id = s.workspace_id AND (f.txid, f.position) > (s.feed_txid::text::xid8, s.feed_position)
              AND CASE WHEN s.begins LIKE '%@%' THEN f.txid::text = split_part(s.begins, '@', 1)
                            AND f.position::text = ANY (string_to_array(split_part(s.begins, '@', 2), ','))
                       ELSE pg_visible_in_snapshot(f.txid, s.begins::pg_snapshot) END), '') END
        WHERE s.feed_txid IS NOT NULL;
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO STRICT others FROM pg_attribute
        WHERE attrelid = 'event_feed'::regclass AND attnum > 0 AND NOT attisdropped AND attname NOT IN ('txid', 'position');
    EXECUTE format('WITH old AS (DELETE FROM event_feed RETURNING *)
        INSERT INTO event_feed (txid, position, %1$s) OVERRIDING SYSTEM VALUE
        SELECT $1, $2 + row_number() OVER (ORDER BY txid, position), %1$s FROM old', others) USING here, base;
    UPDATE feed_floor SET txid = here, position = base, era = base;
    SET LOCAL ROLE tidemill_owner;
    PERFORM setval(pg_get_serial_sequence('tidemill.event_feed', 'position'), base + kept + 1);
END
$$;
