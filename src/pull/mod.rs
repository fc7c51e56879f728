//! The rules: how a pull request lives, from the mail that asks to the letter that answers.
//!
//! Everything here is a pure function of its arguments: no input or output, no clock, no threads.
//! [`apply`](apply) records what happened, [`decide`](decide) says what to do next;
//! asked again after a crash, `decide` gives the same answer.
//!
//! In reading order: [`ids`], [`cover`] (what the mail asks), [`tag`] (what was fetched, and who
//! signed it), [`pipeline`] (what GitLab says), [`verdict`] (what is concluded, and who is told),
//! [`retry`], then the three records: [`request`], [`run`], [`letter`].

pub mod cover;
pub mod ids;
pub mod letter;
pub mod pipeline;
pub mod request;
pub mod retry;
pub mod run;
pub mod tag;
pub mod verdict;
