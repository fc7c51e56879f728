//! What `gatepost demo` and the tests run against: a mail server with lists and a GitLab of their own,
//! a small project, and the words of the story. It must not be used by `run`.

pub mod mail;
pub mod project;
pub mod story;
