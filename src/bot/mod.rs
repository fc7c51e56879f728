//! The loop: mails and time into events, decisions into effects.
//!
//! In reading order: [`ports`] (what the loop works with), [`intake`] (a folder into arrivals),
//! [`engine`] (step, put, then the effects), [`perform`] (one effect in the world outside),
//! [`supervisor`] (the threads that do all this at once), [`view`] (what `status` and `show` say)
//! and [`control`] (the socket they ask).

pub mod control;
pub mod engine;
pub mod intake;
pub mod perform;
pub mod ports;
pub mod supervisor;
pub mod view;
