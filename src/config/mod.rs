//! The configuration: TOML into checked values, every problem reported at once with its key.

pub mod model;
pub mod secret;
