-- The executions that an order is dealing with, so that whoever goes on after a crash deals with the same ones.
ALTER TABLE bulk_orders ADD COLUMN part uuid[];
