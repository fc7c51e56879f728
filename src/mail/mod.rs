//! Text in, text out: bytes of mail into values, values into letters. Pure.

pub mod trace;
