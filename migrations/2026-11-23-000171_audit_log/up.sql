-- The audit log: who changed what. One chain of hashes per organization: each row's hash covers the one before it, so that a
-- row that is changed, taken out or put in shows. Nobody may write to it but through the functions below, and nobody may
-- change or delete anything.

-- The end of each chain. Its row is locked from an entry to the end of the transaction, which orders the entries; that is why
-- an entry is the last thing that a transaction writes.
CREATE TABLE audit_heads (
    organization_id uuid PRIMARY KEY REFERENCES organizations,
    seq bigint NOT NULL,
    hash bytea NOT NULL
);

-- hash = SHA-256 of previous, seq as 8 bytes (most significant first), and the text of the entry.
-- The columns before it repeat what the entry says, for finding it.
CREATE TABLE audit_log (
    organization_id uuid NOT NULL,
    seq bigint NOT NULL,
    workspace_id uuid,
    at timestamptz NOT NULL,
    entry json NOT NULL,
    previous bytea NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (organization_id, seq)
);
CREATE INDEX audit_log_workspace ON audit_log (workspace_id, seq);

-- Puts an entry at the end of an organization's chain. For the two functions below only.
CREATE FUNCTION audit_link(organization uuid, workspace uuid, instant timestamptz, entry text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = tidemill, pg_temp
    AS $$
DECLARE
    head audit_heads;
    next bytea;
BEGIN
    SELECT * INTO head FROM audit_heads WHERE organization_id = organization FOR UPDATE;
    IF NOT FOUND THEN
        INSERT INTO audit_heads VALUES (organization, 0, decode(repeat('00', 32), 'hex')) ON CONFLICT DO NOTHING;
        SELECT * INTO STRICT head FROM audit_heads WHERE organization_id = organization FOR UPDATE;
    END IF;
    next := sha256(head.hash || int8send(head.seq + 1) || convert_to(entry, 'UTF8'));
    INSERT INTO audit_log VALUES (organization, head.seq + 1, workspace, instant, entry::json, head.hash, next);
    UPDATE audit_heads SET seq = head.seq + 1, hash = next WHERE organization_id = organization;
END
$$;

-- For the app: an entry about the workspace of its transaction, and no other.
CREATE FUNCTION audit_append(instant timestamptz, entry text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = tidemill, pg_temp
    AS $$
BEGIN
    PERFORM audit_link((SELECT organization_id FROM workspaces WHERE id = current_workspace()), current_workspace(), instant, entry);
END
$$;

-- For the engine: an entry about any workspace, or about none.
CREATE FUNCTION audit_append_for(organization uuid, workspace uuid, instant timestamptz, entry text) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = tidemill, pg_temp
    AS $$ SELECT audit_link(organization, workspace, instant, entry) $$;

REVOKE ALL ON FUNCTION audit_link(uuid, uuid, timestamptz, text), audit_append(timestamptz, text),
    audit_append_for(uuid, uuid, timestamptz, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_append(timestamptz, text) TO tidemill_app;
GRANT EXECUTE ON FUNCTION audit_append_for(uuid, uuid, timestamptz, text) TO tidemill_engine;

ALTER TABLE audit_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_log FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON audit_log FOR ALL TO tidemill_app
    USING (workspace_id = current_workspace()) WITH CHECK (workspace_id = current_workspace());
CREATE POLICY engine ON audit_log FOR ALL TO tidemill_engine USING (true) WITH CHECK (true);
-- The functions run as the owner, which is bound as well.
CREATE POLICY owner ON audit_log FOR ALL TO tidemill_owner USING (true) WITH CHECK (true);
GRANT SELECT ON audit_log TO tidemill_app, tidemill_engine;
GRANT SELECT ON audit_heads TO tidemill_engine;
