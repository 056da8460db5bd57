-- Everything that is kept about one user, without secrets.
WITH me AS (SELECT * FROM users WHERE id = $1)
SELECT json_build_object(
    'user', (SELECT json_build_object('id', id, 'name', name, 'email', email, 'kind', kind, 'created_at', created_at,
        'organization_id', organization_id, 'organization_role', organization_role) FROM me),
    'sign_in', (SELECT json_build_object('password_set_at', s.password_at, 'second_factor_since', s.totp_since)
        FROM sign_ins s, me WHERE s.user_id = me.id),
    'memberships', (SELECT coalesce(json_agg(json_build_object('workspace', w.slug, 'workspace_id', w.id, 'role', m.role,
        'created_at', m.created_at, 'expires_at', m.expires_at) ORDER BY w.slug), '[]')
        FROM members m JOIN workspaces w ON w.id = m.workspace_id, me WHERE m.user_id = me.id),
    'shares', (SELECT coalesce(json_agg(json_build_object('workspace_id', s.workspace_id, 'object_kind', s.object_kind,
        'object_id', s.object_id, 'permission', s.permission, 'created_at', s.created_at) ORDER BY s.id), '[]')
        FROM shares s, me WHERE s.user_id = me.id),
    'tokens', (SELECT coalesce(json_agg(json_build_object('id', t.id, 'workspace_id', t.workspace_id, 'name', t.name,
        'role', t.role, 'created_at', t.created_at, 'last_used_at', t.last_used_at, 'expires_at', t.expires_at,
        'revoked_at', t.revoked_at) ORDER BY t.id), '[]') FROM tokens t, me WHERE t.user_id = me.id),
    'sessions', (SELECT coalesce(json_agg(json_build_object('id', s.id, 'name', s.name, 'address', s.address,
        'created_at', s.created_at, 'last_used_at', s.last_used_at, 'expires_at', s.expires_at) ORDER BY s.id), '[]')
        FROM sessions s, me WHERE s.user_id = me.id),
    'audit_log', (SELECT coalesce(json_agg(a.entry ORDER BY a.organization_id, a.seq), '[]')
        FROM audit_log a, me WHERE a.entry ->> 'actor_id' = me.id::text
            OR (a.entry ->> 'object_kind' = 'user' AND a.entry ->> 'object_id' = me.id::text))
) AS data
