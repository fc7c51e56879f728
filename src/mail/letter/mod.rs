//! Letters: what the bot writes to authors, lists, release managers and the administrator. Pure
//! composition; whether and when a letter goes out is decided elsewhere.
//!
//! A conclusion of the rules becomes a `Message`: readers, headers, a key, and `Block`s of text; that
//! becomes bytes. A letter is a function of the records it is about, and its Message-ID a hash of what
//! it answers: written twice, around a crash, it is the same letter.
//!
//! In reading order: `input` (what letters are made of), `block` (pieces of text, and their layout),
//! `key` (what names a letter), `message` (a letter before it is bytes), [`Delivering`] (to whom it
//! really goes), `writer` (who writes it); `facts`, `jobs` and `problems` (what several letters
//! show); then the letters: `about_pull`, `about_run`, `about_bot`, `keys`, `near_miss`, `transcript`.

mod about_bot;
mod about_pull;
mod about_run;
mod block;
mod delivering;
mod facts;
mod fault;
mod input;
mod jobs;
mod key;
mod keys;
mod message;
mod near_miss;
mod outcome;
mod problems;
mod transcript;
mod writer;

pub(crate) use self::delivering::Delivering;
pub(crate) use self::fault::LetterFault;
pub(crate) use self::input::{LetterInput, ListWords, TargetWords};
pub(crate) use self::transcript::{Answered, Copied, Told};
pub(crate) use self::writer::{Draft, LetterWriter};
