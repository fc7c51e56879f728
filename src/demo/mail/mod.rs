//! A stand-in mail server with mailing lists, for `gatepost demo` and the tests: SMTP and IMAP on
//! loopback, in this process. It must not be used for anybody's mail: it keeps everything in
//! memory and speaks no TLS.
//!
//! [`MailWorld`] says what it has, [`MailStandIn`] is the running server and the way to look into
//! it, [`Moment`] and [`MailFault`] say what shall go wrong. Protocols rest on imap-codec and
//! mailin; a thread of its own runs the connections, so that blocking clients of the same process
//! can't stop it.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use self::hub::Hub;

pub use self::faults::{MailFault, Moment};
pub use self::folder::StoredMail;
pub use self::list::ListOptions;
pub use self::world::MailWorld;

mod faults;
mod folder;
mod headers;
mod hub;
mod imap;
mod list;
mod smtp;
mod world;

/// A running stand-in mail server. It stops, and closes every connection, when it is dropped.
pub struct MailStandIn {
    hub: Arc<Hub>,
    smtp: SocketAddr,
    imap: SocketAddr,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl MailStandIn {
    /// Starts the server on two free ports of 127.0.0.1.
    ///
    /// # Errors
    /// No port, or no thread, is to be had.
    pub fn start(world: MailWorld) -> io::Result<Self> {
        let hub = Arc::new(Hub::new(world));
        let (smtp_socket, smtp) = listen()?;
        let (imap_socket, imap) = listen()?;
        let (stop, stopped) = watch::channel(false);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let inside = hub.clone();
        let thread =
            std::thread::Builder::new().name("mail-stand-in".to_owned()).spawn(move || {
                let served = runtime.block_on(run(smtp_socket, imap_socket, inside, stopped));
                if let Err(error) = served {
                    tracing::error!(%error, "the stand-in mail server stopped");
                }
            })?;
        Ok(Self { hub, smtp, imap, stop, thread: Some(thread) })
    }

    /// Where it speaks SMTP, without TLS.
    pub fn smtp_addr(&self) -> SocketAddr {
        self.smtp
    }

    /// Where it speaks IMAP, without TLS.
    pub fn imap_addr(&self) -> SocketAddr {
        self.imap
    }

    /// Posts a mail to a list as though its author had sent it; a delay is not waited for. The
    /// envelope's sender is the mail's From. **Not** safe to repeat: each call is a post.
    pub fn deliver(&self, list: &str, mail: &[u8]) {
        let from = headers::first(&headers::with_crlf(mail), "From").unwrap_or_default();
        let sender = headers::address(&from).to_owned();
        for delayed in self.hub.deliver(&sender, &[list.to_owned()], mail) {
            self.hub.distribute(&delayed.list, &delayed.post);
        }
    }

    /// Puts a mail into an account's folder with an arrival time of its own; the folder is made if
    /// need be.
    pub fn put(&self, user: &str, folder: &str, mail: &[u8], received: Timestamp) {
        let stored = StoredMail::new(&headers::with_crlf(mail), received);
        self.hub.put(user, folder, |folder| folder.add(stored));
    }

    /// Adds that many old mails to a folder, one a minute, the last at `until`. They cost next to
    /// nothing: each is made up when it is read.
    pub fn fill(&self, user: &str, folder: &str, count: u32, until: Timestamp) {
        self.hub.put(user, folder, |folder| folder.fill(count, until));
    }

    /// Makes a folder anew, as after a restore: another UIDVALIDITY, the same mails with UIDs from
    /// 1. Sessions that have it open are ended.
    pub fn recreate(&self, user: &str, folder: &str) {
        self.hub.put(user, folder, folder::Folder::recreate);
    }

    /// What a list has distributed, oldest first.
    pub fn archive(&self, list: &str) -> Vec<StoredMail> {
        let state = self.hub.state();
        state
            .lists
            .iter()
            .filter(|known| known.address == list)
            .flat_map(|l| l.archive.clone())
            .collect()
    }

    /// What arrived in the INBOX of the account with that address, oldest first.
    pub fn inbox(&self, address: &str) -> Vec<StoredMail> {
        match self.hub.owner(address) {
            Some(user) => self.folder(&user, "INBOX"),
            None => Vec::new(),
        }
    }

    /// What a folder holds, oldest first.
    pub fn folder(&self, user: &str, folder: &str) -> Vec<StoredMail> {
        let state = self.hub.state();
        state.folder(user, folder).map(|folder| folder.mails.clone()).unwrap_or_default()
    }

    /// Waits until a list has distributed at least that many mails; what it has by the deadline
    /// otherwise.
    pub fn wait_for_archive(&self, list: &str, count: usize, within: Duration) -> Vec<StoredMail> {
        self.hub.wait(Instant::now() + within, |state| {
            let list = state.lists.iter().find(|known| known.address == list)?;
            (list.archive.len() >= count).then_some(())
        });
        self.archive(list)
    }

    /// Waits until an INBOX holds at least that many mails; what it has by the deadline otherwise.
    pub fn wait_for_inbox(&self, address: &str, count: usize, within: Duration) -> Vec<StoredMail> {
        if let Some(user) = self.hub.owner(address) {
            self.hub.wait(Instant::now() + within, |state| {
                (state.folder(&user, "INBOX")?.mails.len() >= count).then_some(())
            });
        }
        self.inbox(address)
    }

    /// Distributes what a moderated list holds back; returns how many posts.
    pub fn release(&self, list: &str) -> usize {
        self.hub.release(list)
    }

    /// Lets something go wrong the next `times` times that it could.
    pub fn fail(&self, moment: Moment, fault: MailFault, times: u32) {
        self.hub.state().faults.expect(moment, fault, times);
    }

    /// Forgets the faults that have not struck.
    pub fn heal(&self) {
        self.hub.state().faults.clear();
    }

    /// Lets IDLE announce nothing (or announce again): what a client must poll for.
    pub fn mute_idle(&self, mute: bool) {
        self.hub.state().mute = mute;
        self.hub.announce();
    }

    /// Closes every IMAP connection without a word. New ones are welcome.
    pub fn drop_imap_connections(&self) {
        self.hub.drops.send_modify(|count| *count += 1);
    }
}

impl Drop for MailStandIn {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            // A panic in there was printed when it happened.
            thread.join().ok();
        }
    }
}

