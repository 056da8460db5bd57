DROP INDEX execution_queue_fair;
