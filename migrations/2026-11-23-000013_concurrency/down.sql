DROP TABLE concurrency_slots;
