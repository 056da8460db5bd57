//! Right files, and every wrong one.

use super::*;

/// Valid from 2026-01-02 to 2027-03-04.
fn written_to(dir: &Path) -> TlsFiles {
    let files = TlsFiles { certificate: dir.join("cert.pem"), key: dir.join("key.pem") };
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2026, 1, 2);
    params.not_after = rcgen::date_time_ymd(2027, 3, 4);
    fs::write(&files.certificate, params.self_signed(&key).unwrap().pem()).unwrap();
    fs::write(&files.key, key.serialize_pem()).unwrap();
    files
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[test]
fn its_time_is_known() {
    let dir = tempfile::tempdir().unwrap();
    let files = written_to(dir.path());
    let read = |now: &str| Certificate::read(&files, at(now));
    assert_eq!(read("2026-06-01T00:00:00Z").unwrap().until(), at("2027-03-04T00:00:00Z"));
    let early = read("2026-01-01T00:00:00Z").unwrap_err().to_string();
    assert!(early.contains("valid only from 2026-01-02 00:00:00 UTC on"), "{early}");
    let late = read("2027-03-04T00:00:01Z").unwrap_err().to_string();
    assert!(late.contains("expired on 2027-03-04 00:00:00 UTC"), "{late}");
}

#[test]
fn what_is_wrong_with_the_files_is_said() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (files, others) = (written_to(dir.path()), written_to(other.path()));
    let said = |certificate: &Path, key: &Path| {
        let files = TlsFiles { certificate: certificate.to_owned(), key: key.to_owned() };
        Certificate::read(&files, at("2026-06-01T00:00:00Z")).unwrap_err().to_string()
    };
    let swapped = said(&files.key, &files.certificate);
    assert!(swapped.contains("key.pem has no certificate in PEM"), "{swapped}");
    let no_key = said(&files.certificate, &files.certificate);
    assert!(no_key.contains("cert.pem has no private key (without a passphrase) in PEM"), "{no_key}");
    let mixed = said(&files.certificate, &others.key);
    assert!(mixed.contains("is not that of the first certificate in"), "{mixed}");
    let missing = said(Path::new("/no/such.pem"), &files.key);
    assert!(missing.contains("/no/such.pem has no certificate"), "{missing}");
}

#[test]
fn a_worse_certificate_does_not_replace_a_good_one() {
    let dir = tempfile::tempdir().unwrap();
    let files = written_to(dir.path());
    let now = at("2026-06-01T00:00:00Z");
    let certificate = Certificate::read(&files, now).unwrap();
    assert!(certificate.rewritten().is_none());
    let before = certificate.usable().certified;
    assert!(certificate.replace(&files, now + TimeDelta::days(1000)).is_err());
    assert!(Arc::ptr_eq(&before, &certificate.usable().certified));
    certificate.replace(&files, now).unwrap();
    assert!(!Arc::ptr_eq(&before, &certificate.usable().certified));
}

#[test]
fn until_an_authority_gives_one_a_certificate_stands_in() {
    let dir = tempfile::tempdir().unwrap();
    let files = TlsFiles { certificate: dir.path().join("cert.pem"), key: dir.path().join("key.pem") };
    let options = AcmeOptions {
        domains: vec!["localhost".to_owned(), "flows.example.com".to_owned()],
        email: None,
        directory: "https://ca.example/directory".parse().unwrap(),
    };
    let now = at("2026-06-01T12:00:00Z");
    let certificate = Certificate::ordered(&files, &options, now).unwrap();
    assert!(certificate.is_interim() && certificate.covers(&options.domains));
    assert!(!certificate.covers(&["elsewhere.example.com".to_owned()]));
    assert_eq!((certificate.from(), certificate.until()), (at("2026-05-31T00:00:00Z"), at("2026-06-08T00:00:00Z")));
    assert!(certificate.rewritten().is_none());
    // What is given goes before, though it is not for all names.
    written_to(dir.path());
    certificate.replace(&files, now).unwrap();
    assert!(!certificate.is_interim() && !certificate.covers(&options.domains) && certificate.covers(&options.domains[..1]));
    // So does what was kept, until it is over.
    assert!(!Certificate::ordered(&files, &options, now).unwrap().is_interim());
    assert!(Certificate::ordered(&files, &options, now + TimeDelta::days(1000)).unwrap().is_interim());
}
