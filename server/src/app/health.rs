//! Alive, ready, and what it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tidemill_common::api::health::{HealthView, NodeRuntimeView, ReadyView, SandboxView};

use super::Error;
use super::engine::EngineError;
use crate::runner::code::CodeRunner;
use crate::store::{Database, SchemaVersion};

/// The server's health.
#[derive(Debug, Clone)]
pub struct Health {
    database: Database,
    schema: SchemaVersion,
    draining: Arc<AtomicBool>,
    code: CodeRunner,
}

impl Health {
    /// Health of a server on `database` with `schema`; `draining` becomes true when the server begins to stop.
    pub fn new(database: Database, schema: SchemaVersion, draining: Arc<AtomicBool>, code: CodeRunner) -> Self {
        Self { database, schema, draining, code }
    }

    /// The process can answer.
    pub fn view(&self) -> HealthView {
        let (sandbox, node) = self.code.status_now();
        let node = node.map(|node| NodeRuntimeView { level: node.level, available: node.is_enough() });
        let sandbox = SandboxView { level: sandbox.level, minimum: sandbox.minimum, available: sandbox.is_enough(), node };
        HealthView { status: "ok".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned(), sandbox: Some(sandbox) }
    }

    /// The server takes work: it isn't stopping and its database answers.
    pub async fn ready(&self) -> Result<ReadyView, Error> {
        if self.draining.load(Ordering::Relaxed) {
            return Err(EngineError::Draining.into());
        }
        self.database.ping().await?;
        Ok(ReadyView {
            status: "ready".to_owned(),
            postgres: self.database.postgres_version().to_owned(),
            schema: self.schema.to_string(),
        })
    }
}
