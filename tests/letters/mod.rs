//! Every letter the bot can write, whole, as a maintainer gets it; and what holds for all of them.
//!
//! To accept changed words: `INSTA_UPDATE=always cargo test --test letters`, then read the diff
//! of `fixtures/letters`.

mod every;
mod form;
mod hostile;
mod transcripts;
mod world;

/// Compares a letter with the one in `fixtures/letters`.
macro_rules! same_as_kept {
    ($name:expr, $text:expr) => {
        insta::with_settings!({
            snapshot_path => "../../fixtures/letters",
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, { insta::assert_snapshot!($name, $text) })
    };
}
pub(crate) use same_as_kept;
