//! The program: arguments, logging, exit codes; nothing else.

fn main() {}
