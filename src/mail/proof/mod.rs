//! What proofs of a mail rest on: which bytes are signed, and what exactly they say. It verifies
//! nothing, and must not let anything that is not signed into what is said.
//!
//! In reading order: [`fields`] (a header as it came), `doubled` (fields that must not stand there
//! twice), `parts` (a multipart body as it came), `cleartext` (RFC 9580's signed texts), [`signed`]
//! (the one part of a mail that is signed with OpenPGP), [`said`] (what signed bytes say), `settled`
//! (what anybody may alter), [`dkim`] (what a DKIM signature covers), [`results`] (what the own mail
//! server says).

mod cleartext;
pub(crate) mod dkim;
mod doubled;
pub(crate) mod fields;
mod parts;
pub(crate) mod results;
pub(crate) mod said;
mod settled;
pub(crate) mod signed;

pub(crate) use self::doubled::doubled;
