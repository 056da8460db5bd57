//! Use cases, one file per noun: authorisation and orchestration. No SQL, no HTTP.
