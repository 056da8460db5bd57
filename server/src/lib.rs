//! The Tidemill server.
//!
//! Commands go down (api, app, ingress, admission, journal), facts go up (journal, hub, api); they meet only in Postgres.
//! ARCHITECTURE.md draws the river and says in which room a line belongs.

pub mod admission;
pub mod api;
pub mod app;
pub mod assets;
pub mod auth;
pub mod background;
pub mod backup;
pub mod bench;
pub mod budget;
pub mod command;
pub mod config;
pub mod domain;
pub mod executor;
pub mod hub;
pub mod ingress;
pub mod journal;
pub mod live;
pub mod payments;
pub mod postgres;
pub mod queue;
pub mod runner;
pub mod secrets;
pub mod selftest;
pub mod serve;
pub mod step_host;
pub mod store;
pub mod telemetry;
