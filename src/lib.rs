//! Gatepost tests pull requests that arrive by mail, and says on the list how they did.
//!
//! In reading order:
//!
//! * [`pull`]: the rules. The life of a pull request, as pure functions over records.
//! * [`mail`]: bytes of mail into values, values into letters. Pure as well.
//! * [`ports`]: what the bot needs from the world, as a few small traits.
//! * [`config`]: the configuration file into checked values.
//! * [`adapters`]: IMAP, SMTP, git, keyring, GitLab, sled, the clock; each is one port's real side.
//! * [`bot`]: the loop that turns mails and time into events, and decisions into effects.
//! * [`wiring`]: the one file that joins a configuration, the adapters and the bot.
//! * [`demo`]: a stand-in mail server and GitLab, for `gatepost demo` and the tests.
//! * [`cli`]: one file a subcommand.
//!
//! A module may use what stands above it in this list, never what stands below;
//! `tests/layout.rs` holds that.

pub mod adapters;
pub mod bot;
pub mod cli;
pub mod config;
pub mod demo;
pub mod mail;
pub mod ports;
pub mod pull;
pub mod wiring;
