//! A TCP connection, plain or TLS, on which nothing lasts longer or brings more than was allowed.
//!
//! Every read and write stops at an absolute point in time, however slowly the other side
//! trickles, and a byte allowance bounds what a server can make us hold. It must not speak a
//! protocol: IMAP and SMTP do that on top.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use rustix::net::sockopt;
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};

use super::tls;
use crate::config::model::Tls;
use crate::ports::Fault;

pub(crate) use bell::{Bell, Waker};
pub(crate) use bounds::Bounds;

mod bell;
mod bounds;

/// One address out of several may take this long before the next is tried.
const ONE_ADDRESS: Duration = Duration::from_secs(10);

/// Where to connect to, and how the connection is to be protected.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer<'a> {
    /// A host name or an address.
    pub(crate) host: &'a str,
    /// The TCP port.
    pub(crate) port: u16,
    /// How it is protected.
    pub(crate) tls: Tls,
    /// Whether, with [`Tls::None`], it may leave this machine.
    pub(crate) allow_plain: bool,
    /// Certificates to believe instead of the system's.
    pub(crate) ca_file: Option<&'a Path>,
}

/// A connection within its [`Bounds`].
pub(crate) struct Connection {
    stream: Stream,
    bounds: Bounds,
    address: IpAddr,
    allow_plain: bool,
}

enum Stream {
    Plain(Socket),
    Tls(Box<StreamOwned<ClientConnection, Socket>>),
    /// Only while a handshake is under way or after it failed.
    Closed,
}

impl Connection {
    /// Connects, with the TLS handshake if it is to be first. The time and bytes are taken from
    /// `bounds`; repeating is safe.
    ///
    /// # Errors
    /// Temporary: no address is known, or nobody answers in time. Misconfigured: the certificate is
    /// not trusted, or an unprotected connection would leave this machine.
    pub(crate) fn open(peer: Peer<'_>, bounds: Bounds) -> Result<Self, Fault> {
        let tcp = connect(peer, bounds.until())?;
        let socket = Socket::new(tcp, bounds.clone()).map_err(|error| broken(peer, &error))?;
        let address =
            socket.tcp.peer_addr().map_err(|error| broken(peer, &error))?.ip().to_canonical();
        let allow_plain = peer.tls == Tls::None && peer.allow_plain;
        let mut connection = Self { stream: Stream::Plain(socket), bounds, address, allow_plain };
        match peer.tls {
            Tls::Implicit => connection.encrypt(peer)?,
            Tls::Starttls => {}
            Tls::None => may_be_plain(peer, address)?,
        }
        Ok(connection)
    }

    /// Does the TLS handshake on what was a plain connection until now.
    ///
    /// # Errors
    /// Misconfigured: the certificate is not trusted, or the other side does not speak TLS.
    /// Temporary: it broke off or took too long.
    pub(crate) fn encrypt(&mut self, peer: Peer<'_>) -> Result<(), Fault> {
        let Stream::Plain(mut socket) = std::mem::replace(&mut self.stream, Stream::Closed) else {
            return Err(Fault::bug("TLS was begun twice on one connection"));
        };
        let name = ServerName::try_from(peer.host.to_owned())
            .map_err(|_| Fault::misconfigured(format!("{} is not a host name", peer.host)))?;
        let config = Arc::new(tls::client_config(peer.ca_file)?);
        let mut session = ClientConnection::new(config, name)
            .map_err(|error| Fault::misconfigured(format!("TLS with {}: {error}", peer.host)))?;
        while session.is_handshaking() {
            session.complete_io(&mut socket).map_err(|error| handshake_fault(peer, &error))?;
        }
        self.stream = Stream::Tls(Box::new(StreamOwned::new(session, socket)));
        Ok(())
    }

    /// Whether a secret may be sent on it: it is encrypted, or does not leave this machine, or the
    /// administrator insists.
    pub(crate) fn keeps_secrets(&self) -> bool {
        self.is_encrypted() || self.address.is_loopback() || self.allow_plain
    }

    /// Whether it is encrypted.
    pub(crate) fn is_encrypted(&self) -> bool {
        matches!(self.stream, Stream::Tls(_))
    }

    /// What it may take. Changes show at once.
    pub(crate) fn bounds(&self) -> &Bounds {
        &self.bounds
    }
}

impl Read for Connection {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = self.bounds.most(buffer.len())?;
        let room = buffer.get_mut(..most).unwrap_or_default();
        let count = match &mut self.stream {
            Stream::Plain(socket) => socket.read(room),
            Stream::Tls(stream) => stream.read(room),
            Stream::Closed => Err(ErrorKind::NotConnected.into()),
        }?;
        self.bounds.took(count);
        Ok(count)
    }
}

