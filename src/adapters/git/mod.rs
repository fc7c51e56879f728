//! Git for real: mirrors of the targets, a quarantine a request, and a child process for whatever
//! touches the network or foreign objects.
//!
//! In reading order: [`url`], [`url_policy`] and [`address`] (where a mail may lead us), `order` (what the bot
//! and its child say to each other), `layout` (folders), `process` (the parent's side),
//! [`child`] (the child's), in it the transports `smart_http`, `daemon`, `ssh` under one `session`,
//! then `fetch`, `check`, `merge`, `push`; `inspect` and `changed` answer without a network,
//! `repository` is the port, and `setup` is what the administrator runs first.
//!
//! Races: one mirror is updated by one thread at a time, and by one process (a file lock); nothing
//! in it is ever pruned, so that quarantines may borrow from it. A quarantine is used by one
//! thread at a time; different ones freely. A fetch takes the place of an older one in one rename.

pub(crate) mod address;
mod blame;
mod changed;
mod check;
pub(crate) mod child;
mod daemon;
mod fetch;
mod forge;
mod globs;
mod inspect;
mod layout;
mod merge;
mod order;
mod outside;
mod pin;
mod process;
mod push;
mod repository;
mod series;
mod session;
mod settings;
mod setup;
mod smart_http;
mod ssh;
mod transport;
mod url;
pub(crate) mod url_policy;

pub(crate) use order::Progress;
pub(crate) use repository::GitRepository;
pub(crate) use settings::GitSettings;
pub(crate) use setup::{SetupStage, SetupStep};
