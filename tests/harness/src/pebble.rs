//! A certificate authority that is asked by ACME: Pebble, the one that Let's Encrypt tests clients with.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

use reqwest::Method;
use serde_json::json;
use tempfile::TempDir;

use crate::{Answer, Authority, Client, eventually_async};

/// A Pebble that lives as long as this value.
#[derive(Debug)]
pub struct Pebble {
    process: Child,
    dir: TempDir,
    /// Who signed the certificate of its own address.
    authority: Authority,
    port: u16,
}

impl Pebble {
    /// One that looks for servers at `tls_port` of their names, and gives certificates for so many seconds.
    pub async fn start(tls_port: u16, valid_for_seconds: u64) -> Self {
        let authority = Authority::new("authority of Pebble's own address");
        authority.sign(2100);
        let (dir, port, management) = (tempfile::tempdir().expect("a temporary directory"), free_port(), free_port());
        let (certificate, key) = authority.signed();
        let config = json!({"pebble": {
            "listenAddress": format!("127.0.0.1:{port}"),
            "managementListenAddress": format!("127.0.0.1:{management}"),
            "certificate": certificate,
            "privateKey": key,
            "httpPort": 1,
            "tlsPort": tls_port,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": false,
            "certificateValidityPeriod": valid_for_seconds,
        }});
        let config_file = dir.path().join("pebble.json");
        fs::write(&config_file, config.to_string()).expect("Pebble's configuration");
        // It sleeps and loses nonces at random, unless told not to.
        let process = Command::new("pebble")
            .arg("-config")
            .arg(&config_file)
            .env("PEBBLE_VA_NOSLEEP", "1")
            .env("PEBBLE_WFE_NONCEREJECT", "0")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("pebble is installed");
        let pebble = Self { process, dir, authority, port };
        let asked = Client::trusting(&format!("https://127.0.0.1:{management}"), None, &pebble.authority());
        let root = eventually_async("Pebble answers", async || {
            Answer::try_of(asked.request(Method::GET, "/roots/0")).await.ok().filter(|answer| answer.status == 200)
        });
        fs::write(pebble.root(), root.await.text).expect("the root");
        pebble
    }

    /// Ends it. Its files stay.
    pub fn stop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }

    /// Its directory.
    pub fn directory(&self) -> String {
        format!("https://127.0.0.1:{}/dir", self.port)
    }

    /// The file with the authority of its own address, for those who ask it.
    pub fn authority(&self) -> PathBuf {
        self.authority.file()
    }

    /// The file with the root of what it signs, for those who trust it.
    pub fn root(&self) -> PathBuf {
        self.dir.path().join("root.pem")
    }
}

impl Drop for Pebble {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A port for somebody who can't say which one he took. It is none of those that connections get by themselves.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + u16::try_from(std::process::id() % 100).unwrap_or(0) * 100;
    let ports = std::iter::repeat_with(|| first + NEXT.fetch_add(1, Ordering::Relaxed) % 2_000);
    let mut free = ports.take(2_000).filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    free.next().expect("a port is free")
}

/// The certificate that an authority gave to the server with this data directory.
pub fn kept_certificate(data_dir: &Path) -> PathBuf {
    let mut authorities = fs::read_dir(data_dir.join("acme")).expect("an authority was asked");
    authorities.next().expect("an authority was asked").expect("it can be read").path().join("certificate.pem")
}
