DROP TABLE subscription_deliveries, event_subscriptions;
ALTER TABLE trigger_states DROP COLUMN audit_seq;
DELETE FROM triggers WHERE type = 'call';
ALTER TABLE triggers DROP CONSTRAINT triggers_type_check,
    ADD CONSTRAINT triggers_type_check CHECK (type IN ('webhook', 'schedule', 'condition', 'event', 'form'));
