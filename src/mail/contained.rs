//! Keeps a panic of the MIME parser, which is not ours, from going further.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// What the reading gives; `None` if it panics.
pub(super) fn contained<T>(read: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(read)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_the_parser_goes_no_further() {
        assert_eq!(contained(|| 7), Some(7));
        assert_eq!(contained(|| -> u8 { panic!("as mail-parser may") }), None);
    }
}
