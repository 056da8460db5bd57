//! What the doctor finds, and what the bundle holds and doesn't.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tidemill_harness::{Authority, ServerOptions, Storage, TestServer};

use crate::scene::{BINARY, secret};

fn doctor(data_dir: &Path, args: &[&str]) -> Output {
    Command::new(BINARY)
        .arg("doctor")
        .args(args)
        .arg("--data-dir")
        .arg(data_dir)
        .env_remove("TIDEMILL_CONFIG")
        .output()
        .unwrap()
}

/// Level and words by check.
fn findings(output: &Output) -> BTreeMap<String, (String, String)> {
    let said: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    let found = said["findings"].as_array().unwrap().iter();
    found
        .map(|one| {
            let word = |key: &str| one[key].as_str().unwrap_or_default().to_owned();
            (word("check"), (word("level"), format!("{} {}", word("what"), word("advice"))))
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_server_is_looked_at_from_all_sides() {
    let options = ServerOptions { binary: BINARY.into(), storage: Storage::Embedded, ..ServerOptions::default() };
    let server = TestServer::start_with(options).await;
    secret(&server.client(), "shop", "canary-of-the-shop").await;
    let authority = Authority::new("soon over");
    authority.sign(2100);
    let (certificate, key) = authority.signed();
    let text = format!(
        "tls_certificate = '{}'\ntls_key = '{}'\nstripe_key = 'canary-stripe'\nstripe_webhook_secret = 'canary-stripe'\n",
        certificate.display(),
        key.display()
    );
    fs::write(server.data_dir().join("tidemill.toml"), text).unwrap();
    let (place, args) = (tempfile::tempdir().unwrap(), ["-o", "json", "--bundle"]);
    let bundle = place.path().join("bundle.tar");
    let output = doctor(server.data_dir(), &[&args[..], &[bundle.to_str().unwrap()]].concat());
    let found = findings(&output);
    assert!(output.status.success(), "{found:?}");
    for check in [
        "configuration",
        "data directory",
        "clock",
        "database",
        "database settings",
        "database connections",
        "partitions",
        "keys",
        "certificate",
    ] {
        assert_eq!(found[check].0, "ok", "{check}: {}", found[check].1);
    }
    assert!(found["certificate"].1.contains("valid until 2100-01-01"), "{found:?}");
    assert!(found["backup"].0 == "warning" && found["backup"].1.contains("tidemill backup verify"), "{found:?}");
    assert!(found["address"].1.contains("127.0.0.1:7700") && found.contains_key("limits") && found.contains_key("sandbox"));

    let bytes = fs::read(&bundle).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    for name in
        ["doctor.json", "configuration.json", "machine.json", "database.json", "postgres.log", "shared_buffers", "executions"]
    {
        assert!(text.contains(name), "{name} is missing");
    }
    let admin = server.token();
    for canary in ["canary", "BEGIN PRIVATE KEY", admin.as_str()] {
        assert!(!text.contains(canary), "{canary} is in the bundle");
    }

    // A backup makes the warning go, a key that others read makes one come.
    let file = place.path().join("backup.tar");
    assert!(
        Command::new(BINARY)
            .arg("backup")
            .arg(&file)
            .arg("--data-dir")
            .arg(server.data_dir())
            .output()
            .unwrap()
            .status
            .success()
    );
    let key = server.data_dir().join("secret.key");
    let mut open = fs::metadata(&key).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut open, 0o644);
    fs::set_permissions(&key, open).unwrap();
    let found = findings(&doctor(server.data_dir(), &["-o", "json"]));
    assert!(found["backup"].0 == "ok" && found["backup"].1.contains("backup.tar"), "{found:?}");
    assert!(found["keys"].0 == "warning" && found["keys"].1.contains("chmod 600"), "{found:?}");
}

#[test]
fn what_does_not_work_is_an_error_with_advice() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("tidemill.toml"), "outbound_ca = '/no/such.pem'\n").unwrap();
    let output = doctor(dir.path(), &["-o", "json", "--database-url", "postgres://nobody@127.0.0.1:1/none"]);
    let found = findings(&output);
    assert_eq!(output.status.code(), Some(1));
    for check in ["configuration", "database"] {
        assert_eq!(found[check].0, "error", "{found:?}");
    }
    fs::write(dir.path().join("tidemill.toml"), "nonsense = 1\n").unwrap();
    let plain = String::from_utf8(doctor(dir.path(), &[]).stdout).unwrap();
    assert!(plain.starts_with("error") && plain.contains("there is no setting `nonsense`"), "{plain}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_is_rehearsed_on_a_copy() {
    let options = ServerOptions { binary: BINARY.into(), storage: Storage::Embedded, ..ServerOptions::default() };
    let mut server = TestServer::start_with(options).await;
    // As a server before the newest migration left it.
    server.execute_embedded("ALTER TABLE tidemill.feed_floor DROP COLUMN era");
    server.execute_embedded("DELETE FROM tidemill.__diesel_schema_migrations WHERE version = '20261123210000'");
    let rehearse = |more: &[&str]| {
        let output = Command::new(BINARY).args(["upgrade", "--rehearse", "-o", "json"]).args(more).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let said = rehearse(&["--data-dir", server.data_dir().to_str().unwrap()]);
    let migrations = said["migrations"].as_array().unwrap();
    let newest =
        migrations.iter().find(|one| one["name"].as_str().unwrap().contains("feed_era")).unwrap_or_else(|| panic!("{said}"));
    let lock = &newest["locks"][0];
    assert!(
        lock["table"] == "feed_floor" && lock["readers_wait"] == true && newest["seconds"].as_f64().unwrap() > 0.0,
        "{said}"
    );
    let without = Command::new(BINARY).args(["upgrade", "--data-dir"]).arg(server.data_dir()).output().unwrap();
    assert!(!without.status.success() && String::from_utf8_lossy(&without.stderr).contains("--rehearse"));
    // The rehearsal changed nothing: the start does.
    let _ = server.terminate();
    server.restart().await;
    assert!(rehearse(&["--data-dir", server.data_dir().to_str().unwrap()])["migrations"].as_array().unwrap().is_empty());
}
