-- What a node says about itself with each heartbeat, so that anybody can be told why an execution isn't moving.
ALTER TABLE nodes
    ADD COLUMN draining boolean NOT NULL DEFAULT false,
    ADD COLUMN running integer NOT NULL DEFAULT 0,
    ADD COLUMN free integer NOT NULL DEFAULT 0;
GRANT SELECT ON nodes TO tidemill_app;
