//! Unpacking against a real directory: whatever was there before, the files are right afterwards.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use super::{Asset, Error};

const FILES: [(&str, u32, &str); 4] =
    [("bin/run", 0o755, "#!/bin/sh\n"), ("lib/a/b", 0o644, "b"), ("lib/c", 0o644, ""), ("top", 0o644, "top")];

fn archive(files: &[(&str, u32, &str)]) -> &'static [u8] {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, mode, text) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(text.len() as u64);
        header.set_mode(*mode);
        builder.append_data(&mut header, path, text.as_bytes()).unwrap();
    }
    zstd::encode_all(builder.into_inner().unwrap().as_slice(), 1).unwrap().leak()
}

fn manifest(files: &[(&str, u32, &str)]) -> &'static str {
    let lines = files.iter().map(|(path, mode, text)| format!("{} {mode:o} {path}\n", hex::encode(Sha256::digest(text))));
    std::iter::once("Thing 1.2\n".to_owned()).chain(lines).collect::<String>().leak()
}

fn asset() -> Asset {
    Asset::new("thing", manifest(&FILES), archive(&FILES))
}

fn unpacked() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let root = asset().unpacked_in(&dir.path().join("data/assets")).unwrap();
    (dir, root)
}

fn assert_whole(root: &Path) {
    for (path, mode, text) in FILES {
        let path = root.join(path);
        assert_eq!(fs::read_to_string(&path).unwrap(), text, "{}", path.display());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, mode, "{}", path.display());
    }
    let mut found: Vec<_> = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    found.sort();
    assert_eq!(found, ["bin", "lib", "top"]);
}

fn mended(spoil: impl FnOnce(&Path)) {
    let (dir, root) = unpacked();
    spoil(&root);
    assert_eq!(asset().unpacked_in(&dir.path().join("data/assets")).unwrap(), root);
    assert_whole(&root);
}

#[test]
fn everything_is_there_and_everybody_can_reach_it() {
    let (_dir, root) = unpacked();
    assert_whole(&root);
    for directory in [root.parent().unwrap(), &root, &root.join("lib/a")] {
        assert_eq!(fs::metadata(directory).unwrap().permissions().mode() & 0o7777, 0o755, "{}", directory.display());
    }
    assert_eq!(asset().title(), "Thing 1.2");
}

#[test]
fn what_is_right_is_not_written_again() {
    let (dir, root) = unpacked();
    let written = fs::metadata(root.join("bin/run")).unwrap().modified().unwrap();
    asset().unpacked_in(&dir.path().join("data/assets")).unwrap();
    assert_eq!(fs::metadata(root.join("bin/run")).unwrap().modified().unwrap(), written);
}

#[test]
fn an_altered_file_is_mended() {
    mended(|root| fs::write(root.join("bin/run"), "#!/bin/sh\nevil\n").unwrap());
}

#[test]
fn an_altered_mode_is_mended() {
    mended(|root| fs::set_permissions(root.join("bin/run"), fs::Permissions::from_mode(0o600)).unwrap());
}

#[test]
fn an_interrupted_unpacking_is_completed() {
    mended(|root| {
        fs::remove_dir_all(root.join("lib/a")).unwrap();
        fs::remove_file(root.join("top")).unwrap();
        fs::write(root.join("top.new"), "t").unwrap();
    });
}

#[test]
fn what_does_not_belong_there_is_removed() {
    mended(|root| {
        fs::create_dir_all(root.join("more/and/more")).unwrap();
        fs::write(root.join("more/and/more/x"), "x").unwrap();
        fs::write(root.join("lib/sitecustomize.py"), "evil").unwrap();
    });
}

#[test]
fn links_are_not_followed() {
    let elsewhere = tempfile::tempdir().unwrap();
    fs::write(elsewhere.path().join("b"), "kept").unwrap();
    mended(|root| {
        fs::remove_dir_all(root.join("lib/a")).unwrap();
        symlink(elsewhere.path(), root.join("lib/a")).unwrap();
        fs::remove_file(root.join("top")).unwrap();
        symlink(elsewhere.path().join("b"), root.join("top")).unwrap();
    });
    assert_eq!(fs::read_to_string(elsewhere.path().join("b")).unwrap(), "kept");
}

#[test]
fn another_version_has_a_directory_of_its_own() {
    let (dir, root) = unpacked();
    let files = [("top", 0o644, "newer")];
    let other = Asset::new("thing", manifest(&files), archive(&files));
    let newer = other.unpacked_in(&dir.path().join("data/assets")).unwrap();
    assert_ne!(newer, root);
    assert_eq!(fs::read_to_string(newer.join("top")).unwrap(), "newer");
    assert_whole(&root);
}

#[test]
fn many_at_once_take_turns() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("assets");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert_whole(&asset().unpacked_in(&place).unwrap()));
        }
    });
}

#[test]
fn a_damaged_archive_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let cut = Asset::new("thing", manifest(&FILES), &archive(&FILES)[..20]);
    assert!(matches!(cut.unpacked_in(dir.path()), Err(Error::Damaged { .. })));
    let other = Asset::new("thing", manifest(&FILES), archive(&[("top", 0o644, "pot")]));
    assert!(matches!(other.unpacked_in(dir.path()), Err(Error::Differs(_))));
    let no_manifest = Asset::new("thing", "Thing 1.2\nnonsense\n", archive(&FILES));
    assert!(matches!(no_manifest.unpacked_in(dir.path()), Err(Error::Damaged { .. })));
}
