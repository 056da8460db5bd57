-- Organizations, workspaces that end, guests, invites, shares, and what signing in needs. New tables, and columns without a
-- default that has to be written: nothing waits for anybody.

-- Organizations and users ---------------------------------------------------------------------------------------------

-- The admins of the operator run the server: they make other organizations. It is the one of the first start.
ALTER TABLE organizations ADD COLUMN operator boolean NOT NULL DEFAULT false;
UPDATE organizations SET operator = true WHERE id = (SELECT id FROM organizations ORDER BY created_at, id LIMIT 1);

ALTER TABLE users
    ADD COLUMN kind text NOT NULL DEFAULT 'person' CHECK (kind IN ('person', 'service')),
    ADD COLUMN organization_role text NOT NULL DEFAULT 'member' CHECK (organization_role IN ('admin', 'member')),
    ADD COLUMN erased_at timestamptz;
-- Until now the first start made the only user.
UPDATE users SET organization_role = 'admin';
-- Addresses are kept in small letters.
CREATE UNIQUE INDEX users_email ON users (email);
CREATE INDEX users_organization ON users (organization_id, id);

-- Workspaces and members ----------------------------------------------------------------------------------------------

-- archived_at: read only, and no trigger fires. delete_after: deleted, and gone for good after this instant.
ALTER TABLE workspaces
    ADD COLUMN archived_at timestamptz,
    ADD COLUMN delete_after timestamptz;
CREATE INDEX workspaces_organization ON workspaces (organization_id, slug);

ALTER TABLE members
    ADD COLUMN expires_at timestamptz,
    DROP CONSTRAINT members_role_check,
    ADD CONSTRAINT members_role_check CHECK (role IN ('admin', 'editor', 'viewer', 'guest')),
    ADD CONSTRAINT members_guest_expires CHECK (role <> 'guest' OR expires_at IS NOT NULL);

-- scopes: what it may do within its role, all when absent. workspaces: where it works, everywhere its user is when absent.
ALTER TABLE tokens
    ADD COLUMN scopes text[],
    ADD COLUMN workspaces uuid[],
    DROP CONSTRAINT tokens_role_check,
    ADD CONSTRAINT tokens_role_check CHECK (role IN ('admin', 'editor', 'viewer', 'guest'));
CREATE INDEX tokens_user ON tokens (user_id);

-- Sharing and inviting ------------------------------------------------------------------------------------------------

-- What somebody may do with one thing of the workspace beyond the role: a member, or all members of another workspace.
CREATE TABLE shares (
    workspace_id uuid NOT NULL REFERENCES workspaces,
    id uuid NOT NULL,
    object_kind text NOT NULL CHECK (object_kind IN ('workflow', 'execution', 'credential')),
    -- A workflow's uid, an execution's id, a credential's name.
    object_id text NOT NULL,
    user_id uuid REFERENCES users,
    to_workspace uuid REFERENCES workspaces,
    permission text NOT NULL CHECK (permission IN ('view', 'execute', 'edit', 'use')),
    created_by uuid NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    PRIMARY KEY (workspace_id, id),
    CHECK ((user_id IS NULL) <> (to_workspace IS NULL))
);
CREATE UNIQUE INDEX shares_user ON shares (workspace_id, object_kind, object_id, user_id) WHERE user_id IS NOT NULL;
CREATE UNIQUE INDEX shares_workspace ON shares (workspace_id, object_kind, object_id, to_workspace)
    WHERE to_workspace IS NOT NULL;
CREATE INDEX shares_of_user ON shares (user_id, workspace_id) WHERE user_id IS NOT NULL;
CREATE INDEX shares_to_workspace ON shares (to_workspace, workspace_id) WHERE to_workspace IS NOT NULL;

