ALTER TABLE plans
    DROP COLUMN code_step_seconds,
    DROP COLUMN code_step_memory_mib,
    DROP COLUMN code_step_output_kib,
    DROP COLUMN code_step_log_kib;
