//! Tests against real servers: Postfix, mlmmj, Dovecot, nginx, `git daemon`, with mails by
//! `git send-email` and tags by `gpg`. `tests/run` installs what they need; they need root.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod authority;
mod bot;
mod command_stories;
mod crash_loop_stories;
mod disk;
mod disk_stories;
mod dkim;
mod dns;
mod dovecot;
mod faults;
mod faulty_stories;
mod git_servers;
mod mailbox;
mod maintainer;
mod mlmmj;
mod operator_stories;
mod postfix;
mod process;
mod proxy;
mod rig;
mod rig_itself;
mod stories;
mod upstream;
mod world;
