//! Stand-ins for a mail server with a list and for GitLab, and the story that `gatepost demo` tells.
//!
//! In reading order: [`mail`], [`gitlab`] with [`git_http`], and [`git_server`] are the stand-ins;
//! [`project`] and [`keys`] make what is asked to be merged, and who asks; `stage` puts all that
//! and a bot into one temporary folder; `watch` sees what happens there; [`story`] has the words
//! for it; `act` is the demo itself. The tests use the stand-ins, the project and the keys too.

pub mod git_http;
pub mod git_server;
pub mod gitlab;
pub mod keys;
pub mod mail;
pub mod project;
pub mod story;

mod act;
mod stage;
mod watch;

pub use self::act::run;
