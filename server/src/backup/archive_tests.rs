//! A backup that was changed or cut off is no backup.

use std::collections::BTreeMap;
use std::fs;

use super::*;
use crate::store::Facts;

fn quiet() -> Progress {
    Progress::new(|_| {})
}

fn written(path: &Path, format: u32) {
    let mut writer = Writer::new(File::create(path).unwrap(), path, DateTime::UNIX_EPOCH);
    let dump = writer.part("database.dump", &mut [7_u8; 10_000].as_slice(), &quiet()).unwrap();
    let facts = Facts { schema: "20261123000001".to_owned(), rows: BTreeMap::new(), audit: BTreeMap::new() };
    let (tidemill, postgres) = ("9.9.9".to_owned(), "18.1".to_owned());
    let manifest = Manifest {
        format,
        tidemill,
        postgres,
        at: "2026-01-01T00:00:00Z".parse().unwrap(),
        database_bytes: 1,
        dump,
        keys: Vec::new(),
        facts,
    };
    writer.finish(&manifest).unwrap();
}

#[test]
fn a_backup_is_read_as_it_was_written() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("b.tar");
    written(&path, FORMAT);
    let archive = Archive::open(&path, &quiet()).unwrap();
    assert_eq!((archive.manifest.dump.bytes, archive.manifest.facts.schema.as_str()), (10_000, "20261123000001"));
    let mut copied = Vec::new();
    archive.copy("database.dump", &mut copied, &quiet()).unwrap();
    assert_eq!(copied, [7_u8; 10_000]);
}

#[test]
fn what_is_not_whole_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("b.tar");
    written(&path, FORMAT);
    let whole = fs::read(&path).unwrap();
    let said = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        Archive::open(&path, &quiet()).unwrap_err().to_string()
    };
    let mut changed = whole.clone();
    changed[5000] ^= 1;
    assert!(said(&changed).contains("database.dump is missing or was changed"));
    assert!(said(&whole[..5_000]).contains("is no whole backup"));
    assert!(said(b"nonsense").contains("is no whole backup"));
    assert!(said(b"").contains("it has no manifest.json at its end"));
}

#[test]
fn a_newer_format_names_the_version_that_knows_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("b.tar");
    written(&path, FORMAT + 1);
    let error = Archive::open(&path, &quiet()).unwrap_err();
    assert!(matches!(&error, Error::Newer { version, .. } if version == "9.9.9"), "{error}");
}
