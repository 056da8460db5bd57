DROP FUNCTION partition_drop(date);
DROP FUNCTION partition_strays();
