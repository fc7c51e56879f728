//! The real side of each port. No adapter knows another.
