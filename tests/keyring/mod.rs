//! The keyring's contract, with tags signed by real `gpg`, `ssh-keygen`, `git` and by Sequoia.

mod copies;
mod folder;
mod gpg;
mod long;
mod maintainers;
mod outcomes;
mod security_keys;
mod sequoia;
pub(crate) mod signers;
mod ssh;
