//! The last bytes of a stream, holding no more than those. It must not read by itself.

use std::collections::VecDeque;

/// Keeps the last `cap` bytes of what is pushed.
#[derive(Debug)]
pub(super) struct Tail {
    bytes: VecDeque<u8>,
    cap: usize,
}

impl Tail {
    /// Starts empty; memory grows only as bytes come.
    pub(super) fn new(cap: usize) -> Self {
        Self { bytes: VecDeque::new(), cap }
    }

    /// Adds bytes at the end, and lets as many go at the front as exceed the cap.
    pub(super) fn push(&mut self, chunk: &[u8]) {
        let chunk = &chunk[chunk.len().saturating_sub(self.cap)..];
        let excess = (self.bytes.len() + chunk.len()).saturating_sub(self.cap);
        self.bytes.drain(..excess);
        self.bytes.extend(chunk);
    }

    /// What is kept, in order.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_is_kept_however_it_comes() {
        let all: Vec<u8> = (0..=255).collect();
        for step in [1, 3, 7, 10, 11, 256] {
            let mut tail = Tail::new(10);
            for chunk in all.chunks(step) {
                tail.push(chunk);
                assert!(tail.bytes.len() <= 10);
            }
            assert_eq!(tail.into_bytes(), &all[246..], "in steps of {step}");
        }
    }

    #[test]
    fn less_than_the_cap_is_kept_whole_and_a_cap_of_nothing_keeps_nothing() {
        let mut tail = Tail::new(10);
        tail.push(b"abc");
        assert_eq!(tail.into_bytes(), b"abc");
        let mut nothing = Tail::new(0);
        nothing.push(b"abc");
        assert!(nothing.into_bytes().is_empty());
    }
}
