-- Plans, which one an organization is on, and what it uses. New tables, columns without a default that has to be written, and
-- policies: nothing waits for anybody.

-- Plans ---------------------------------------------------------------------------------------------------------------

-- What organizations may have. Limits and price are absent where there is none. The admins of the server change them.
CREATE TABLE plans (
    id text PRIMARY KEY CHECK (id ~ '^[a-z][a-z0-9-]{0,39}$'),
    name text NOT NULL,
    -- Where it stands in lists; a greater one is an upgrade.
    place integer NOT NULL UNIQUE,
    -- Per month, in hundredths of the currency; absent: on request.
    price_cents bigint CHECK (price_cents >= 0),
    currency text NOT NULL CHECK (currency ~ '^[a-z]{3}$'),
    active_workflows bigint CHECK (active_workflows >= 0),
    executions bigint CHECK (executions >= 0),
    integrations bigint CHECK (integrations >= 0),
    members bigint CHECK (members >= 0),
    features text[] NOT NULL DEFAULT '{}',
    trial_days integer NOT NULL DEFAULT 0 CHECK (trial_days BETWEEN 0 AND 365),
    -- Whether organizations can choose it themselves.
    offered boolean NOT NULL,
    -- What new organizations get: one plan.
    is_default boolean NOT NULL DEFAULT false,
    stripe_price text
);
CREATE UNIQUE INDEX plans_default ON plans (is_default) WHERE is_default;

INSERT INTO plans (id, name, place, price_cents, currency, active_workflows, executions, integrations, members, features, offered, is_default)
VALUES
    ('free', 'Free', 1, 0, 'usd', 3, 50, 10, 1, '{}', true, false),
    ('pro', 'Pro', 2, 2900, 'usd', 100, 5000, 50, 5, '{advanced_analytics}', true, false),
    ('business', 'Business', 3, 9900, 'usd', 500, 50000, NULL, 25, '{advanced_analytics}', true, false),
    ('enterprise', 'Enterprise', 4, NULL, 'usd', NULL, NULL, NULL, NULL,
     '{advanced_analytics,sso,audit_export,custom_integrations,white_label}', false, true);

-- Subscriptions -------------------------------------------------------------------------------------------------------

-- Which plan an organization is on, and its present period. One row each.
CREATE TABLE billing_subscriptions (
    organization_id uuid PRIMARY KEY REFERENCES organizations,
    id uuid NOT NULL UNIQUE,
    plan text NOT NULL REFERENCES plans,
    state text NOT NULL CHECK (state IN ('active', 'trialing', 'past_due')),
    -- Where its months begin: an IANA zone, and the first day of the first one there.
    zone text NOT NULL,
    anchor date NOT NULL,
    period_start timestamptz NOT NULL,
    period_end timestamptz NOT NULL,
    -- What it changes to when the period ends.
    next_plan text REFERENCES plans,
    trial_end timestamptz,
    -- When the plan is lost, after a payment has failed.
    grace_end timestamptz,
    -- The plans that it has tried already.
    tried text[] NOT NULL DEFAULT '{}',
    -- Who takes the money: nobody but people, or Stripe, which knows them by these.
    provider text NOT NULL DEFAULT 'manual' CHECK (provider IN ('manual', 'stripe')),
    customer text UNIQUE,
    external_id text UNIQUE,
    updated_at timestamptz NOT NULL,
    CHECK (period_start < period_end)
);
CREATE INDEX billing_subscriptions_due ON billing_subscriptions (least(period_end, trial_end, grace_end));

