//! Stand-ins for a mail server with a list and for GitLab, and the story that `gatepost demo` tells.
//!
//! In reading order: [`mail`], [`gitlab`] with [`git_http`], and [`git_server`] are the stand-ins;
//! [`project`] and [`keys`] make what is asked to be merged, and who asks; `stage` puts all that
//! and a bot into one temporary folder; `watch` sees what happens there; [`story`] has the words
//! for it; `act` is the demo itself. The tests use the stand-ins, the project and the keys too.

pub(crate) mod git_http;
pub(crate) mod git_server;
pub(crate) mod gitlab;
pub(crate) mod keys;
pub(crate) mod mail;
pub(crate) mod project;
pub(crate) mod story;

mod act;
mod stage;
mod watch;

pub(crate) use self::act::run;
