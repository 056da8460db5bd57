REVOKE DELETE ON members, tokens, secrets, credentials, data_keys, workflows, workflow_versions, triggers, executions, execution_events, workspaces
    FROM tidemill_engine;
REVOKE UPDATE ON members FROM tidemill_engine;
REVOKE UPDATE ON organizations, users, workspaces FROM tidemill_engine;
DROP TABLE sign_in_failures, device_logins, password_resets, sessions, recovery_codes, sign_ins, invites, shares;
DROP INDEX tokens_user;
DELETE FROM tokens WHERE role = 'guest';
DELETE FROM members WHERE role = 'guest';
ALTER TABLE tokens
    DROP COLUMN scopes,
    DROP COLUMN workspaces,
    DROP CONSTRAINT tokens_role_check,
    ADD CONSTRAINT tokens_role_check CHECK (role IN ('admin', 'editor', 'viewer'));
ALTER TABLE members
    DROP CONSTRAINT members_guest_expires,
    DROP COLUMN expires_at,
    DROP CONSTRAINT members_role_check,
    ADD CONSTRAINT members_role_check CHECK (role IN ('admin', 'editor', 'viewer'));
DROP INDEX workspaces_organization;
ALTER TABLE workspaces DROP COLUMN archived_at, DROP COLUMN delete_after;
DROP INDEX users_organization, users_email;
ALTER TABLE users DROP COLUMN kind, DROP COLUMN organization_role, DROP COLUMN erased_at;
ALTER TABLE organizations DROP COLUMN operator;
