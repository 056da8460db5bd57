//! What has to be done from time to time: backups, certificates, keys.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use chrono::TimeDelta;
use tidemill_common::clock::{Clock as _, SystemClock};

use super::finding::Finding;
use crate::backup::last_backup;
use crate::config::{ServeConfig, Tls};
use crate::secrets::key_files;
use crate::serve::{Certificate, kept_files};

/// A backup that is older is complained about.
const BACKUP: TimeDelta = TimeDelta::hours(26);
/// A certificate that ends sooner is complained about: whoever renews it by a program does so a month before.
const CERTIFICATE: TimeDelta = TimeDelta::days(14);

pub(super) fn backup(config: &ServeConfig) -> Finding {
    let advice =
        "make one each day with `tidemill backup`, prove it with `tidemill backup verify`, and keep the keys elsewhere";
    let Some(last) = last_backup(&config.data_dir) else {
        return Finding::warning("backup", "none was made by `tidemill backup` from this data directory", advice);
    };
    let age = SystemClock.now() - last.at;
    let what = format!("the last one is {} h old: {}", age.num_hours(), last.file.display());
    if age > BACKUP { Finding::warning("backup", what, advice) } else { Finding::good("backup", what) }
}

pub(super) fn certificate(config: &ServeConfig) -> Option<Finding> {
    let (files, is_ordered) = match config.tls.as_ref()? {
        Tls::Files(files) => (files.clone(), false),
        Tls::Acme(options) => (kept_files(&config.data_dir, options), true),
    };
    let now = SystemClock.now();
    Some(match Certificate::read(&files, now) {
        Err(_) if is_ordered && !files.certificate.exists() => Finding::warning(
            "certificate",
            "the certificate authority has given none yet",
            "start the server and let port 443 of each name in acme_domains lead to it; its log says what the authority misses",
        ),
        Err(error) if is_ordered => {
            Finding::bad("certificate", error.to_string(), "the log of the server says why the authority gives no other")
        }
        Err(error) => {
            Finding::bad("certificate", error.to_string(), "name other files in tls_certificate and tls_key, or renew it")
        }
        Ok(certificate) => {
            let (until, left) = (certificate.until(), certificate.until() - now);
            let what = format!("valid until {until}, for {} more days", left.num_days());
            if left < CERTIFICATE && is_ordered {
                Finding::warning("certificate", what, "it should have been renewed: the log of the server says why not")
            } else if left < CERTIFICATE {
                Finding::warning("certificate", what, "renew it; the server reads the new files by itself")
            } else {
                Finding::good("certificate", what)
            }
        }
    })
}

pub(super) fn keys(config: &ServeConfig) -> Finding {
    let found = key_files(&config.data_dir).unwrap_or_default();
    if found.is_empty() {
        return Finding::good("keys", "none yet: the first start makes them");
    }
    let open = found.iter().find(|path| fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o077 != 0));
    match open {
        Some(path) => Finding::warning(
            "keys",
            format!("{} can be read by others", path.display()),
            format!("chmod 600 {}", path.display()),
        ),
        None => Finding::good("keys", format!("{} files, readable by their owner only", found.len())),
    }
}