fn listen() -> io::Result<(std::net::TcpListener, SocketAddr)> {
    let socket = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    socket.set_nonblocking(true)?;
    let address = socket.local_addr()?;
    Ok((socket, address))
}

/// Serves both protocols until told to stop; connections end with the runtime.
async fn run(
    smtp: std::net::TcpListener,
    imap: std::net::TcpListener,
    hub: Arc<Hub>,
    mut stopped: watch::Receiver<bool>,
) -> io::Result<()> {
    let smtp = TcpListener::from_std(smtp)?;
    let imap = TcpListener::from_std(imap)?;
    let local = tokio::task::LocalSet::new();
    let serving = local.run_until(async move {
        loop {
            let hub = hub.clone();
            tokio::select! {
                client = smtp.accept() => {
                    if let Ok((stream, _)) = client {
                        tokio::task::spawn_local(watched(stream, hub, "SMTP", smtp::serve));
                    }
                }
                client = imap.accept() => {
                    if let Ok((stream, _)) = client {
                        tokio::task::spawn_local(watched(stream, hub, "IMAP", imap::serve));
                    }
                }
            }
        }
    });
    tokio::select! {
        () = serving => Ok(()),
        _ = stopped.wait_for(|stop| *stop) => Ok(()),
    }
}

/// Serves one client, and says in the log how it ended if not well.
async fn watched<F>(
    stream: TcpStream,
    hub: Arc<Hub>,
    protocol: &'static str,
    serve: impl FnOnce(TcpStream, Arc<Hub>) -> F,
) where
    F: Future<Output = io::Result<()>>,
{
    stream.set_nodelay(true).ok();
    if let Err(error) = serve(stream, hub).await {
        tracing::debug!(%error, protocol, "a client's connection broke");
    }
}
