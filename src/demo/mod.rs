//! What `gatepost demo` and the tests run against: stand-ins for a mail server with lists and for
//! GitLab, a small project, and the words of the story. It must not be used by `run`.

pub mod mail;
pub mod project;
pub mod story;
