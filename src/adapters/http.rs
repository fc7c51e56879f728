//! The one HTTP client: blocking, no redirects followed, no proxy, every call under a deadline.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ureq::Agent;
use ureq::config::Config;
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};

use super::tls;
use crate::ports::Fault;

/// The client's settings: a deadline over a whole call, and the certificates to believe.
///
/// # Errors
/// As [`tls::certificates`].
pub(crate) fn config(deadline: Duration, ca_file: Option<&Path>) -> Result<Config, Fault> {
    tls::install_provider();
    let roots = match ca_file {
        None => RootCerts::PlatformVerifier,
        Some(file) => {
            let certificates = tls::certificates(file)?;
            RootCerts::Specific(Arc::new(
                certificates.iter().map(|c| Certificate::from_der(c).to_owned()).collect(),
            ))
        }
    };
    let tls = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(tls::provider())
        .root_certs(roots)
        .build();
    Ok(Agent::config_builder()
        .tls_config(tls)
        .timeout_global(Some(deadline))
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .proxy(None)
        .user_agent(concat!("gatepost/", env!("CARGO_PKG_VERSION")))
        .build())
}
