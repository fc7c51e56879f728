//! Gatepost tests pull requests that arrive by mail, and says on the list how they did.
//!
//! In reading order:
//!
//! * [`pull`]: the rules. The life of a pull request, as pure functions over records.
//! * [`mail`]: bytes of mail into values, values into letters. Pure as well.
//! * [`ports`]: what the bot needs from the world, as a few small traits.
//! * [`config`]: the configuration file into checked values.
//! * [`adapters`]: IMAP, SMTP, git, keyring, GitLab, sled, the clock; each is one port's real side.
//! * [`bot`]: the loop that turns mails and time into events, and decisions into work.
//! * [`wiring`]: the one file that joins a configuration, the adapters and the bot.
//! * [`demo`]: a stand-in mail server and GitLab, for `gatepost demo` and the tests.
//! * [`cli`]: one file a subcommand.
//!
//! A module may use what stands above it in this list, never what stands below;
//! `tests/layout.rs` holds that.
//!
//! The program is [`main`]. Nothing else is public but [`stand_ins`], for the tests and benchmarks
//! that run the program from outside; what tests the inside is compiled with it (`tests/inside.rs`).

mod adapters;
mod bot;
mod cli;
mod config;
mod demo;
mod mail;
mod ports;
mod pull;
mod wiring;

pub use cli::main;

/// The world around the bot, as `gatepost demo` has it.
pub mod stand_ins {
    pub use crate::demo::git_server::GitServer;
    pub use crate::demo::gitlab::{GitLabStandIn, Plan, Settings, Trouble};
    pub use crate::demo::keys::SigningKey;
    pub use crate::demo::mail::{
        ListOptions, MailFault, MailStandIn, MailWorld, Moment, StoredMail,
    };
    pub use crate::ports::Fault;
    pub use crate::pull::cover::Person;
    pub use crate::pull::ids::ObjectId;
}
