//! The rules: how a pull request lives, from the mail that asks to the letter that answers.
//!
//! Everything here is a pure function of its arguments: no input or output, no clock, no threads.
//! For each kind of record an `apply` says what an event changes and a `decide` says what to do
//! next; asked again after a crash, `decide` gives the same answer.
//!
//! In reading order: [`ids`], [`cover`] (what the mail asks), [`tag`] (what was fetched, and who
//! signed it), [`pipeline`] (what GitLab says), [`evidence`] (what that proves), [`verdict`] (what
//! is concluded, and who is told), [`retry`], [`decision`], [`policy`], [`queue`]; then the three
//! records with their rules: [`request`], [`run`], [`letter`]; [`records`] (what is put together),
//! [`command`] (what people may say) and [`world`], which joins them: `step`.

pub mod command;
pub mod cover;
pub mod decision;
pub mod evidence;
pub mod ids;
pub mod letter;
pub mod near_miss;
pub mod pipeline;
pub mod policy;
pub mod queue;
pub mod records;
pub mod request;
pub mod retry;
pub mod run;
pub mod tag;
pub mod verdict;
pub mod world;
