//! A DNS server that knows one text record, over UDP: what a DKIM key needs. It must not be asked
//! for anything else; it says that nothing else exists.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How often it looks whether it is to stop.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// A running server. It stops when it is dropped.
pub(crate) struct Dns {
    /// Where it answers.
    pub(crate) address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Dns {
    /// Serves the text record of a name.
    pub(crate) fn serve(name: &str, text: &str) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        socket.set_read_timeout(Some(LOOK_AGAIN)).expect("a socket");
        let address = socket.local_addr().expect("bound");
        let stop = Arc::new(AtomicBool::new(false));
        let (name, text, stopped) = (encoded(name), text.as_bytes().to_vec(), stop.clone());
        let thread = thread::spawn(move || {
            let mut query = [0; 1500];
            while !stopped.load(Ordering::SeqCst) {
                let Ok((length, client)) = socket.recv_from(&mut query) else { continue };
                if let Some(answer) = answer(&query[..length], &name, &text) {
                    let _gone_meanwhile = socket.send_to(&answer, client);
                }
            }
        });
        Self { address, stop, thread: Some(thread) }
    }
}

impl Drop for Dns {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let _panicked = thread.join();
        }
    }
}

/// The name as it stands in a message (RFC 1035, section 3.1).
fn encoded(name: &str) -> Vec<u8> {
    let labels = name.split('.').flat_map(|label| {
        let length = u8::try_from(label.len()).expect("a label");
        [length].into_iter().chain(label.bytes())
    });
    labels.chain([0]).collect()
}

/// The answer to a query of one question (section 4); what comes after the question, as EDNS does,
/// is not answered.
fn answer(query: &[u8], name: &[u8], text: &[u8]) -> Option<Vec<u8>> {
    let length = query.get(12..)?.iter().position(|byte| *byte == 0)? + 1;
    let question = query.get(12..12 + length + 4)?;
    let (asked, kind) = (&question[..length], &question[length..length + 2]);
    let known = asked.eq_ignore_ascii_case(name);
    let has = known && kind == [0, 16];
    // Recursion desired and available; 3 is "no such name".
    let mut answer = vec![query[0], query[1], 0x81, if known { 0x80 } else { 0x83 }];
    answer.extend([0, 1, 0, u8::from(has), 0, 0, 0, 0]);
    answer.extend(question);
    if has {
        let strings: Vec<u8> = text
            .chunks(200)
            .flat_map(|part| [part.len() as u8].into_iter().chain(part.iter().copied()))
            .collect();
        answer.extend([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60]);
        answer.extend(u16::try_from(strings.len()).ok()?.to_be_bytes());
        answer.extend(strings);
    }
    Some(answer)
}
