//! A cluster that has been in use for a while.

use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::prelude::*;

use crate::store::Error;

/// Files of the write-ahead log, 16 MB each: what a load of some tens of seconds fills.
const FILES: usize = 40;

/// Lets Postgres make files of its write-ahead log and set them aside for later use, as it does in the first minutes of a load.
/// A cluster that has just been made creates one after the other while commits wait. Needs a superuser.
pub fn run_in(url: &str) -> Result<(), Error> {
    let mut conn = PgConnection::establish(url)?;
    for _ in 0..FILES {
        conn.batch_execute("SELECT pg_logical_emit_message(false, 'tidemill', ''); SELECT pg_switch_wal()")?;
    }
    Ok(conn.batch_execute("CHECKPOINT")?)
}
