DELETE FROM triggers WHERE type = 'form';
ALTER TABLE triggers DROP CONSTRAINT triggers_check,
    ADD CONSTRAINT triggers_check CHECK ((type = 'webhook') = (path IS NOT NULL));
ALTER TABLE triggers DROP CONSTRAINT triggers_type_check,
    ADD CONSTRAINT triggers_type_check CHECK (type IN ('webhook', 'schedule', 'condition', 'event'));
