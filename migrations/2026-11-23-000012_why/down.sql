REVOKE SELECT ON nodes FROM tidemill_app;
ALTER TABLE nodes DROP COLUMN draining, DROP COLUMN running, DROP COLUMN free;
