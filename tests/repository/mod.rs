//! The git adapter against real git servers on loopback, and against bad ones.

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
