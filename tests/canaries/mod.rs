//! Secrets that must be seen nowhere: put into every place that a secret can come from, then looked
//! for in everything that the program writes, starts and sends, with servers that behave and with
//! servers that quote what they were sent.

mod echo;
mod refusing;
mod stage;
mod well;
mod written;
