ALTER TABLE dead_letters DROP COLUMN replay_patch;
DROP TABLE bulk_orders;
