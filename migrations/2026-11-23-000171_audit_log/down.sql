DROP FUNCTION audit_append_for(uuid, uuid, timestamptz, text);
DROP FUNCTION audit_append(timestamptz, text);
DROP FUNCTION audit_link(uuid, uuid, timestamptz, text);
DROP TABLE audit_log, audit_heads;
