//! Stand-ins for a mail server with a list and for GitLab, and the story that `gatepost demo` tells.

pub mod git_http;
pub mod git_server;
pub mod gitlab;
pub mod keys;
pub mod mail;
pub mod project;
pub mod story;

/// Tells the story.
pub fn run() -> u8 {
    0
}
