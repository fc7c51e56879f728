//! The loop: mails and time into events, decisions into effects.
