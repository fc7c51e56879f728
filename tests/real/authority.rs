//! A certificate authority for one test, and the certificate of all its servers.

use std::path::{Path, PathBuf};

use crate::process::{command, run};

const OPENSSL: &str = "/usr/bin/openssl";

/// The files of an authority and of the one server certificate it made, for `localhost` and
/// 127.0.0.1.
pub struct Authority {
    /// The authority's certificate (PEM): what clients are told to believe.
    pub certificate: PathBuf,
    /// The servers' certificate (PEM).
    pub server_certificate: PathBuf,
    /// The servers' key (PEM).
    pub server_key: PathBuf,
}

impl Authority {
    /// Makes both in that folder.
    pub fn new(folder: &Path) -> Self {
        std::fs::create_dir_all(folder).expect("a folder for certificates");
        let file = |name: &str| folder.join(name);
        let this = Self {
            certificate: file("ca.pem"),
            server_certificate: file("server.pem"),
            server_key: file("server.key"),
        };
        let key = file("ca.key");
        run(request("/CN=Test authority", &key, &this.certificate)
            .args(["-addext", "keyUsage=critical,keyCertSign"]));
        run(request("/CN=localhost", &this.server_key, &this.server_certificate)
            .arg("-CA")
            .arg(&this.certificate)
            .arg("-CAkey")
            .arg(&key)
            .args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
            .args(["-addext", "basicConstraints=critical,CA:FALSE"])
            .args(["-addext", "extendedKeyUsage=serverAuth"]));
        this
    }
}

fn request(subject: &str, key: &Path, certificate: &Path) -> std::process::Command {
    let mut openssl = command(OPENSSL);
    openssl
        .args(["req", "-x509", "-nodes", "-days", "2", "-newkey", "ec"])
        .args(["-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj", subject, "-keyout"])
        .arg(key)
        .arg("-out")
        .arg(certificate);
    openssl
}
