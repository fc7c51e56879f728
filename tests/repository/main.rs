//! The git adapter against real git servers on loopback, and against bad ones.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod bounds;
mod changed;
mod confined;
mod fetching;
mod hostile;
mod long;
mod merging;
mod names;
mod paths;
mod pushing;
mod rebinding;
mod series;
mod server;
mod world;
