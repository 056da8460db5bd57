DROP TABLE trigger_items;
DROP TABLE trigger_states;
DELETE FROM triggers WHERE type NOT IN ('webhook', 'schedule');
ALTER TABLE triggers DROP CONSTRAINT triggers_type_check,
    ADD CONSTRAINT triggers_type_check CHECK (type IN ('webhook', 'schedule'));