-- What is left of this period's executions. Counted by the statement that admits them, in its own commit, and only where there
-- is a limit: `room` is null where there is none. Small and hot.
CREATE TABLE usage_meters (
    organization_id uuid PRIMARY KEY REFERENCES organizations,
    used bigint NOT NULL DEFAULT 0,
    most bigint,
    room bigint CONSTRAINT usage_meters_room CHECK (room >= 0),
    resets_at timestamptz NOT NULL,
    -- The greatest share of the limit, in percent, that there is a notice of in this period.
    told smallint NOT NULL DEFAULT 0
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- What was used in each period, of every organization: summed up from the feed, a little later.
CREATE TABLE usage_periods (
    organization_id uuid NOT NULL REFERENCES organizations,
    period_start timestamptz NOT NULL,
    executions bigint NOT NULL DEFAULT 0,
    events bigint NOT NULL DEFAULT 0,
    code_ms bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (organization_id, period_start)
) WITH (fillfactor = 80);

-- That most of a limit is used, or all of it: once per limit and period. Told to the workflows that listen.
CREATE TABLE quota_notices (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id uuid NOT NULL REFERENCES organizations,
    metric text NOT NULL,
    percent smallint NOT NULL,
    period_start timestamptz NOT NULL,
    used bigint NOT NULL,
    most bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    told_at timestamptz,
    UNIQUE (organization_id, metric, percent, period_start)
);
CREATE INDEX quota_notices_untold ON quota_notices (at) WHERE told_at IS NULL;

-- How many bytes the executions admitted on a day have written: what the retention drops with that day.
CREATE TABLE storage_days (
    workspace_id uuid NOT NULL,
    day date NOT NULL,
    bytes bigint NOT NULL,
    PRIMARY KEY (workspace_id, day)
) WITH (fillfactor = 80);
CREATE INDEX storage_days_age ON storage_days (day);

ALTER TABLE storage_days ENABLE ROW LEVEL SECURITY;
ALTER TABLE storage_days FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON storage_days FOR ALL TO tidemill_app
    USING (workspace_id = current_workspace()) WITH CHECK (workspace_id = current_workspace());
CREATE POLICY engine ON storage_days FOR ALL TO tidemill_engine USING (true) WITH CHECK (true);

-- The bytes of the events behind a row of the feed.
ALTER TABLE event_feed ADD COLUMN bytes bigint;

-- Every organization has a subscription: whoever makes one, also a server of the release before. It begins on the day in UTC.
CREATE FUNCTION billing_subscription_begin() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = tidemill, pg_temp
    AS $$
DECLARE
    day date := (now() AT TIME ZONE 'UTC')::date;
    first timestamptz := day::timestamp AT TIME ZONE 'UTC';
    last timestamptz := (day + interval '1 month') AT TIME ZONE 'UTC';
    chosen plans;
BEGIN
    SELECT * INTO STRICT chosen FROM plans WHERE CASE WHEN NEW.operator THEN id = 'enterprise' ELSE is_default END;
    INSERT INTO billing_subscriptions (organization_id, id, plan, state, zone, anchor, period_start, period_end, updated_at)
        VALUES (NEW.id, gen_random_uuid(), chosen.id, 'active', 'UTC', day, first, last, now());
    INSERT INTO usage_meters (organization_id, most, room, resets_at) VALUES (NEW.id, chosen.executions, chosen.executions, last);
    INSERT INTO usage_periods (organization_id, period_start) VALUES (NEW.id, first);
    RETURN NULL;
END
$$;
CREATE TRIGGER billing_subscription_begin AFTER INSERT ON organizations FOR EACH ROW EXECUTE FUNCTION billing_subscription_begin();

-- Those who were here before there were plans have no limits.
INSERT INTO billing_subscriptions (organization_id, id, plan, state, zone, anchor, period_start, period_end, updated_at)
    SELECT id, gen_random_uuid(), 'enterprise', 'active', 'UTC', (now() AT TIME ZONE 'UTC')::date,
           date_trunc('day', now(), 'UTC'), (date_trunc('day', now() AT TIME ZONE 'UTC') + interval '1 month') AT TIME ZONE 'UTC', now()
    FROM organizations;
INSERT INTO usage_meters (organization_id, resets_at) SELECT organization_id, period_end FROM billing_subscriptions;
INSERT INTO usage_periods (organization_id, period_start) SELECT organization_id, period_start FROM billing_subscriptions;

-- Limits on what there is ---------------------------------------------------------------------------------------------

-- What an organization may have of something, and has. Where there is a limit, whoever asks holds the subscription until the
-- transaction ends, so that what is counted here can't grow meanwhile; where there is none, nothing is locked or counted.
-- `who` is the user who becomes a member: one who is a member somewhere already is not counted twice.
CREATE FUNCTION quota_of(organization uuid, metric text, who uuid) RETURNS TABLE (plan text, most bigint, used bigint)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = tidemill, pg_temp
    AS $$
#variable_conflict use_variable
BEGIN
    SELECT p.id, CASE metric WHEN 'active_workflows' THEN p.active_workflows WHEN 'integrations' THEN p.integrations
                             WHEN 'members' THEN p.members END
        INTO plan, most
        FROM billing_subscriptions s JOIN plans p ON p.id = s.plan WHERE s.organization_id = organization;
    IF most IS NULL THEN
        RETURN NEXT;
        RETURN;
    END IF;
    -- What it says may have changed until the lock was there.
    PERFORM FROM billing_subscriptions s WHERE s.organization_id = organization FOR UPDATE;
    SELECT p.id, CASE metric WHEN 'active_workflows' THEN p.active_workflows WHEN 'integrations' THEN p.integrations
                             WHEN 'members' THEN p.members END
        INTO plan, most
        FROM billing_subscriptions s JOIN plans p ON p.id = s.plan WHERE s.organization_id = organization;
    IF EXISTS (SELECT FROM members m JOIN workspaces w ON w.id = m.workspace_id WHERE w.organization_id = organization AND m.user_id = who) THEN
        most := NULL;
    ELSE
        used := quota_used(organization, metric);
        -- Whoever asks takes one more, or is refused and writes nothing.
        INSERT INTO quota_notices (organization_id, metric, percent, period_start, used, most)
            SELECT organization, metric, p, s.period_start, used + 1, most
            FROM billing_subscriptions s, unnest(ARRAY[80, 100]) p
            WHERE s.organization_id = organization AND (used + 1) * 100 >= most * p AND used < most
            ON CONFLICT DO NOTHING;
    END IF;
    RETURN NEXT;
END
$$;

-- How much of something an organization has.
CREATE FUNCTION quota_used(organization uuid, metric text) RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tidemill, pg_temp
    AS $$
    SELECT CASE metric
        WHEN 'active_workflows' THEN (
            SELECT count(*) FROM workflows f JOIN workspaces w ON w.id = f.workspace_id
            WHERE w.organization_id = organization AND f.active_version IS NOT NULL)
        WHEN 'integrations' THEN (
            SELECT count(*) FROM credentials c JOIN workspaces w ON w.id = c.workspace_id WHERE w.organization_id = organization)
        WHEN 'members' THEN (
            SELECT count(DISTINCT m.user_id) FROM members m JOIN workspaces w ON w.id = m.workspace_id JOIN users u ON u.id = m.user_id
            WHERE w.organization_id = organization AND u.kind = 'person' AND (m.expires_at IS NULL OR m.expires_at > now()))
        WHEN 'storage_bytes' THEN (
            SELECT coalesce(sum(d.bytes), 0)::bigint FROM storage_days d JOIN workspaces w ON w.id = d.workspace_id
            WHERE w.organization_id = organization)
    END
    $$;

-- The same for the app: of the organization of its transaction's workspace, and no other.
CREATE FUNCTION quota_here(metric text, who uuid) RETURNS TABLE (plan text, most bigint, used bigint)
    LANGUAGE sql SECURITY DEFINER SET search_path = tidemill, pg_temp
    AS $$ SELECT q.plan, q.most, q.used FROM workspaces w, quota_of(w.organization_id, metric, who) q WHERE w.id = current_workspace() $$;

-- These functions run as the owner, which is bound as well.
CREATE POLICY owner ON workflows FOR SELECT TO tidemill_owner USING (true);
CREATE POLICY owner ON members FOR SELECT TO tidemill_owner USING (true);
CREATE POLICY owner ON credentials FOR SELECT TO tidemill_owner USING (true);
CREATE POLICY owner ON storage_days FOR SELECT TO tidemill_owner USING (true);

-- Rights --------------------------------------------------------------------------------------------------------------

REVOKE ALL ON FUNCTION billing_subscription_begin(), quota_of(uuid, text, uuid), quota_used(uuid, text), quota_here(text, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION quota_here(text, uuid) TO tidemill_app;
GRANT EXECUTE ON FUNCTION quota_of(uuid, text, uuid), quota_used(uuid, text) TO tidemill_engine;
-- These tables belong to organizations, not to workspaces; only the engine's role sees them.
GRANT SELECT, INSERT, UPDATE, DELETE ON plans TO tidemill_engine;
GRANT SELECT, INSERT, UPDATE ON billing_subscriptions, usage_meters, usage_periods, quota_notices TO tidemill_engine;
GRANT SELECT, INSERT, UPDATE, DELETE ON storage_days TO tidemill_engine;
