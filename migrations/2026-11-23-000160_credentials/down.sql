REVOKE UPDATE ON secrets FROM tidemill_engine;
DROP TABLE credentials;
DROP TABLE data_keys;
DROP TABLE key_checks;
