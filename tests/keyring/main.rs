//! The keyring's contract, with tags signed by real `gpg`, `ssh-keygen`, `git` and by Sequoia.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod copies;
mod folder;
mod gpg;
mod long;
mod maintainers;
mod outcomes;
mod security_keys;
mod sequoia;
mod signers;
mod ssh;
