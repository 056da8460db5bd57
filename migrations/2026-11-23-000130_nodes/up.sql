-- What a node does, and which version it is. The default is that of the servers before, which still beat while this runs.
ALTER TABLE nodes
    ADD COLUMN roles text NOT NULL DEFAULT 'api,executor,scheduler',
    ADD COLUMN version text NOT NULL DEFAULT '';