-- Looked up by hash before any workspace is known, hence by the engine's role.
CREATE TABLE invites (
    workspace_id uuid NOT NULL REFERENCES workspaces,
    id uuid NOT NULL,
    hash bytea NOT NULL UNIQUE,
    role text NOT NULL CHECK (role IN ('admin', 'editor', 'viewer', 'guest')),
    organization_admin boolean NOT NULL DEFAULT false,
    email text,
    uses_left integer NOT NULL CHECK (uses_left >= 0),
    -- For how long a guest is one, and on what.
    member_expires_at timestamptz,
    workflow_uids uuid[] NOT NULL DEFAULT '{}',
    permission text CHECK (permission IN ('view', 'execute', 'edit')),
    created_by uuid NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    PRIMARY KEY (workspace_id, id),
    CHECK (role <> 'guest' OR member_expires_at IS NOT NULL)
);

-- Signing in ----------------------------------------------------------------------------------------------------------

-- These tables belong to users, not to workspaces; only the engine's role sees them.

-- The password as an Argon2id hash; the shared secret of the second factor, sealed with the account key.
CREATE TABLE sign_ins (
    user_id uuid PRIMARY KEY REFERENCES users,
    password text,
    password_at timestamptz,
    totp bytea,
    -- Absent until a first code has proven that the device has the secret.
    totp_since timestamptz,
    -- The time step of the last code: none is good twice.
    totp_step bigint
);

CREATE TABLE recovery_codes (
    user_id uuid NOT NULL REFERENCES users,
    hash bytea NOT NULL,
    PRIMARY KEY (user_id, hash)
);

CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users,
    hash bytea NOT NULL UNIQUE,
    name text NOT NULL,
    address text,
    created_at timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_age ON sessions (expires_at);

CREATE TABLE password_resets (
    hash bytea PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users,
    expires_at timestamptz NOT NULL
);
CREATE INDEX password_resets_user ON password_resets (user_id);

-- Sign-ins of devices without a browser (RFC 8628).
CREATE TABLE device_logins (
    hash bytea PRIMARY KEY,
    user_code_hash bytea NOT NULL UNIQUE,
    name text NOT NULL,
    address text,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    polled_at timestamptz,
    user_id uuid REFERENCES users,
    denied boolean NOT NULL DEFAULT false
);
CREATE INDEX device_logins_age ON device_logins (expires_at);

-- Failed attempts, by the hash of an account's address or of a network address.
CREATE TABLE sign_in_failures (
    key bytea PRIMARY KEY,
    failures integer NOT NULL,
    last_at timestamptz NOT NULL
);
CREATE INDEX sign_in_failures_age ON sign_in_failures (last_at);

-- Rights --------------------------------------------------------------------------------------------------------------

DO $$
DECLARE
    tenant_table text;
BEGIN
    FOREACH tenant_table IN ARRAY ARRAY['shares', 'invites'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', tenant_table);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', tenant_table);
        EXECUTE format('CREATE POLICY tenant ON %I FOR ALL TO tidemill_app
            USING (workspace_id = current_workspace()) WITH CHECK (workspace_id = current_workspace())', tenant_table);
        EXECUTE format('CREATE POLICY engine ON %I FOR ALL TO tidemill_engine USING (true) WITH CHECK (true)', tenant_table);
    END LOOP;
END
$$;

GRANT SELECT, INSERT, UPDATE, DELETE ON shares TO tidemill_app;
GRANT SELECT, INSERT, UPDATE ON invites TO tidemill_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON shares, invites TO tidemill_engine;
GRANT UPDATE ON organizations, users, workspaces TO tidemill_engine;
GRANT UPDATE ON members TO tidemill_engine;
GRANT SELECT, INSERT, UPDATE, DELETE ON sign_ins, recovery_codes, sessions, password_resets, device_logins, sign_in_failures
    TO tidemill_engine;
-- A workspace that was deleted goes for good after its grace period; the engine's role does it, table by table.
GRANT DELETE ON members, tokens, secrets, credentials, data_keys, workflows, workflow_versions, triggers, executions, execution_events, workspaces
    TO tidemill_engine;
