//! What proves who wrote a mail, with mails signed by real `gpg`, `mutt`, `openssl` and `opendkim`.

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
