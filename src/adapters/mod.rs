//! The real side of each port. No adapter knows another; [`tls`], [`http`], [`connection`] and
//! [`dumps`] are what several build on.

pub mod authentication;
pub mod clock;
pub mod connection;
pub mod dry;
pub mod dumps;
pub mod git;
pub mod gitlab;
pub mod http;
pub mod imap;
pub mod keyring;
pub mod smtp;
pub mod store;
pub mod tls;
