//! Every statement in Postgres' log, so that they can be counted.

use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::prelude::*;

use crate::store::Error;

/// Makes Postgres write every statement into its log from now on. Needs a superuser, as the embedded cluster's role is one.
pub fn log_statements(url: &str) -> Result<(), Error> {
    let mut conn = PgConnection::establish(url)?;
    conn.batch_execute("ALTER SYSTEM SET log_statement = 'all'")?;
    Ok(conn.batch_execute("SELECT pg_reload_conf()")?)
}
