//! Backups: one file with one moment of the database, proved by restoring it.
//!
//! Start at [`take()`], [`verify()`] and [`restore()`]. The file is a tar archive with `database.dump` (the custom format of `pg_dump`),
//! what was asked for of the key files, and `manifest.json`, which says what must be in it. Secrets are in it as they are in the
//! database: sealed. The keys stay outside unless they are asked for, so that who finds a backup finds no secret.

mod archive;
mod error;
mod major;
mod manifest;
mod progress;
mod record;
mod rehearse;
mod restore;
mod take;
mod verify;

pub use archive::Archive;
pub use error::Error;
pub use major::{MajorUpgrade, upgrade_postgres};
pub use manifest::Manifest;
pub use progress::Progress;
pub use record::{Record, last_backup};
pub use rehearse::{Rehearsal, rehearse};
pub use restore::{Restored, Target, is_unfinished, restore};
pub use take::{Taken, take};
pub use verify::{Verified, verify};
