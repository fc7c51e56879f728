//! The loop: mails and time into events, decisions into effects.
//!
//! In reading order: [`ports`] (what the loop works with), [`intake`] (a folder into arrivals),
//! [`engine`] (step, put, then the effects), [`in_force`] (what commands changed, for the other
//! threads), [`journal`] (what is being worked on, for the next life), [`perform`] (one effect in the world outside), [`supervisor`] (the threads that do all
//! this at once), [`view`] and [`answers`] (what `status`, `show` and other commands say) and
//! [`control`] (the socket they ask).

pub(crate) mod answers;
pub(crate) mod control;
pub(crate) mod engine;
pub(crate) mod in_force;
pub(crate) mod intake;
pub(crate) mod journal;
pub(crate) mod perform;
pub(crate) mod ports;
pub(crate) mod supervisor;
pub(crate) mod view;
