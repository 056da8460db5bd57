REVOKE UPDATE (active_version, updated_at) ON workflows FROM tidemill_engine;
DROP TABLE paused_workflows, acquisition_costs, stripe_events, invoice_numbers, invoices, billing_events;
