//! TLS for every adapter: rustls with ring, the system's certificates or the ones of a file. It
//! must not offer a way to skip verification.

use std::path::Path;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls_platform_verifier::ConfigVerifierExt;

use crate::ports::Fault;

/// The one cryptography provider of the program.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// Makes ring the process's default, which some libraries ask for. Safe to repeat.
pub(crate) fn install_provider() {
    let _already_there = ring::default_provider().install_default();
}

/// The certificates of a PEM file.
///
/// # Errors
/// Misconfigured: no such file, not PEM, or no certificate in it.
pub(crate) fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, Fault> {
    let broken = |why: String| Fault::misconfigured(format!("{}: {why}", file.display()));
    let certificates: Vec<_> = CertificateDer::pem_file_iter(file)
        .map_err(|error| broken(error.to_string()))?
        .collect::<Result<_, _>>()
        .map_err(|error| broken(error.to_string()))?;
    if certificates.is_empty() {
        Err(broken("has no certificate in it".into()))
    } else {
        Ok(certificates)
    }
}

/// A client's TLS settings: the file's certificates if one is given, else the system's.
///
/// # Errors
/// As [`certificates`]; misconfigured if the system has no certificates.
pub(crate) fn client_config(ca_file: Option<&Path>) -> Result<ClientConfig, Fault> {
    install_provider();
    let Some(file) = ca_file else {
        return ClientConfig::with_platform_verifier()
            .map_err(|error| Fault::misconfigured(format!("the system's certificates: {error}")));
    };
    let mut roots = RootCertStore::empty();
    for certificate in certificates(file)? {
        roots.add(certificate).map_err(|error| {
            Fault::misconfigured(format!("{}: not a usable certificate: {error}", file.display()))
        })?;
    }
    Ok(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
}
