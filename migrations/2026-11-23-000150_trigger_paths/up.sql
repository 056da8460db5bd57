-- Webhook paths with parameters: triggers.path has them as `{}`. Few triggers have one, and they are looked up apart, so that those
-- without stay one look into triggers_path. The table is small: the index takes milliseconds.
CREATE INDEX triggers_parameters ON triggers (workspace_id) WHERE path LIKE '%{}%';
