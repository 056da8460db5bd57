//! The tables of people: who signs in and how, what is shared, and what they did.

diesel::table! {
    /// Who pays.
    organizations (id) {
        id -> Uuid,
        name -> Text,
        created_at -> Timestamptz,
        operator -> Bool,
    }
}

diesel::table! {
    /// People and service accounts.
    users (id) {
        id -> Uuid,
        organization_id -> Uuid,
        name -> Text,
        email -> Nullable<Text>,
        created_at -> Timestamptz,
        kind -> Text,
        organization_role -> Text,
        erased_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// API tokens, hashed.
    tokens (workspace_id, id) {
        workspace_id -> Uuid,
        id -> Uuid,
        user_id -> Uuid,
        name -> Text,
        hash -> Bytea,
        last_four -> Text,
        role -> Text,
        created_at -> Timestamptz,
        last_used_at -> Nullable<Timestamptz>,
        expires_at -> Nullable<Timestamptz>,
        revoked_at -> Nullable<Timestamptz>,
        scopes -> Nullable<Array<Text>>,
        workspaces -> Nullable<Array<Uuid>>,
    }
}

diesel::table! {
    /// What somebody may do with one thing beyond the role.
    shares (workspace_id, id) {
        workspace_id -> Uuid,
        id -> Uuid,
        object_kind -> Text,
        object_id -> Text,
        user_id -> Nullable<Uuid>,
        to_workspace -> Nullable<Uuid>,
        permission -> Text,
        created_by -> Uuid,
        created_at -> Timestamptz,
        expires_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Invites, hashed.
    invites (workspace_id, id) {
        workspace_id -> Uuid,
        id -> Uuid,
        hash -> Bytea,
        role -> Text,
        organization_admin -> Bool,
        email -> Nullable<Text>,
        uses_left -> Integer,
        member_expires_at -> Nullable<Timestamptz>,
        workflow_uids -> Array<Uuid>,
        permission -> Nullable<Text>,
        created_by -> Uuid,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        revoked_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// How users sign in.
    sign_ins (user_id) {
        user_id -> Uuid,
        password -> Nullable<Text>,
        password_at -> Nullable<Timestamptz>,
        totp -> Nullable<Bytea>,
        totp_since -> Nullable<Timestamptz>,
        totp_step -> Nullable<BigInt>,
    }
}

diesel::table! {
    /// What replaces a second factor once, hashed.
    recovery_codes (user_id, hash) {
        user_id -> Uuid,
        hash -> Bytea,
    }
}

diesel::table! {
    /// Who is signed in where.
    sessions (id) {
        id -> Uuid,
        user_id -> Uuid,
        hash -> Bytea,
        name -> Text,
        address -> Nullable<Text>,
        created_at -> Timestamptz,
        last_used_at -> Timestamptz,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    /// Links that set a new password, hashed.
    password_resets (hash) {
        hash -> Bytea,
        user_id -> Uuid,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    /// Sign-ins of devices without a browser.
    device_logins (hash) {
        hash -> Bytea,
        user_code_hash -> Bytea,
        name -> Text,
        address -> Nullable<Text>,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        polled_at -> Nullable<Timestamptz>,
        user_id -> Nullable<Uuid>,
        denied -> Bool,
    }
}

diesel::table! {
    /// Failed attempts to sign in.
    sign_in_failures (key) {
        key -> Bytea,
        failures -> Integer,
        last_at -> Timestamptz,
    }
}

diesel::table! {
    /// The ends of the chains of the audit log.
    audit_heads (organization_id) {
        organization_id -> Uuid,
        seq -> BigInt,
        hash -> Bytea,
    }
}

diesel::table! {
    /// Who changed what.
    audit_log (organization_id, seq) {
        organization_id -> Uuid,
        seq -> BigInt,
        workspace_id -> Nullable<Uuid>,
        at -> Timestamptz,
        entry -> Json,
        previous -> Bytea,
        hash -> Bytea,
    }
}
