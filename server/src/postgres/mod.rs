//! The embedded cluster: find the server binaries, make the cluster, start it, keep it running, stop it.
//!
//! Start at [`Cluster::open`]. The cluster lives in `<data dir>/postgres`, listens on a unix socket in a private directory and
//! nowhere else, and is always a child of this process: a Postgres that outlived a killed server is stopped first, so that
//! there is one way into the normal state. No SQL here, and nobody but this room starts Postgres.
//!
//! | path in the data directory | what |
//! |---|---|
//! | `lock` | held for the life of the process; holds its pid |
//! | `postgres/cluster` | what Postgres calls the data directory |
//! | `postgres/socket` | the socket, unless its path were too long for one (then `/tmp/tidemill-<hash>`) |
//! | `postgres.conf` | our settings; `postgres/cluster/postgresql.conf` includes them and may override them |
//! | `postgres.log` | what Postgres says; `postgres.log.1` is the one before |

mod account;
mod binaries;
mod cluster;
mod create;
mod error;
mod exchange;
mod layout;
mod leftovers;
mod lock;
mod postmaster;
mod programs;
mod settings;
#[cfg(test)]
mod tests;

pub use cluster::{Cluster, ClusterOptions, find_binaries, postmaster_in, stop_orphans, url_in};
pub use error::Error;
pub use exchange::{exchange_clusters, keep_beside, kept_beside, newest_binaries, place_beside, version_in};
pub use lock::DataDirLock;
pub use programs::{Programs, Running};
