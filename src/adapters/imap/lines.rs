//! What stands between the `imap` crate and the connection: it hands out whole lines, and guards
//! the places where that crate hangs or panics on what a server may legally say.
//!
//! * A line at a time: the crate's own buffer is then empty whenever a command is over, so that
//!   nothing the server says between two commands is taken for the next one's answer; and a wait
//!   that ends in the middle of a line has not lost its first half.
//! * Between `IDLE` and its `+` a server may say other things (RFC 3501, section 7), and it may
//!   refuse. The crate hangs on the first and panics on the second. Here, the `+` is handed out
//!   first, and a refusal ends the connection.
//! * After any failure nothing more is read or written: the crate's IDLE handle talks to the
//!   server when it is dropped, which must not wait for a server that is gone.

use std::io::{self, ErrorKind, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use imap::extensions::idle::SetReadTimeout;

use crate::adapters::connection::{Bell, Bounds, Connection};

/// A line longer than this is handed out in pieces; only literals are.
const LONGEST_LINE: usize = 64 * 1024;
/// What the server may say during one IDLE, or in answer to DONE.
const IDLE_BYTES: u64 = 1024 * 1024;

/// The connection, as the crate sees it.
pub(crate) struct Lines {
    connection: Connection,
    control: Control,
    buffer: Vec<u8>,
    /// Up to where the buffer has been handed out.
    start: usize,
    is_mid_line: bool,
}

/// The same connection, as its owner sees it while the crate holds it.
#[derive(Clone)]
pub(crate) struct Control {
    bounds: Bounds,
    state: Arc<Mutex<State>>,
}

struct State {
    phase: Phase,
    /// Why it can't be used any more.
    broken: Option<String>,
    is_idle_refused: bool,
}

/// Where a conversation is.
enum Phase {
    Command,
    /// IDLE is being sent; what follows once it has begun.
    Starting(IdleTerms),
    Started(IdleTerms),
    Idling(IdleTerms),
}

/// How long IDLE lasts, what ends it early, and how long its end may take.
#[derive(Clone)]
pub(crate) struct IdleTerms {
    /// An absolute limit from the server's `+`, however much it says in between.
    pub(crate) lasts: Duration,
    /// From DONE to the server's answer.
    pub(crate) farewell: Duration,
    /// Ends it early.
    pub(crate) bell: Arc<Bell>,
}

impl Control {
    /// Begins a command, which may take that long and bring that many bytes.
    pub(crate) fn command(&self, time: Duration, bytes: u64) {
        self.bounds.allow(time, bytes);
        self.state().phase = Phase::Command;
    }

    /// Begins an IDLE; to get to its `+` may take `time`.
    pub(crate) fn idle(&self, time: Duration, terms: IdleTerms) {
        self.bounds.allow(time, IDLE_BYTES);
        self.state().phase = Phase::Starting(terms);
    }

    /// Why the connection can't be used any more, if so.
    pub(crate) fn broken(&self) -> Option<String> {
        self.state().broken.clone()
    }

    /// Whether the server refused an IDLE.
    pub(crate) fn is_idle_refused(&self) -> bool {
        self.state().is_idle_refused
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lines {
    /// Takes a connection over.
    pub(crate) fn new(connection: Connection) -> Self {
        let state = State { phase: Phase::Command, broken: None, is_idle_refused: false };
        let control =
            Control { bounds: connection.bounds().clone(), state: Arc::new(Mutex::new(state)) };
        Self { connection, control, buffer: Vec::new(), start: 0, is_mid_line: false }
    }

    /// The owner's side of it.
    pub(crate) fn control(&self) -> Control {
        self.control.clone()
    }

    /// The connection, for its TLS handshake.
    pub(crate) fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// Whether the server said more than has been read.
    pub(crate) fn has_unread(&self) -> bool {
        self.start < self.buffer.len()
    }

    /// Reads one line, without its end.
    ///
    /// # Errors
    /// As of [`Read`]; `UnexpectedEof` if the server closed the connection.
    pub(crate) fn read_line(&mut self) -> io::Result<String> {
        let end = self.fill()?;
        let line = self.buffer.get(self.start..end).unwrap_or_default();
        if line.is_empty() {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let text = String::from_utf8_lossy(line).trim_end().to_owned();
        self.start = end;
        Ok(text)
    }

    /// Has a whole line in the buffer (or a long piece of one, or what there was before the end)
    /// and says where it ends.
    fn fill(&mut self) -> io::Result<usize> {
        let mut looked_at = self.start;
        loop {
            let fresh = self.buffer.get(looked_at..).unwrap_or_default();
            if let Some(position) = fresh.iter().position(|byte| *byte == b'\n') {
                return Ok(looked_at + position + 1);
            }
            looked_at = self.buffer.len();
            if looked_at - self.start >= LONGEST_LINE {
                return Ok(looked_at);
            }
            if self.start > 0 {
                self.buffer.drain(..self.start);
                looked_at -= self.start;
                self.start = 0;
            }
            let mut piece = [0; 16 * 1024];
            let count = self.connection.read(&mut piece)?;
            if count == 0 {
                return Ok(looked_at);
            }
            self.buffer.extend_from_slice(piece.get(..count).unwrap_or_default());
        }
    }

    /// Brings the `+` that answers IDLE before what else the server says until then.
    fn begin_idle(&mut self) -> io::Result<()> {
        let mut others = Vec::new();
        loop {
            let end = self.fill()?;
            let line = self.buffer.get(self.start..end).unwrap_or_default().to_vec();
            self.start = end;
            match line.first() {
                Some(b'+') => {
                    let rest = self.buffer.split_off(self.start);
                    self.buffer = [line, others, rest].concat();
                    self.start = 0;
                    return Ok(());
                }
                Some(b'*') => others.extend(line),
                Some(_) => {
                    self.control.state().is_idle_refused = true;
                    return Err(io::Error::new(ErrorKind::Unsupported, "IDLE was refused"));
                }
                None => return Err(ErrorKind::UnexpectedEof.into()),
            }
        }
    }

    fn read_some(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let starting = match &self.control.state().phase {
            Phase::Starting(terms) => Some(terms.clone()),
            Phase::Command | Phase::Started(_) | Phase::Idling(_) => None,
        };
        if let Some(terms) = starting {
            self.begin_idle()?;
            self.control.state().phase = Phase::Started(terms);
        }
        let end = self.fill()?;
        let line = self.buffer.get(self.start..end).unwrap_or_default();
        let count = line.len().min(into.len());
        into.iter_mut().zip(line).for_each(|(to, from)| *to = *from);
        self.is_mid_line = line.get(..count).and_then(<[u8]>::last).is_some_and(|b| *b != b'\n');
        self.start += count;
        Ok(count)
    }

    fn guard<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &result {
            let mut state = self.control.state();
            let is_over = matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock);
            let is_expected = is_over && matches!(state.phase, Phase::Idling(_));
            if !is_expected || self.is_mid_line {
                state.broken.get_or_insert_with(|| error.to_string());
            }
        }
        result
    }

    fn usable(&self) -> io::Result<()> {
        match self.control.broken() {
            Some(why) => Err(io::Error::new(ErrorKind::NotConnected, why)),
            None => Ok(()),
        }
    }
}

impl Read for Lines {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.usable()?;
        let result = self.read_some(into);
        self.guard(result)
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.usable()?;
        let result = self.connection.write(bytes);
        self.guard(result)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.usable()?;
        let result = self.connection.flush();
        self.guard(result)
    }
}

impl SetReadTimeout for Lines {
    /// Called by the crate when IDLE has begun (with a time) and when it ends (without). The time
    /// is ours: the crate's starts anew with every line.
    fn set_read_timeout(&mut self, timeout: Option<Duration>) -> imap::Result<()> {
        let mut state = self.control.state();
        let phase = std::mem::replace(&mut state.phase, Phase::Command);
        match (phase, timeout) {
            (Phase::Started(terms), Some(_)) => {
                self.control.bounds.allow(terms.lasts, IDLE_BYTES);
                self.control.bounds.listen(terms.bell.clone());
                state.phase = Phase::Idling(terms);
            }
            (Phase::Idling(terms), None) => {
                self.control.bounds.allow(terms.farewell, IDLE_BYTES);
            }
            (phase, _) => state.phase = phase,
        }
        Ok(())
    }
}
