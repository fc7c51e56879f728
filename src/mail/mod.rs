//! Text in, text out: bytes of mail into values, values into letters. Pure: no input or output, no
//! clock, no configuration.
//!
//! In reading order: [`clean`] (what outside text may not carry), [`words`] (what is said about
//! each outcome), [`letter`] (how a letter is made), [`trace`] (what a job's log says).

pub mod clean;
pub mod letter;
pub mod trace;
pub mod words;
