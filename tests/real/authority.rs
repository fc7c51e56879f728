//! A certificate authority for one test, and the certificate of all its servers.

use std::path::{Path, PathBuf};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::ConfigVerifierExt;

use crate::process::{command, run};

const OPENSSL: &str = "/usr/bin/openssl";

/// The files of an authority and of the one server certificate it made, for `localhost` and
/// 127.0.0.1.
pub(crate) struct Authority {
    /// The authority's certificate (PEM): what clients are told to believe.
    pub(crate) certificate: PathBuf,
    /// The servers' certificate (PEM).
    pub(crate) server_certificate: PathBuf,
    /// The servers' key (PEM).
    pub(crate) server_key: PathBuf,
}

impl Authority {
    /// Makes both in that folder.
    pub(crate) fn new(folder: &Path) -> Self {
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

/// Makes ring the process's cryptography, which rustls wants to be told. Safe to repeat.
pub(crate) fn install_provider() {
    let _already_there = rustls::crypto::ring::default_provider().install_default();
}

/// What a client trusts: that certificate alone, or the system's.
pub(crate) fn trusting(certificate: Option<&Path>) -> ClientConfig {
    install_provider();
    let Some(file) = certificate else { return ClientConfig::with_platform_verifier().unwrap() };
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(file).unwrap()).unwrap();
    ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()
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
