//! What opens and what stays shut.

use std::fs;

use chrono::DateTime;
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

fn vault() -> (TempDir, Vault) {
    let dir = tempfile::tempdir().unwrap();
    let vault = Vault::create(dir.path()).unwrap();
    (dir, vault)
}

fn workspace(millis: i64) -> WorkspaceId {
    WorkspaceId::new(DateTime::from_timestamp_millis(millis).unwrap())
}

const SHOP: Subject<'static> = Subject::Secret("shop");

#[test]
fn a_secret_opens_where_it_was_sealed() {
    let ((_dir, vault), home) = (vault(), workspace(1));
    let key = vault.new_data_key(home, None).unwrap();
    let sealed = vault.seal(home, SHOP, &key, b"hunter2").unwrap();
    assert_eq!((key.version, key.sealed.key_version, sealed.key_version), (2, 1, 2));
    assert_eq!(vault.unseal(home, SHOP, Some(&key), &sealed).unwrap().as_slice(), b"hunter2");
    assert!(!sealed.ciphertext.windows(7).any(|window| window == b"hunter2"));
    assert_ne!(vault.seal(home, SHOP, &key, b"hunter2").unwrap(), sealed, "the nonce is new each time");
}

#[test]
fn a_row_moved_elsewhere_stays_shut() {
    let ((_dir, vault), home, other) = (vault(), workspace(1), workspace(2));
    let (key, foreign) = (vault.new_data_key(home, None).unwrap(), vault.new_data_key(other, None).unwrap());
    let sealed = vault.seal(home, SHOP, &key, b"hunter2").unwrap();
    let refused = |workspace, subject, key: Option<&DataKey>, sealed: &Sealed| {
        matches!(vault.unseal(workspace, subject, key, sealed), Err(Error::Refused { .. }))
    };
    assert!(refused(other, SHOP, Some(&key), &sealed), "the key doesn't open elsewhere");
    assert!(refused(other, SHOP, Some(&foreign), &sealed));
    assert!(refused(home, SHOP, Some(&foreign), &sealed));
    assert!(refused(home, Subject::Secret("shop2"), Some(&key), &sealed));
    assert!(refused(home, Subject::Credential("shop", ""), Some(&key), &sealed));
    assert!(refused(home, SHOP, None, &sealed));
    assert!(refused(home, SHOP, Some(&key), &Sealed { nonce: vec![1; 11], ..sealed.clone() }));
    assert!(refused(home, SHOP, Some(&key), &Sealed { key_version: 1, ..sealed.clone() }));
    let renumbered = DataKey { version: 3, ..key };
    assert!(refused(home, SHOP, Some(&renumbered), &Sealed { key_version: 3, ..sealed }));
}

#[test]
fn a_credential_can_not_be_bound_to_another_host_behind_our_back() {
    let ((_dir, vault), home) = (vault(), workspace(1));
    let key = vault.new_data_key(home, None).unwrap();
    let bound = Subject::Credential("shop", r#"{"hosts":["api.x.com"]}"#);
    let sealed = vault.seal(home, bound, &key, b"hunter2").unwrap();
    assert!(vault.unseal(home, bound, Some(&key), &sealed).is_ok());
    let rebound = Subject::Credential("shop", r#"{"hosts":["evil.com"]}"#);
    assert!(vault.unseal(home, rebound, Some(&key), &sealed).is_err());
}

#[test]
fn a_new_server_key_seals_only_the_data_keys_anew() {
    let ((dir, vault), home) = (vault(), workspace(1));
    let key = vault.new_data_key(home, None).unwrap();
    let sealed = vault.seal(home, SHOP, &key, b"hunter2").unwrap();
    // Another process made the key: this vault finds it.
    assert_eq!(Vault::open(dir.path()).unwrap().unwrap().create_next().unwrap(), 2);
    let anew = vault.seal_anew(home, &key).unwrap();
    assert_eq!((anew.version, anew.sealed.key_version), (key.version, 2));
    fs::remove_file(dir.path().join(KEY_FILE)).unwrap();
    let later = Vault::open(dir.path()).unwrap().unwrap();
    assert_eq!(later.unseal(home, SHOP, Some(&anew), &sealed).unwrap().as_slice(), b"hunter2");
    let missing = later.unseal(home, SHOP, Some(&key), &sealed).unwrap_err();
    assert!(matches!(missing, Error::MissingKey { version: 1, .. }), "{missing}");
}

#[test]
fn a_wrong_key_is_known_by_its_check() {
    let (_dir, vault) = vault();
    let check = vault.check_of(1).unwrap();
    vault.verify(&check).unwrap();
    let (_other_dir, other) = self::vault();
    assert!(matches!(other.verify(&check), Err(Error::WrongKey { .. })));
    let newer = Sealed { key_version: 2, ..check };
    assert!(matches!(vault.verify(&newer), Err(Error::MissingKey { version: 2, .. })));
}

#[test]
fn what_was_sealed_before_there_were_data_keys_opens() {
    let ((dir, vault), home) = (vault(), workspace(1));
    let cipher = ciphers(&key::load(dir.path()).unwrap())[&1].clone();
    let sealed = seal(&cipher, 1, &old_binding(home, "shop"), b"hunter2");
    assert_eq!(vault.unseal(home, SHOP, None, &sealed).unwrap().as_slice(), b"hunter2");
    assert!(vault.unseal(home, Subject::Secret("other"), None, &sealed).is_err());
    assert!(vault.unseal(home, Subject::Credential("shop", ""), None, &sealed).is_err());
}

#[test]
fn the_vault_does_not_print_its_key() {
    assert_eq!(format!("{:?}", vault().1), "Vault(…)");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn one_flipped_bit_is_refused(plain in prop::collection::vec(any::<u8>(), 0..64), at in any::<prop::sample::Index>(), bit in 0u8..8) {
        let ((_dir, vault), home) = (vault(), workspace(1));
        let key = vault.new_data_key(home, None).unwrap();
        let mut sealed = vault.seal(home, SHOP, &key, &plain).unwrap();
        let place = at.index(sealed.ciphertext.len());
        sealed.ciphertext[place] ^= 1 << bit;
        prop_assert!(vault.unseal(home, SHOP, Some(&key), &sealed).is_err());
    }
}
