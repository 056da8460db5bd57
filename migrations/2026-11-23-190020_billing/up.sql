-- Money: what happened to subscriptions, invoices, what came from Stripe; and workflows that a plan paused. New tables and rights:
-- nothing waits for anybody.

-- What happened to an organization's subscription; rows are only added.
CREATE TABLE billing_events (
    organization_id uuid NOT NULL REFERENCES organizations,
    id uuid NOT NULL,
    at timestamptz NOT NULL,
    kind text NOT NULL,
    plan text NOT NULL,
    amount_cents bigint,
    currency text,
    detail text,
    PRIMARY KEY (organization_id, id)
);

CREATE TABLE invoices (
    organization_id uuid NOT NULL REFERENCES organizations,
    id uuid NOT NULL,
    -- Consecutive per server, as invoices have to be: taken with the row of invoice_numbers locked.
    number bigint NOT NULL UNIQUE,
    at timestamptz NOT NULL,
    period_start timestamptz NOT NULL,
    period_end timestamptz NOT NULL,
    currency text NOT NULL,
    -- [{text, cents}]
    lines json NOT NULL,
    total_cents bigint NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'overdue', 'paid', 'void')),
    due_at timestamptz NOT NULL,
    paid_at timestamptz,
    -- What Stripe calls it.
    external_id text UNIQUE,
    PRIMARY KEY (organization_id, id)
);
CREATE INDEX invoices_due ON invoices (due_at) WHERE state = 'open';

-- The last number that an invoice got; one row.
CREATE TABLE invoice_numbers (
    id boolean PRIMARY KEY DEFAULT true CHECK (id),
    last bigint NOT NULL DEFAULT 0
);
INSERT INTO invoice_numbers DEFAULT VALUES;

-- Events of Stripe that were heard, so that one that comes again does nothing.
CREATE TABLE stripe_events (
    id text PRIMARY KEY,
    at timestamptz NOT NULL
);
CREATE INDEX stripe_events_age ON stripe_events (at);

-- What winning customers cost, month by month, as the admins of the server say.
CREATE TABLE acquisition_costs (
    month date PRIMARY KEY CHECK (extract(day FROM month) = 1),
    cents bigint NOT NULL CHECK (cents >= 0)
);

-- Workflows that were deactivated because the plan allows no more; a greater plan activates them again.
CREATE TABLE paused_workflows (
    workspace_id uuid NOT NULL,
    workflow_uid uuid NOT NULL,
    version integer NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, workflow_uid),
    FOREIGN KEY (workspace_id, workflow_uid) REFERENCES workflows ON DELETE CASCADE
);

ALTER TABLE paused_workflows ENABLE ROW LEVEL SECURITY;
ALTER TABLE paused_workflows FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON paused_workflows FOR ALL TO tidemill_app
    USING (workspace_id = current_workspace()) WITH CHECK (workspace_id = current_workspace());
CREATE POLICY engine ON paused_workflows FOR ALL TO tidemill_engine USING (true) WITH CHECK (true);

GRANT SELECT, DELETE ON paused_workflows TO tidemill_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON paused_workflows TO tidemill_engine;
GRANT UPDATE (active_version, updated_at) ON workflows TO tidemill_engine;
GRANT SELECT, INSERT ON billing_events TO tidemill_engine;
GRANT SELECT, INSERT, UPDATE ON invoices, invoice_numbers TO tidemill_engine;
GRANT SELECT, INSERT, DELETE ON stripe_events TO tidemill_engine;
GRANT SELECT, INSERT, UPDATE, DELETE ON acquisition_costs TO tidemill_engine;
