//! The writer thread.

use std::sync::Arc;
use std::thread;
use std::time::Instant;

use tidemill_common::clock::Clock;
use tidemill_common::ids::NodeId;
use tokio::sync::{mpsc, oneshot};

use super::batch::{Batch, Committed};
use super::command::{Admission, Admitted, Append, Command, Error};
use super::encode;
use crate::store::queries::journal::ROOM;
use crate::store::{self, Connection, Database};
use crate::telemetry::Metrics;

/// Most commands of one batch.
const BATCH_COMMANDS: usize = 512;
/// Most bytes of one batch; a single larger command still gets through.
const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// How many commands may wait for a writer. Admissions beyond are refused at once; appends wait.
const WAITING_COMMANDS: usize = 4096;

/// Learns what became durable, on the writer's thread: it must be quick.
pub trait Observer: Send + Sync + 'static {
    /// `committed` is durable.
    fn committed(&self, committed: Vec<Committed>);
}

/// The way to the writers.
#[derive(Debug, Clone)]
pub struct Journal {
    writers: Arc<[mpsc::Sender<Command>]>,
}

impl Journal {
    /// Starts `writers` writer threads. Each ends when the last `Journal` is dropped and all that waits is written.
    pub fn start(
        writers: usize,
        node: NodeId,
        database: &Database,
        clock: &Arc<dyn Clock>,
        observer: &Arc<dyn Observer>,
        metrics: &Arc<Metrics>,
    ) -> std::io::Result<Self> {
        let mut senders = Vec::with_capacity(writers);
        for number in 0..writers.max(1) {
            let (sender, commands) = mpsc::channel(WAITING_COMMANDS);
            let mut writer = Writer {
                node,
                commands,
                database: database.clone(),
                connection: None,
                clock: Arc::clone(clock),
                observer: Arc::clone(observer),
                metrics: Arc::clone(metrics),
            };
            thread::Builder::new().name(format!("journal-{number}")).spawn(move || writer.run())?;
            senders.push(sender);
        }
        Ok(Self { writers: senders.into() })
    }

    /// Admits an execution. Answers after the commit, or at once when there is no room.
    pub async fn admit(&self, admission: Admission) -> Result<Admitted, Error> {
        let Some(id) = admission.events.first().map(|event| event.execution_id.0) else { return Err(Error::Rejected) };
        let data = admission.events.iter().map(|event| encode::data(&event.body)).collect();
        let (reply, answer) = oneshot::channel();
        let command = Command::Admit { admission: Box::new(admission), data, reply };
        self.writer_of(id).try_send(command).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Error::Overloaded,
            mpsc::error::TrySendError::Closed(_) => Error::Unavailable,
        })?;
        answer.await.unwrap_or(Err(Error::Unavailable))
    }

    /// Hands events to the writer and returns what will answer after the commit. Appends of one execution are written in the
    /// order in which they are handed over.
    pub async fn append(&self, append: Append) -> oneshot::Receiver<Result<(), Error>> {
        let id = append.lease.execution_id.0;
        let data = append.events.iter().map(|event| encode::data(&event.body)).collect();
        let (reply, answer) = oneshot::channel();
        let command = Command::Append { append, data, reply };
        if let Err(mpsc::error::SendError(command)) = self.writer_of(id).send(command).await {
            command.refuse(Error::Unavailable);
        }
        answer
    }

    /// The events of one execution always go through the same writer, so that they stay in order.
    fn writer_of(&self, id: uuid::Uuid) -> &mpsc::Sender<Command> {
        let writer = usize::from(id.as_bytes()[15]) % self.writers.len();
        &self.writers[writer]
    }
}

struct Writer {
    node: NodeId,
    commands: mpsc::Receiver<Command>,
    database: Database,
    connection: Option<Connection>,
    clock: Arc<dyn Clock>,
    observer: Arc<dyn Observer>,
    metrics: Arc<Metrics>,
}

impl Writer {
    fn run(&mut self) {
        let mut held_back = None;
        while let Some(first) = held_back.take().or_else(|| self.commands.blocking_recv()) {
            let (batch, rest) = self.gather(first);
            held_back = rest;
            self.commit(batch);
        }
    }

    /// Takes `first` and everything else that is already waiting.
    fn gather(&mut self, first: Command) -> (Batch, Option<Command>) {
        let mut batch = Batch::default();
        let mut bytes = 0;
        let mut next = Some(first);
        while let Some(command) = next {
            bytes += command.bytes();
            if let Some(command) = batch.add(command, self.node) {
                return (batch, Some(command));
            }
            if batch.len() >= BATCH_COMMANDS || bytes >= BATCH_BYTES {
                break;
            }
            next = self.commands.try_recv().ok();
        }
        (batch, None)
    }

    fn commit(&mut self, batch: Batch) {
        let Some(mut connection) = self.connection.take().or_else(|| self.connect()) else {
            return batch.refuse(Error::Unavailable);
        };
        let started = Instant::now();
        let commands = u32::try_from(batch.len()).unwrap_or(u32::MAX);
        match batch.write(&mut connection, self.node, self.clock.now()) {
            Ok(written) => {
                self.metrics.journal_committed(commands, started.elapsed());
                let (committed, replies) = batch.settle(&written, &mut connection);
                self.observer.committed(committed);
                replies.into_iter().for_each(super::batch::Reply::send);
                self.connection = Some(connection);
            }
            Err(error) if !store::is_alive(&mut connection) => {
                tracing::warn!(%error, commands, "the journal lost its database connection");
                batch.refuse(Error::Unavailable);
            }
            Err(error) => {
                self.connection = Some(connection);
                self.refuse_or_split(batch, &error);
            }
        }
    }

    fn refuse_or_split(&mut self, batch: Batch, error: &store::Error) {
        if matches!(error, store::Error::Conflict(constraint) if constraint == ROOM) {
            // More than a plan has left: one by one, as long as there is any. Alone, another writer took the last one meanwhile,
            // and now it shows.
            tracing::debug!(commands = batch.len(), "a batch goes beyond what a plan has left");
            return batch.split().into_iter().for_each(|row| self.commit(row));
        }
        if batch.len() > 1 {
            tracing::warn!(%error, commands = batch.len(), "the journal writes a refused batch row by row");
            return batch.split().into_iter().for_each(|row| self.commit(row));
        }
        tracing::error!(%error, "the database refused a command of the journal");
        batch.refuse(if error.is_unavailable() { Error::Unavailable } else { Error::Rejected });
    }

    fn connect(&self) -> Option<Connection> {
        match self.database.open_engine_connection() {
            Ok(connection) => Some(connection),
            Err(error) => {
                tracing::warn!(%error, "the journal can't reach the database");
                None
            }
        }
    }
}
