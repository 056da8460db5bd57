-- Which servers may work on this schema: those that know this migration, or a newer one. Whoever migrates says so, so that a server
-- of the release before knows that it may go on, or start again, while a newer one is here. A new table: nobody waits for it.
CREATE TABLE schema_floor (
    id boolean PRIMARY KEY DEFAULT true CHECK (id),
    oldest text NOT NULL
);
INSERT INTO schema_floor (oldest) VALUES ('20261124100000');
