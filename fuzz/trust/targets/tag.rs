//! A raw tag object.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(
    init: {
        for signed in trust::SIGNED {
            assert!(trust::check(signed), "the keyring does not believe its own");
        }
    },
    |tag: &[u8]| {
        trust::check(tag);
    }
);
