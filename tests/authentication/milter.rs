//! Real opendkim, spoken to as a mail server does: by the milter protocol (libmilter's mfdef.h).

use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::authentication::dkim_signer::Key;

/// How long it may take to be ready: far above what it does.
const PATIENCE: Duration = Duration::from_secs(60);

/// Between two looks whether it is.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// A running opendkim. Dropping it ends it.
struct Milter(Child);

impl Drop for Milter {
    fn drop(&mut self) {
        // Told to end, it takes seconds.
        let _already_gone = self.0.kill();
        let _already_waited_for = self.0.wait();
    }
}

/// The mail with the signature that opendkim puts on top, of example.org and the selector sel.
pub(crate) fn opendkim_signs(key: &Key, mail: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let (file, socket) = (folder.path().join("opendkim.conf"), folder.path().join("socket"));
    let configuration = format!(
        "Socket local:{}\nBackground no\nSyslog no\nRequireSafeKeys no\nPidFile {}\nMode s\n\
         Domain example.org\nSelector sel\nKeyFile {}\nCanonicalization relaxed/simple\n",
        socket.display(),
        folder.path().join("pid").display(),
        key.file().display()
    );
    fs::write(&file, configuration).unwrap();
    let mut opendkim = Command::new("/usr/sbin/opendkim");
    opendkim.args(["-f", "-x"]).arg(&file).stdin(Stdio::null());
    let mut milter = Milter(opendkim.spawn().unwrap());
    let mut server = connected(&socket, &mut milter.0);
    let (header, body) = mail.split_once("\r\n\r\n").unwrap();
    // Version 6, all that a milter may do, and no step left out.
    exchange(&mut server, b'O', &[0, 0, 0, 6, 0, 0, 1, 0xff, 0, 0, 0, 0]);
    exchange(&mut server, b'C', b"client.example.org\x004\x00\x19127.0.0.1\0");
    exchange(&mut server, b'H', b"client.example.org\0");
    exchange(&mut server, b'M', b"<ada@example.org>\0");
    exchange(&mut server, b'R', b"<bot@example.test>\0");
    for field in header.replace("\r\n ", " ").split("\r\n") {
        let (name, value) = field.split_once(": ").unwrap();
        exchange(&mut server, b'L', format!("{name}\0{value}\0").as_bytes());
    }
    exchange(&mut server, b'N', b"");
    exchange(&mut server, b'B', body.as_bytes());
    send(&mut server, b'E', b"");
    let mut added = String::new();
    loop {
        match receive(&mut server) {
            // A header, to be put in at an index.
            (b'i', data) => {
                let text = String::from_utf8(data[4..].to_vec()).unwrap();
                let (name, value) = text.trim_end_matches('\0').split_once('\0').unwrap();
                added = format!(
                    "{name}: {}\r\n",
                    crate::authentication::mails::crlf(value.trim_start())
                );
            }
            (b'a' | b'c', _) => return format!("{added}{mail}"),
            (other, _) => panic!("opendkim says {:?}", char::from(other)),
        }
    }
}

fn connected(socket: &Path, opendkim: &mut Child) -> UnixStream {
    let begun = Instant::now();
    loop {
        match UnixStream::connect(socket) {
            Ok(stream) => return stream,
            Err(error) => assert!(begun.elapsed() < PATIENCE, "opendkim: {error}"),
        }
        assert!(opendkim.try_wait().unwrap().is_none(), "opendkim ended");
        thread::sleep(LOOK_AGAIN);
    }
}

/// Says one thing and hears that it may go on.
fn exchange(server: &mut UnixStream, command: u8, data: &[u8]) {
    send(server, command, data);
    let (answer, _) = receive(server);
    let expected = if command == b'O' { b'O' } else { b'c' };
    assert_eq!(char::from(answer), char::from(expected), "to {:?}", char::from(command));
}

fn send(server: &mut UnixStream, command: u8, data: &[u8]) {
    let length = u32::try_from(data.len() + 1).unwrap();
    server.write_all(&[&length.to_be_bytes()[..], &[command], data].concat()).unwrap();
}

fn receive(server: &mut UnixStream) -> (u8, Vec<u8>) {
    let mut length = [0; 4];
    server.read_exact(&mut length).unwrap();
    let mut packet = vec![0; u32::from_be_bytes(length) as usize];
    server.read_exact(&mut packet).unwrap();
    (packet[0], packet.split_off(1))
}
