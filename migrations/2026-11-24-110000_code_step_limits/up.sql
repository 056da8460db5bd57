-- What a plan lets one code step ask for. Absent: as much as the operator gives. Never less than a step has that asks for nothing, so
-- that only steps which ask for more need their plan looked up. Columns without a default: nothing is written, nobody waits.
ALTER TABLE plans
    ADD COLUMN code_step_seconds bigint CHECK (code_step_seconds >= 30),
    ADD COLUMN code_step_memory_mib bigint CHECK (code_step_memory_mib >= 512),
    ADD COLUMN code_step_output_kib bigint CHECK (code_step_output_kib >= 8192),
    ADD COLUMN code_step_log_kib bigint CHECK (code_step_log_kib >= 1024);
