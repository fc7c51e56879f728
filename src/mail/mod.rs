//! Text in, text out: bytes of mail into values, values into letters. Pure: no input or output, no
//! clock, no configuration.
//!
//! In reading order: [`clean`] (what outside text may not carry), [`words`] (what is said about
//! each outcome), [`letter`] (how a letter is made).

pub mod clean;
pub mod letter;
pub mod words;
