//! Registers our own transports with libgit2, for the one order that this process carries out.
//! The only place with `unsafe` in it.

use std::sync::Arc;

use git2::transport::{SmartSubtransport, Transport};

use super::daemon::Daemon;
use super::session::Session;
use super::smart_http::SmartHttp;
use super::ssh::Ssh;
use super::url::Scheme;

/// Makes libgit2 reach `session`'s peer through our transport for its scheme.
///
/// # Errors
/// libgit2's own.
pub(crate) fn register(session: &Arc<Session>) -> Result<(), git2::Error> {
    match session.url().scheme {
        Scheme::Https => register_one("https", true, SmartHttp::new(session)),
        Scheme::Http => register_one("http", true, SmartHttp::new(session)),
        Scheme::Git => register_one("git", false, Daemon::new(session)),
        Scheme::Ssh => register_one("ssh", false, Ssh::new(session)),
    }
}

#[expect(unsafe_code, reason = "git2 offers no safe way to add a transport")]
fn register_one<S>(prefix: &str, rpc: bool, transport: S) -> Result<(), git2::Error>
where
    S: SmartSubtransport + Clone + Sync,
{
    // SAFETY: registering must not race with the creation of other transports. The git child calls
    // this once, from its only thread, before it creates any remote.
    unsafe {
        git2::transport::register(prefix, move |remote| {
            Transport::smart(remote, rpc, transport.clone())
        })
    }
}
