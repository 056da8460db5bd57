//! The only reader of the environment and of `tidemill.toml`. Unknown keys are errors.
