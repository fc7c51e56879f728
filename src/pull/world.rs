//! Joins the rules: everything that is open, and one function over it. [`World::step`] takes what
//! happened and gives back what to put, what to do once that is durable, and when to look again.
//! It must not do anything itself.
//!
//! Races, and the choice made: an event for a record that has moved on is dropped by its `apply`;
//! a record has at most one piece of work in flight, so its events come in order; commands, and a newer
//! revision, are taken at once, whatever is in flight: what comes of work whose request has moved
//! on meanwhile is dropped whole, its letters as well.
//!
//! `state` has the fields, `step` the one function; the other files say what follows from what.

mod agenda;
mod alerts;
mod arrivals;
mod aside;
mod asides;
mod attempts;
pub(crate) mod chores;
mod commands;
mod events;
pub(crate) mod glance;
mod hand_out;
mod input;
mod mails;
mod outbox;
mod revisions;
mod settle;
mod state;
mod step;
mod subject;
mod tally;
mod turns;
pub(crate) mod work;

pub(crate) use self::asides::Cause;
pub(crate) use self::input::{Arrival, Arrived, Input, Step};
pub(crate) use self::state::{Memory, World};
pub(crate) use self::subject::Subject;
pub(crate) use self::work::{Done, Work};
