ALTER TABLE workflow_versions DROP COLUMN created_by;
