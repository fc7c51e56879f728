//! The two files of the configuration that keep secrets.

#[path = "../../../src/config/redact.rs"]
pub mod redact;
#[path = "../../../src/config/secret.rs"]
pub mod secret;
