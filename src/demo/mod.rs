//! Stand-ins for a mail server with a list and for GitLab, and the story that `gatepost demo` tells.

pub mod keys;
pub mod mail;
pub mod project;
