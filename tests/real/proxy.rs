//! A TCP proxy with faults, to stand in front of a server. It must not know any protocol.
//!
//! It connects from 127.0.0.1 to servers that listen on another loopback address, since Dovecot
//! takes a connection whose two ends are the same address for secured.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::net::sockopt::set_socket_linger;

/// What the proxy does to what passes through it, from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// New connections are closed at once; old ones go on.
    Refuse,
    /// Connections are taken, and nothing passes until the fault is over.
    Stall,
    /// One byte a millisecond.
    Slow,
    /// A connection is cut once the server has sent that many bytes on it.
    CutAfter(usize),
    /// A connection is reset once the server has sent that many bytes on it.
    ResetAfter(usize),
    /// The server's next reply to at least that many bytes in a row (so to a mail, not to a
    /// command or a handshake) is swallowed and the connection cut. Happens once, then `None`.
    LoseReplyTo(usize),
}

/// A proxy on 127.0.0.1; dropping it ends its connections.
pub(crate) struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

struct Shared {
    server: SocketAddr,
    fault: Mutex<Fault>,
    changed: Condvar,
    live: Mutex<Vec<Arc<Connection>>>,
    taken: AtomicUsize,
    lost_replies: AtomicUsize,
    over: AtomicBool,
}

struct Connection {
    client: TcpStream,
    server: TcpStream,
    /// What the client sent since the server last said something.
    unanswered: AtomicUsize,
    pumps: AtomicUsize,
    ended: AtomicBool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    Cut,
    Reset,
}