impl Write for Connection {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.stream {
            Stream::Plain(socket) => socket.write(bytes),
            Stream::Tls(stream) => stream.write(bytes),
            Stream::Closed => Err(ErrorKind::NotConnected.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.stream {
            Stream::Plain(socket) => socket.flush(),
            Stream::Tls(stream) => stream.flush(),
            Stream::Closed => Err(ErrorKind::NotConnected.into()),
        }
    }
}

/// A socket whose waiting ends at the bound, or at the bell where that is listened to.
struct Socket {
    tcp: TcpStream,
    bounds: Bounds,
}

impl Socket {
    fn new(tcp: TcpStream, bounds: Bounds) -> io::Result<Self> {
        tcp.set_nonblocking(true)?;
        tcp.set_nodelay(true)?;
        // A peer that vanished without a word is noticed within three minutes.
        sockopt::set_socket_keepalive(&tcp, true)?;
        sockopt::set_tcp_keepidle(&tcp, Duration::from_secs(60))?;
        sockopt::set_tcp_keepintvl(&tcp, Duration::from_secs(30))?;
        sockopt::set_tcp_keepcnt(&tcp, 4)?;
        Ok(Self { tcp, bounds })
    }

    fn ready(&self, flags: PollFlags) -> io::Result<()> {
        let mut fds = vec![PollFd::new(&self.tcp, flags)];
        let bell = self.bounds.bell();
        if let Some(bell) = &bell {
            fds.push(PollFd::new(bell.as_ref(), PollFlags::IN));
        }
        bounds::poll_until(&mut fds, self.bounds.until())?;
        let rung = fds.get(1).is_some_and(|fd| !fd.revents().is_empty());
        if rung && let Some(bell) = &bell {
            bell.answer();
            return Err(io::Error::new(ErrorKind::WouldBlock, "woken"));
        }
        Ok(())
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            self.bounds.in_time()?;
            match self.tcp.read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.ready(PollFlags::IN)?,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            self.bounds.in_time()?;
            match self.tcp.write(bytes) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.ready(PollFlags::OUT)?
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is not encrypted stays on this machine, unless the administrator insists.
fn may_be_plain(peer: Peer<'_>, address: IpAddr) -> Result<(), Fault> {
    if address.is_loopback() || peer.allow_plain {
        return Ok(());
    }
    Err(Fault::misconfigured(format!(
        "{}:{} is not this machine, and the connection would not be protected: set tls to \
         \"implicit\" or \"starttls\", or insist with allow_plain",
        peer.host, peer.port
    )))
}

fn connect(peer: Peer<'_>, until: Instant) -> Result<TcpStream, Fault> {
    let mut last = None;
    for address in addresses(peer, until)? {
        let left = until.saturating_duration_since(Instant::now()).min(ONE_ADDRESS);
        if left.is_zero() {
            break;
        }
        match TcpStream::connect_timeout(&address, left) {
            Ok(tcp) => return Ok(tcp),
            Err(error) => last = Some(error),
        }
    }
    let error = last.unwrap_or_else(|| ErrorKind::TimedOut.into());
    Err(Fault::temporary(format!("can't connect to {}:{}: {error}", peer.host, peer.port)))
}

/// The system's resolver knows no deadline, so it is asked on a thread of its own.
fn addresses(peer: Peer<'_>, until: Instant) -> Result<Vec<SocketAddr>, Fault> {
    let name = (peer.host.to_owned(), peer.port);
    let (answer, answers) = mpsc::channel();
    thread::spawn(move || {
        // Nobody listens any more if it took too long.
        let _late = answer.send(name.to_socket_addrs().map(Vec::from_iter));
    });
    let left = until.saturating_duration_since(Instant::now());
    match answers.recv_timeout(left) {
        Ok(Ok(found)) if !found.is_empty() => Ok(found),
        Ok(Ok(_)) => Err(Fault::misconfigured(format!("{} has no address", peer.host))),
        // A name server that is away gives the same error as a name that is not there.
        Ok(Err(error)) => Err(Fault::temporary(format!("the address of {}: {error}", peer.host))),
        Err(_) => Err(Fault::temporary(format!("the address of {}: no answer", peer.host))),
    }
}

fn broken(peer: Peer<'_>, error: &io::Error) -> Fault {
    Fault::temporary(format!("{}:{}: {error}", peer.host, peer.port))
}

fn handshake_fault(peer: Peer<'_>, error: &io::Error) -> Fault {
    let is_protocol =
        error.get_ref().is_some_and(|inner| inner.downcast_ref::<rustls::Error>().is_some());
    let detail = format!("TLS with {}:{}: {error}", peer.host, peer.port);
    if is_protocol { Fault::misconfigured(detail) } else { Fault::temporary(detail) }
}

#[cfg(test)]
mod tests {
    use super::{Peer, may_be_plain};
    use crate::config::model::Tls;
    use crate::ports::FaultKind;

    #[test]
    fn what_is_not_encrypted_stays_on_this_machine() {
        let mut peer = Peer {
            host: "mail.example.org",
            port: 143,
            tls: Tls::None,
            allow_plain: false,
            ca_file: None,
        };
        for address in ["127.0.0.1", "127.9.9.9", "::1"] {
            assert!(may_be_plain(peer, address.parse().unwrap()).is_ok(), "{address}");
        }
        for address in ["192.0.2.1", "10.0.0.1", "0.0.0.0", "2001:db8::1", "::ffff:127.0.0.1"] {
            let fault = may_be_plain(peer, address.parse().unwrap()).unwrap_err();
            assert_eq!(fault.kind, FaultKind::Misconfigured, "{address}");
        }
        peer.allow_plain = true;
        assert!(may_be_plain(peer, "192.0.2.1".parse().unwrap()).is_ok());
    }
}
