//! A DNS server of text records over UDP, for the names of a test. It says that nothing else
//! exists, and remembers what it was asked for.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

/// What it does about a name.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// Gives the text record.
    Text(String),
    /// The name is there, and has no text record.
    Empty,
    /// Says that it failed (SERVFAIL).
    Failure,
    /// Says nothing.
    Silence,
}

/// A running server. It stops when it is dropped.
pub(crate) struct Dns {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    thread: Option<JoinHandle<()>>,
}

impl Dns {
    pub(crate) fn serve(zone: &[(&str, Answer)]) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = socket.local_addr().unwrap();
        let zone: Vec<(String, Answer)> =
            zone.iter().map(|(name, answer)| ((*name).to_owned(), answer.clone())).collect();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&asked);
        let thread = thread::spawn(move || {
            let mut query = [0; 1500];
            while let Ok((length, client)) = socket.recv_from(&mut query) {
                // Its own drop sends it nothing.
                let Some(question) = Question::read(&query[..length]) else { break };
                heard.lock().unwrap().push(question.name.clone());
                let known = zone.iter().find(|(name, _)| *name == question.name);
                if let Some(answer) = question.answer(known.map(|(_, answer)| answer)) {
                    socket.send_to(&answer, client).unwrap();
                }
            }
        });
        Self { address, asked, thread: Some(thread) }
    }

    /// The names that were asked for so far.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Dns {
    fn drop(&mut self) {
        let stop = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        stop.send_to(&[], self.address).unwrap();
        self.thread.take().unwrap().join().unwrap();
    }
}

/// A query (RFC 1035, section 4.1).
struct Question<'q> {
    id: &'q [u8],
    /// Name, type and class as they came.
    raw: &'q [u8],
    name: String,
    kind: &'q [u8],
}

impl<'q> Question<'q> {
    fn read(query: &'q [u8]) -> Option<Self> {
        let (head, rest) = query.split_at_checked(12)?;
        let mut labels = Vec::new();
        let mut at = 0;
        while let length @ 1.. = usize::from(*rest.get(at)?) {
            labels.push(String::from_utf8_lossy(rest.get(at + 1..=at + length)?).to_lowercase());
            at += length + 1;
        }
        let raw = rest.get(..at + 5)?;
        Some(Self { id: &head[..2], raw, name: labels.join("."), kind: &raw[at + 1..at + 3] })
    }

    fn answer(&self, known: Option<&Answer>) -> Option<Vec<u8>> {
        let text = match known {
            Some(Answer::Text(text)) if self.kind == [0, 16] => Some(text),
            _ => None,
        };
        let code = match known {
            Some(Answer::Silence) => return None,
            Some(Answer::Failure) => 2,
            Some(Answer::Text(_) | Answer::Empty) => 0,
            None => 3,
        };
        // An answer; recursion was desired and is to be had.
        let mut bytes =
            [self.id, &[0x81, 0x80 | code, 0, 1, 0, u8::from(text.is_some()), 0, 0, 0, 0]].concat();
        bytes.extend(self.raw);
        if let Some(text) = text {
            let mut strings = Vec::new();
            for part in text.as_bytes().chunks(255) {
                strings.push(u8::try_from(part.len()).unwrap());
                strings.extend(part);
            }
            // The name of the question; TXT, IN, a minute.
            bytes.extend([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60]);
            bytes.extend(u16::try_from(strings.len()).unwrap().to_be_bytes());
            bytes.extend(strings);
        }
        Some(bytes)
    }
}
