//! What holds for every letter.