impl Proxy {
    /// Stands in front of a server.
    pub(crate) fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("a bound socket");
        let shared = Arc::new(Shared {
            server,
            fault: Mutex::new(Fault::None),
            changed: Condvar::new(),
            live: Mutex::new(Vec::new()),
            taken: AtomicUsize::new(0),
            lost_replies: AtomicUsize::new(0),
            over: AtomicBool::new(false),
        });
        let acceptor = thread::spawn({
            let shared = Arc::clone(&shared);
            move || accept(&listener, &shared)
        });
        Self { address, shared, acceptor: Some(acceptor) }
    }

    /// A second proxy before the same server, with faults of its own.
    pub(crate) fn another(&self) -> Self {
        Self::before(self.shared.server)
    }

    /// Where clients connect to.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its port on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Changes what happens to old and new connections.
    pub(crate) fn set(&self, fault: Fault) {
        *lock(&self.shared.fault) = fault;
        self.shared.changed.notify_all();
    }

    /// Ends all connections as a vanished server would: end of file on both sides.
    pub(crate) fn cut(&self) {
        for connection in lock(&self.shared.live).drain(..) {
            connection.end(Ending::Cut);
        }
        // Under the lock, lest a pump miss it between its look and its wait.
        let _fault = lock(&self.shared.fault);
        self.shared.changed.notify_all();
    }

    /// How many connections were taken so far.
    pub(crate) fn connections(&self) -> usize {
        self.shared.taken.load(Ordering::SeqCst)
    }

    /// How many replies were lost so far.
    pub(crate) fn lost_replies(&self) -> usize {
        self.shared.lost_replies.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        self.cut();
        // Wakes the acceptor, which then sees that it is over.
        let _woken = TcpStream::connect(self.address);
        if let Some(acceptor) = self.acceptor.take() {
            let _ended = acceptor.join();
        }
        self.cut();
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for client in listener.incoming() {
        if shared.over.load(Ordering::SeqCst) {
            return;
        }
        shared.taken.fetch_add(1, Ordering::SeqCst);
        let Ok(client) = client else { continue };
        if *lock(&shared.fault) == Fault::Refuse {
            continue;
        }
        // A server that is down looks like one that hangs up.
        let Ok(server) = TcpStream::connect(shared.server) else { continue };
        let _as_is = (client.set_nodelay(true), server.set_nodelay(true));
        let connection = Arc::new(Connection {
            client,
            server,
            unanswered: AtomicUsize::new(0),
            pumps: AtomicUsize::new(2),
            ended: AtomicBool::new(false),
        });
        lock(&shared.live).push(Arc::clone(&connection));
        for direction in [Direction::ToServer, Direction::ToClient] {
            let (shared, connection) = (Arc::clone(shared), Arc::clone(&connection));
            thread::spawn(move || pump(&shared, &connection, direction));
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    ToServer,
    ToClient,
}

/// Carries bytes one way until an end of file, an error or a fault ends it.
fn pump(shared: &Shared, connection: &Connection, direction: Direction) {
    let (mut from, mut to) = match direction {
        Direction::ToServer => (&connection.client, &connection.server),
        Direction::ToClient => (&connection.server, &connection.client),
    };
    let mut buffer = vec![0; 16 * 1024];
    let mut passed = 0;
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        match direction {
            Direction::ToServer => {
                connection.unanswered.fetch_add(count, Ordering::SeqCst);
            }
            Direction::ToClient => {
                passed += count;
                if let Some(ending) = shared.ends(connection, passed) {
                    connection.end(ending);
                    break;
                }
                connection.unanswered.store(0, Ordering::SeqCst);
            }
        }
        if shared.carry(connection, &mut to, &buffer[..count]).is_err() {
            break;
        }
    }
    if !connection.ended.load(Ordering::SeqCst) {
        let _already_closed = to.shutdown(Shutdown::Write);
    }
    shared.forget(connection);
}

impl Shared {
    /// Whether a fault ends this connection before what the server just sent is passed on.
    fn ends(&self, connection: &Connection, passed: usize) -> Option<Ending> {
        let mut fault = lock(&self.fault);
        match *fault {
            Fault::None | Fault::Refuse | Fault::Stall | Fault::Slow => None,
            Fault::CutAfter(bytes) => (passed > bytes).then_some(Ending::Cut),
            Fault::ResetAfter(bytes) => (passed > bytes).then_some(Ending::Reset),
            Fault::LoseReplyTo(bytes) => {
                let mail = connection.unanswered.load(Ordering::SeqCst) >= bytes;
                mail.then(|| {
                    *fault = Fault::None;
                    self.lost_replies.fetch_add(1, Ordering::SeqCst);
                    Ending::Cut
                })
            }
        }
    }

    /// Passes bytes on, late or slowly if that is the fault.
    fn carry(&self, connection: &Connection, to: &mut &TcpStream, bytes: &[u8]) -> io::Result<()> {
        let stalled =
            |fault: &mut Fault| *fault == Fault::Stall && !connection.ended.load(Ordering::SeqCst);
        let fault = lock(&self.fault);
        let fault = *self.changed.wait_while(fault, stalled).expect("no pump panics");
        if connection.ended.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        if fault != Fault::Slow {
            return to.write_all(bytes);
        }
        for byte in bytes {
            to.write_all(&[*byte])?;
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// Lets go of a connection whose two directions are done: its sockets close.
    fn forget(&self, connection: &Connection) {
        if connection.pumps.fetch_sub(1, Ordering::SeqCst) == 1 {
            lock(&self.live).retain(|live| !std::ptr::eq(Arc::as_ptr(live), connection));
        }
    }
}

impl Connection {
    /// Ends both sides; the sockets close when both pumps have noticed.
    fn end(&self, ending: Ending) {
        self.ended.store(true, Ordering::SeqCst);
        for side in [&self.client, &self.server] {
            let how = match ending {
                Ending::Cut => Shutdown::Both,
                Ending::Reset => {
                    // With no time to linger, closing sends RST instead of FIN.
                    let _best_effort = set_socket_linger(side, Some(Duration::ZERO));
                    Shutdown::Read
                }
            };
            let _already_closed = side.shutdown(how);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no pump panics")
}
