//! What proves who wrote a mail, with mails signed by real `gpg`, `mutt`, `openssl` and `opendkim`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod clearsigned;
mod dkim;
mod dkim_forged;
mod dkim_signer;
mod dns;
mod encodings;
mod forged;
mod keys;
mod mails;
mod milter;
mod mutt;
mod openpgp;
mod properties;
mod resolving;
mod results;
#[path = "../keyring/signers.rs"]
#[allow(dead_code, reason = "the keyring's own tests use the rest")]
mod signers;
