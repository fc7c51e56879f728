//! Servers that refuse everything, and quote in their refusals what they were sent.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A server: where it listens, and how often it has refused.
pub(crate) struct Echo {
    pub(crate) port: u16,
    pub(crate) refused: Arc<AtomicUsize>,
}

impl Echo {
    fn start(serve: impl Fn(TcpStream, &AtomicUsize) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (refused, serve) = (Arc::new(AtomicUsize::new(0)), Arc::new(serve));
        let count = Arc::clone(&refused);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (serve, count) = (Arc::clone(&serve), Arc::clone(&count));
                thread::spawn(move || serve(stream, &count));
            }
        });
        Self { port, refused }
    }

    pub(crate) fn has_refused(&self) -> bool {
        self.refused.load(Ordering::SeqCst) > 0
    }

    /// IMAP; with AUTHENTICATE PLAIN or with LOGIN alone.
    pub(crate) fn imap(plain: bool) -> Self {
        Self::start(move |stream, refused| {
            let _gone = imap(&stream, plain, refused);
        })
    }

    /// SMTP: refuses the login, or takes it and refuses the letter.
    pub(crate) fn smtp(takes_login: bool) -> Self {
        Self::start(move |stream, refused| {
            let _gone = smtp(&stream, takes_login, refused);
        })
    }

    /// HTTP: that status to everything, with the credentials in a JSON body and in headers.
    pub(crate) fn http(status: &'static str, body: fn(&str) -> String) -> Self {
        Self::start(move |stream, refused| {
            let _gone = http(&stream, status, body, refused);
        })
    }
}

/// What a login by PLAIN says, in all forms that a careless server may print.
fn quotes(sent: &str) -> String {
    let decoded = STANDARD.decode(sent).unwrap_or_default();
    let parts: Vec<_> = decoded.split(|byte| *byte == 0).map(String::from_utf8_lossy).collect();
    format!("{sent} {} {:?}", parts.join(" "), parts.join("/"))
}

fn lines(stream: &TcpStream) -> impl Iterator<Item = String> {
    BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok)
}

fn imap(mut stream: &TcpStream, plain: bool, refused: &AtomicUsize) -> std::io::Result<()> {
    let auth = if plain { " AUTH=PLAIN" } else { "" };
    stream.write_all(b"* OK ready\r\n")?;
    let mut lines = lines(stream);
    while let Some(line) = lines.next() {
        let (tag, command) = line.split_once(' ').unwrap_or((&line, ""));
        let upper = command.to_ascii_uppercase();
        if upper.starts_with("CAPABILITY") {
            write!(stream, "* CAPABILITY IMAP4rev1{auth}\r\n{tag} OK done\r\n")?;
        } else if upper.starts_with("AUTHENTICATE") {
            stream.write_all(b"+ \r\n")?;
            let quoted = quotes(&lines.next().unwrap_or_default());
            write!(stream, "* NO tried {quoted}\r\n{tag} NO [AUTHENTICATIONFAILED] {quoted}\r\n")?;
            refused.fetch_add(1, Ordering::SeqCst);
        } else {
            write!(stream, "{tag} NO [AUTHENTICATIONFAILED] no such login: {command}\r\n")?;
            refused.fetch_add(1, Ordering::SeqCst);
        }
        stream.flush()?;
    }
    Ok(())
}

fn smtp(mut stream: &TcpStream, takes_login: bool, refused: &AtomicUsize) -> std::io::Result<()> {
    stream.write_all(b"220 here ESMTP\r\n")?;
    let mut login = String::new();
    for line in lines(stream) {
        let upper = line.to_ascii_uppercase();
        if upper.starts_with("EHLO") {
            stream.write_all(b"250-here\r\n250 AUTH PLAIN\r\n")?;
        } else if let Some(sent) = upper.strip_prefix("AUTH PLAIN ") {
            login = quotes(&line[line.len() - sent.len()..]);
            if takes_login {
                stream.write_all(b"235 welcome\r\n")?;
            } else {
                write!(stream, "535-5.7.8 {login}\r\n535 5.7.8 no: {line}\r\n")?;
                refused.fetch_add(1, Ordering::SeqCst);
            }
        } else {
            write!(stream, "550-5.7.1 {login}\r\n550 5.7.1 {login}\r\n")?;
            refused.fetch_add(1, Ordering::SeqCst);
        }
    }
    Ok(())
}

fn http(
    mut stream: &TcpStream,
    status: &str,
    body: fn(&str) -> String,
    refused: &AtomicUsize,
) -> std::io::Result<()> {
    let (mut length, mut credentials) = (0, String::new());
    let mut reader = BufReader::new(stream.try_clone()?);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            if line.trim().is_empty() { break } else { continue }
        };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().unwrap_or(0),
            "private-token" => credentials.push_str(value),
            "authorization" => {
                let sent = value.trim_start_matches("Basic ");
                credentials.push_str(&quotes(sent).replace(['"', '\\'], ""));
            }
            _ => {}
        }
    }
    reader.take(length).read_to_end(&mut Vec::new())?;
    let body = body(&credentials);
    write!(
        stream,
        "HTTP/1.1 {status}\r\nX-Request-Id: {credentials}\r\nWWW-Authenticate: Basic \
         realm=\"{credentials}\"\r\nLocation: /{credentials}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )?;
    refused.fetch_add(1, Ordering::SeqCst);
    Ok(())
}
