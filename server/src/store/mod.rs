//! The only room that knows diesel: pools, `with_tenant`, rows, queries, migrations.
//!
//! Start at [`Database`]: what people and tokens ask goes through [`Database::with_tenant`], which sees one workspace; what
//! the engine does across workspaces goes through [`Database::engine`]. A row has one file in [`rows`], an aggregate one file in
//! [`queries`]. Rows never leave the server: `app` turns them into wire types.

mod connection;
mod database;
mod error;
mod lane;
mod migrate;
mod moment;
pub mod queries;
mod rehearsal;
pub mod rows;
pub mod schema;
mod statement;
#[cfg(test)]
pub(crate) mod tests;

pub use connection::{check, is_alive};
pub use database::{Database, PoolSizes};
pub use error::Error;
pub use lane::Lane;
pub use migrate::{OLDEST_SERVER, Release, SchemaVersion, migrate, migrate_as};
pub use moment::{Facts, Held, Moment, begin_era, make_room};
pub use rehearsal::{Lock, Rehearsed, rehearse};
pub use statement::Statement;

/// A connection inside a transaction, as queries take it.
pub type Connection = diesel::pg::PgConnection;
