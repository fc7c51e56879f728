//! `git://` under libgit2, over a socket of our own to an address that was checked (git's
//! `gitprotocol-pack`, "Git Transport"). It offers no authentication, as the protocol has none.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::Arc;

use git2::transport::{Service, SmartSubtransport, SmartSubtransportStream};
use git2::{Error, ErrorClass, ErrorCode};
use percent_encoding::percent_decode_str;

use super::session::Session;
use crate::ports::FaultKind;

/// The transport.
#[derive(Debug, Clone)]
pub(crate) struct Daemon {
    session: Arc<Session>,
}

impl Daemon {
    /// For one session.
    pub(crate) fn new(session: &Arc<Session>) -> Self {
        Self { session: Arc::clone(session) }
    }

    fn open(&self, service: &str) -> io::Result<Connection> {
        let addresses = resolve(&self.session)?;
        let mut stream = connect(&self.session, &addresses)?;
        stream.write_all(&greeting(&self.session, service))?;
        Ok(Connection { session: Arc::clone(&self.session), stream })
    }
}

impl SmartSubtransport for Daemon {
    fn action(
        &self,
        _url: &str,
        service: Service,
    ) -> Result<Box<dyn SmartSubtransportStream>, Error> {
        let service = match service {
            Service::UploadPackLs | Service::UploadPack => "git-upload-pack",
            Service::ReceivePackLs | Service::ReceivePack => "git-receive-pack",
        };
        let connection = self.open(service).map_err(|error| {
            let _noted = self.session.note_io(&error);
            Error::new(ErrorCode::GenericError, ErrorClass::Net, "the connection failed")
        })?;
        Ok(Box::new(connection))
    }

    fn close(&self) -> Result<(), Error> {
        Ok(())
    }
}

/// The addresses of a session's host, checked.
///
/// # Errors
/// The name does not resolve, or an address is not allowed; the trouble is put down.
pub(crate) fn resolve(session: &Session) -> io::Result<Vec<SocketAddr>> {
    let url = session.url();
    let found = (url.host.as_str(), url.port).to_socket_addrs().map(Vec::from_iter);
    match found {
        Ok(addresses) if !addresses.is_empty() => {
            session.check_addresses(&addresses)?;
            Ok(addresses)
        }
        Ok(_) | Err(_) => Err(session.note(
            session.blame(FaultKind::Temporary, format!("The host {} was not found.", url.host)),
        )),
    }
}

fn connect(session: &Session, addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let mut last = io::Error::other("no address");
    for address in addresses {
        match TcpStream::connect_timeout(address, session.time_left()?) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// The one line that opens the protocol: a packet line with service, path and host.
fn greeting(session: &Session, service: &str) -> Vec<u8> {
    let url = session.url();
    let path: Vec<u8> = percent_decode_str(&url.path).filter(|b| *b != 0).collect();
    // `~user/…` is written without the slash before it, as git does.
    let path = path.strip_prefix(b"/").filter(|p| p.starts_with(b"~")).unwrap_or(&path);
    let mut line = format!("{service} ").into_bytes();
    line.extend_from_slice(path);
    line.extend_from_slice(format!("\0host={}\0", url.authority()).as_bytes());
    let mut packet = format!("{:04x}", line.len() + 4).into_bytes();
    packet.extend(line);
    packet
}

#[derive(Debug)]
struct Connection {
    session: Arc<Session>,
    stream: TcpStream,
}

impl Read for Connection {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.session.time_left()?;
        let read = self.stream.set_read_timeout(Some(left)).and_then(|()| self.stream.read(buffer));
        let read = read.map_err(|error| self.session.note_io(&error))?;
        self.session.count(read)?;
        Ok(read)
    }
}

impl Write for Connection {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let left = self.session.time_left()?;
        let sent =
            self.stream.set_write_timeout(Some(left)).and_then(|()| self.stream.write(bytes));
        sent.map_err(|error| self.session.note_io(&error))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
