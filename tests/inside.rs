//! The crate compiled once more, together with the tests of its inside: those beside the sources
//! and those in this folder. So nothing has to be public for a test's sake, and the tests may start
//! the program itself, which tests within the library can't.
#![allow(dead_code, unreachable_pub, reason = "the library is checked for both")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

#[path = "../src/adapters/mod.rs"]
mod adapters;
#[path = "../src/bot/mod.rs"]
mod bot;
#[path = "../src/cli/mod.rs"]
mod cli;
#[path = "../src/config/mod.rs"]
mod config;
#[path = "../src/demo/mod.rs"]
mod demo;
#[path = "../src/mail/mod.rs"]
mod mail;
#[path = "../src/ports/mod.rs"]
mod ports;
#[path = "../src/pull/mod.rs"]
mod pull;
#[path = "../src/wiring.rs"]
mod wiring;

mod authentication;
mod canaries;
mod check;
mod command_line;
mod command_mails;
mod configuration;
mod environment;
mod gitlab;
mod gitlab_odd_servers;
mod gitlab_stand_in;
mod gitlab_support;
mod hostile_mail;
mod hostile_text;
mod imap;
mod keyring;
mod layout;
mod letters;
mod reading;
mod reading_built;
mod repository;
mod scan;
mod scenario;
mod scenarios;
mod smtp;
mod standin_mail;
mod store;
mod threat_model;
