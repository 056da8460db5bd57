//! The only room that knows diesel: pools, `with_tenant`, rows, queries, migrations.

pub mod queries;
