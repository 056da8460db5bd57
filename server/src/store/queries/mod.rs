//! Queries, one file per aggregate.

pub mod bulk_insert;
