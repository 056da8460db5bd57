//! What tests stand on: a real Postgres, a database per test, a server per test.
