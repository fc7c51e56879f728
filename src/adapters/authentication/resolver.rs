//! The DNS, as DKIM needs it: text records, within a deadline. It is asked from a thread of its own
//! with a runtime of its own, so that nobody who calls has to know of tokio. The system's servers
//! are read anew each time: a laptop's change.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use mail_auth::hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts,
};
use mail_auth::hickory_resolver::system_conf::read_system_conf;
use mail_auth::{DnsError, Error, MessageAuthenticator};

use crate::ports::Fault;

/// How long one try at a server may take, and how often each is tried.
const TRY: (Duration, usize) = (Duration::from_secs(3), 2);

/// How long all that one mail needs may take.
const DEADLINE: Duration = Duration::from_secs(10);

/// Asks for a text record and leaves its answer alone: that there is none is an answer.
///
/// # Errors
/// Temporary: no answer. Misconfigured: the system names no DNS servers.
pub(crate) fn probe(resolvers: &[SocketAddr], domain: &str) -> Result<(), Fault> {
    asking(resolvers, async |dns| match dns.txt_raw_lookup(domain).await {
        Err(Error::Dns(DnsError::Resolver(why))) => Err(no_answer(&why)),
        Ok(_) | Err(_) => Ok(()),
    })
}

/// The DNS does not answer.
pub(crate) fn no_answer(why: &str) -> Fault {
    Fault::temporary(format!("the DNS does not answer: {why}"))
}

/// Runs what asks the DNS, within the deadline.
///
/// # Errors
/// What it gives; temporary: it took too long; misconfigured: the system names no DNS servers.
pub(crate) fn asking<T: Send>(
    resolvers: &[SocketAddr],
    ask: impl AsyncFnOnce(&MessageAuthenticator) -> Result<T, Fault> + Send,
) -> Result<T, Fault> {
    let (config, options) = servers(resolvers)?;
    let run = move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Fault::temporary(format!("no runtime: {error}")))?;
        runtime.block_on(within_deadline(async move {
            let dns = MessageAuthenticator::new(config, options).map_err(|error| {
                Fault::misconfigured(format!("the DNS can't be asked: {error}"))
            })?;
            ask(&dns).await
        }))
    };
    let ended = std::thread::scope(|scope| scope.spawn(run).join());
    ended.unwrap_or_else(|_| Err(Fault::bug("the DNS resolver broke down")))
}

async fn within_deadline<T>(work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    match tokio::time::timeout(DEADLINE, work).await {
        Ok(result) => result,
        Err(_) => Err(no_answer(&format!("not within {} seconds", DEADLINE.as_secs()))),
    }
}

fn servers(resolvers: &[SocketAddr]) -> Result<(ResolverConfig, ResolverOpts), Fault> {
    let (config, mut options) = if resolvers.is_empty() {
        read_system_conf().map_err(|error| {
            Fault::misconfigured(format!("the system's DNS servers are not known: {error}"))
        })?
    } else {
        let servers = resolvers.iter().map(|server| {
            let on_its_port = |mut connection: ConnectionConfig| {
                connection.port = server.port();
                connection
            };
            let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()];
            let connections = connections.map(on_its_port).to_vec();
            NameServerConfig::new(server.ip(), true, connections)
        });
        (ResolverConfig::from_name_servers(servers.collect()), ResolverOpts::default())
    };
    (options.timeout, options.attempts) = TRY;
    // A name is asked for as it stands, never with a search domain of the system's.
    let (_, _, servers) = config.into_parts();
    Ok((ResolverConfig::from_name_servers(servers), options))
}
