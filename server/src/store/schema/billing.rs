//! The tables of plans and money: what organizations may have, use and pay.

diesel::table! {
    /// What organizations may have.
    plans (id) {
        id -> Text,
        name -> Text,
        place -> Integer,
        price_cents -> Nullable<BigInt>,
        currency -> Text,
        active_workflows -> Nullable<BigInt>,
        executions -> Nullable<BigInt>,
        integrations -> Nullable<BigInt>,
        members -> Nullable<BigInt>,
        features -> Array<Text>,
        trial_days -> Integer,
        offered -> Bool,
        is_default -> Bool,
        stripe_price -> Nullable<Text>,
        code_step_seconds -> Nullable<BigInt>,
        code_step_memory_mib -> Nullable<BigInt>,
        code_step_output_kib -> Nullable<BigInt>,
        code_step_log_kib -> Nullable<BigInt>,
    }
}

diesel::table! {
    /// Which plan an organization is on.
    billing_subscriptions (organization_id) {
        organization_id -> Uuid,
        id -> Uuid,
        plan -> Text,
        state -> Text,
        zone -> Text,
        anchor -> Date,
        period_start -> Timestamptz,
        period_end -> Timestamptz,
        next_plan -> Nullable<Text>,
        trial_end -> Nullable<Timestamptz>,
        grace_end -> Nullable<Timestamptz>,
        tried -> Array<Text>,
        provider -> Text,
        customer -> Nullable<Text>,
        external_id -> Nullable<Text>,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    /// What is left of this period's executions.
    usage_meters (organization_id) {
        organization_id -> Uuid,
        used -> BigInt,
        most -> Nullable<BigInt>,
        room -> Nullable<BigInt>,
        resets_at -> Timestamptz,
        told -> SmallInt,
    }
}

diesel::table! {
    /// What was used in each period.
    usage_periods (organization_id, period_start) {
        organization_id -> Uuid,
        period_start -> Timestamptz,
        executions -> BigInt,
        events -> BigInt,
        code_ms -> BigInt,
    }
}

diesel::table! {
    /// How many bytes executions wrote on a day.
    storage_days (workspace_id, day) {
        workspace_id -> Uuid,
        day -> Date,
        bytes -> BigInt,
    }
}

diesel::table! {
    /// Arrivals that a plan refused.
    refused_deliveries (workspace_id, id) {
        workspace_id -> Uuid,
        id -> Uuid,
        at -> Timestamptz,
        workflow_uid -> Uuid,
        workflow_id -> Text,
        version -> Integer,
        trigger_type -> Text,
        trigger_id -> Nullable<Text>,
        input -> Json,
        source -> Nullable<Text>,
        key -> Nullable<Text>,
        metric -> Text,
        times -> Integer,
        replayed_at -> Nullable<Timestamptz>,
        execution_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    /// What happened to subscriptions.
    billing_events (organization_id, id) {
        organization_id -> Uuid,
        id -> Uuid,
        at -> Timestamptz,
        kind -> Text,
        plan -> Text,
        amount_cents -> Nullable<BigInt>,
        currency -> Nullable<Text>,
        detail -> Nullable<Text>,
    }
}

diesel::table! {
    /// Invoices.
    invoices (organization_id, id) {
        organization_id -> Uuid,
        id -> Uuid,
        number -> BigInt,
        at -> Timestamptz,
        period_start -> Timestamptz,
        period_end -> Timestamptz,
        currency -> Text,
        lines -> Json,
        total_cents -> BigInt,
        state -> Text,
        due_at -> Timestamptz,
        paid_at -> Nullable<Timestamptz>,
        external_id -> Nullable<Text>,
    }
}

diesel::table! {
    /// The last number that an invoice got.
    invoice_numbers (id) {
        id -> Bool,
        last -> BigInt,
    }
}

diesel::table! {
    /// Events of Stripe that were heard.
    stripe_events (id) {
        id -> Text,
        at -> Timestamptz,
    }
}

diesel::table! {
    /// What winning customers cost in a month.
    acquisition_costs (month) {
        month -> Date,
        cents -> BigInt,
    }
}

diesel::table! {
    /// Workflows that a plan paused.
    paused_workflows (workspace_id, workflow_uid) {
        workspace_id -> Uuid,
        workflow_uid -> Uuid,
        version -> Integer,
        at -> Timestamptz,
    }
}

diesel::table! {
    /// That most of a limit is used.
    quota_notices (id) {
        id -> Uuid,
        organization_id -> Uuid,
        metric -> Text,
        percent -> SmallInt,
        period_start -> Timestamptz,
        used -> BigInt,
        most -> BigInt,
        at -> Timestamptz,
        told_at -> Nullable<Timestamptz>,
    }
}
