//! What no program that answers mail can do without: it waits in IDLE, fetches the mail, and gives a
//! letter to SMTP. No signature is looked at, nothing is recorded.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

use crate::shared::Outcome;
use crate::world::PLAIN;

/// A connection to the mailbox, as the bot keeps one; each letter gets a connection of its own, as
/// the bot's do.
pub(crate) struct Loop {
    imap: BufReader<TcpStream>,
    smtp: SocketAddr,
}

impl Loop {
    /// Logs in and opens the mailbox.
    pub(crate) fn connect(imap: SocketAddr, smtp: SocketAddr) -> Outcome<Self> {
        let mut this = Self { imap: connect(imap)?, smtp };
        until(&mut this.imap, "* OK")?;
        this.command(&format!("LOGIN {PLAIN} secret"))?;
        this.command("SELECT INBOX")?;
        Ok(this)
    }

    /// Begins to wait for news.
    pub(crate) fn waits(&mut self) -> Outcome<()> {
        self.imap.get_mut().write_all(b"a IDLE\r\n")?;
        until(&mut self.imap, "+").map(drop)
    }

    /// Reads the mail that is announced and sends a letter; returns when SMTP has taken it.
    pub(crate) fn answers(&mut self, letter: &[u8]) -> Outcome<()> {
        let news = loop {
            let line = line(&mut self.imap)?;
            if line.ends_with("EXISTS") {
                break line;
            }
        };
        let number = news.split(' ').nth(1).unwrap_or_default();
        self.imap.get_mut().write_all(b"DONE\r\n")?;
        until(&mut self.imap, "a OK")?;
        self.imap.get_mut().write_all(format!("a FETCH {number} BODY.PEEK[]\r\n").as_bytes())?;
        let fetched = until(&mut self.imap, "* ")?;
        let size = fetched.rsplit_once('{').and_then(|(_, size)| size.strip_suffix('}'));
        let mut mail = vec![0; size.ok_or("no mail")?.parse()?];
        self.imap.read_exact(&mut mail)?;
        until(&mut self.imap, "a OK")?;
        self.send(letter)
    }

    fn send(&self, letter: &[u8]) -> Outcome<()> {
        let mut smtp = connect(self.smtp)?;
        until(&mut smtp, "220 ")?;
        for (command, answer) in [
            ("EHLO plain.example.org", "250 "),
            ("MAIL FROM:<plain@example.org>", "250 "),
            ("RCPT TO:<admin@example.org>", "250 "),
            ("DATA", "354 "),
        ] {
            smtp.get_mut().write_all(format!("{command}\r\n").as_bytes())?;
            until(&mut smtp, answer)?;
        }
        // No line of the bot's letters begins with a dot.
        smtp.get_mut().write_all(letter)?;
        smtp.get_mut().write_all(b"\r\n.\r\n")?;
        until(&mut smtp, "250 ").map(drop)
    }

    fn command(&mut self, command: &str) -> Outcome<()> {
        self.imap.get_mut().write_all(format!("a {command}\r\n").as_bytes())?;
        until(&mut self.imap, "a OK").map(drop)
    }
}

fn connect(address: SocketAddr) -> Outcome<BufReader<TcpStream>> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(crate::world::PATIENCE))?;
    Ok(BufReader::new(stream))
}

/// Reads on to a line that begins so.
fn until(stream: &mut BufReader<TcpStream>, begin: &str) -> Outcome<String> {
    loop {
        let line = line(stream)?;
        if line.starts_with(begin) {
            return Ok(line);
        }
    }
}

fn line(stream: &mut BufReader<TcpStream>) -> Outcome<String> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Err("the server hung up".into());
    }
    Ok(line.trim_end().to_owned())
}
