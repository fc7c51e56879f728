//! The real side of each port. No adapter knows another; [`tls`], [`http`], [`connection`] and
//! [`dumps`] are what several build on.

pub(crate) mod authentication;
pub(crate) mod clock;
pub(crate) mod connection;
pub(crate) mod dry;
pub(crate) mod dumps;
pub(crate) mod git;
pub(crate) mod gitlab;
pub(crate) mod http;
pub(crate) mod imap;
pub(crate) mod keyring;
pub(crate) mod smtp;
pub(crate) mod store;
pub(crate) mod tls;
