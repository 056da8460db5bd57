-- Who saved a version: with this identity its steps use credentials that other workspaces share. None for what older servers kept.
-- Adding a column without a default changes the catalogue only; who reads or writes versions waits for that long.
ALTER TABLE workflow_versions ADD COLUMN created_by uuid;
