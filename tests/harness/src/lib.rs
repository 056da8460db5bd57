//! What tests stand on: a real Postgres, a database per test, a server per test.
//!
//! [`Postgres::shared`] is one Postgres for the whole test process; [`TestDatabase`] a database in it; [`TestServer`] the real
//! binary on such a database, or on an embedded cluster of its own; [`eventually`] the only way to wait. A failure here is a
//! failed test, hence this crate panics where others return errors.
#![expect(clippy::panic, clippy::missing_panics_doc, reason = "what fails here fails the test that asked for it")]

mod authority;
mod client;
mod database;
mod pebble;
mod postgres;
mod server;
mod tls_postgres;
mod wait;

pub use authority::Authority;
pub use client::{Answer, Client};
pub use database::TestDatabase;
pub use pebble::{Pebble, free_port, kept_certificate};
pub use postgres::Postgres;
pub use server::{ServerOptions, Storage, TestServer};
pub use tls_postgres::TlsPostgres;
pub use wait::{eventually, eventually_async};
