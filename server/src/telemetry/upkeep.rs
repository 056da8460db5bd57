//! Metrics of what has to be looked after: disk, backups, certificate.

use chrono::{DateTime, Utc};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

/// Metrics of what has to be looked after. Cheap to clone: clones show the same.
#[derive(Debug, Clone, Default)]
pub struct UpkeepMetrics {
    disk_free: Gauge,
    disk_size: Gauge,
    last_backup: Gauge,
    certificate_expiry: Gauge,
}

impl UpkeepMetrics {
    /// Shows them in `registry`.
    pub(super) fn register(&self, registry: &mut Registry) {
        let free = "Free space on the disk of the data directory";
        registry.register_with_unit("disk_free", free, Unit::Bytes, self.disk_free.clone());
        let size = "Size of the disk of the data directory";
        registry.register_with_unit("disk_size", size, Unit::Bytes, self.disk_size.clone());
        let backup = "Moment of the last backup from this data directory, since 1970; 0 without one";
        registry.register_with_unit("last_backup_timestamp", backup, Unit::Seconds, self.last_backup.clone());
        let expiry = "Last moment of the certificate, since 1970; 0 without one";
        registry.register_with_unit("certificate_expiry_timestamp", expiry, Unit::Seconds, self.certificate_expiry.clone());
    }

    /// The disk of the data directory, in bytes.
    pub fn disk(&self, free: u64, size: u64) {
        self.disk_free.set(i64::try_from(free).unwrap_or(i64::MAX));
        self.disk_size.set(i64::try_from(size).unwrap_or(i64::MAX));
    }

    /// The moment of the last backup.
    pub fn backup(&self, at: DateTime<Utc>) {
        self.last_backup.set(at.timestamp());
    }

    /// The last moment of the certificate that is shown.
    pub fn certificate(&self, until: DateTime<Utc>) {
        self.certificate_expiry.set(until.timestamp());
    }
}
