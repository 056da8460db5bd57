//! Looks at the disk of the data directory and at the last backup, for the metrics.

use std::path::PathBuf;
use std::time::Duration;

use crate::backup::last_backup;
use crate::telemetry::UpkeepMetrics;

/// Two system calls.
const EVERY: Duration = Duration::from_secs(60);

pub(super) async fn run(data_dir: PathBuf, metrics: UpkeepMetrics) {
    loop {
        let (dir, shown) = (data_dir.clone(), metrics.clone());
        // A disk that hangs keeps one thread, and nobody else.
        let looked = tokio::task::spawn_blocking(move || {
            match rustix::fs::statvfs(&dir) {
                Ok(disk) => shown.disk(disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize),
                Err(error) => tracing::warn!(%error, dir = %dir.display(), "the disk can't be looked at"),
            }
            if let Some(last) = last_backup(&dir) {
                shown.backup(last.at);
            }
        });
        if let Err(error) = looked.await {
            tracing::warn!(%error, "the disk can't be looked at");
        }
        tokio::time::sleep(EVERY).await;
    }
}
