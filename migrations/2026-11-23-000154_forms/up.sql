-- Forms have an address as webhooks have. Both constraints read the small table `triggers` once under its lock.
ALTER TABLE triggers DROP CONSTRAINT triggers_type_check,
    ADD CONSTRAINT triggers_type_check CHECK (type IN ('webhook', 'schedule', 'condition', 'event', 'form'));
ALTER TABLE triggers DROP CONSTRAINT triggers_check,
    ADD CONSTRAINT triggers_check CHECK ((type IN ('webhook', 'form')) = (path IS NOT NULL));
