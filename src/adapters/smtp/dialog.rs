//! A connection to the mail server, from the greeting to a login, and its commands and replies.

use std::fmt::Display;
use std::io::{ErrorKind, Read, Write};
use std::time::Duration;

use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS, Mechanism};
use lettre::transport::smtp::commands::{Auth, Ehlo, Quit, Starttls};
use lettre::transport::smtp::extension::{ClientId, Extension, ServerInfo};
use lettre::transport::smtp::response::Response;

use super::failure::{Failure, is_completion};
use crate::adapters::connection::{Bounds, Connection, Peer};
use crate::config::model::{Smtp, Tls};
use crate::config::redact::Redactor;
use crate::config::secret::Secret;
use crate::ports::Fault;

/// What the server may say in all of one letter's dialog.
const ALL_REPLIES: u64 = 1024 * 1024;
/// What one reply may be; RFC 5321 has 512 bytes a line.
const LONGEST_REPLY: usize = 64 * 1024;
/// LOGIN asks twice.
const CHALLENGES: usize = 3;
/// A farewell is not worth more.
const FAREWELL: Duration = Duration::from_secs(1);

/// A connection that has been greeted, encrypted and logged in as the settings want.
pub(crate) struct Dialog {
    connection: Connection,
    unread: Vec<u8>,
    server: ServerInfo,
    redactor: Redactor,
    is_broken: bool,
}

impl Dialog {
    /// Connects and gets everything ready for a letter, within the deadline that holds for the
    /// letter too.
    ///
    /// # Errors
    /// Temporary: the server is away, slow or busy. Misconfigured: TLS, certificate, greeting or
    /// login refused.
    pub(crate) fn begin(
        settings: &Smtp,
        hello: &ClientId,
        deadline: Duration,
    ) -> Result<Self, Fault> {
        let peer = Peer {
            host: &settings.host,
            port: settings.port,
            tls: settings.tls,
            allow_plain: settings.allow_plain,
            ca_file: settings.ca_file.as_deref(),
        };
        let connection = Connection::open(peer, Bounds::new(deadline, ALL_REPLIES))?;
        let mut dialog = Self {
            connection,
            unread: Vec::new(),
            server: ServerInfo::default(),
            redactor: settings
                .login
                .as_ref()
                .map_or_else(Redactor::default, |(_, password)| Redactor::of(password)),
            is_broken: false,
        };
        dialog.expect_completion("the mail server's greeting")?;
        dialog.hello(hello)?;
        if settings.tls == Tls::Starttls {
            dialog.starttls(peer)?;
            // What it offers without TLS does not hold with it (RFC 3207, section 4.2).
            dialog.hello(hello)?;
        }
        if let Some((login, password)) = &settings.login {
            dialog.login(login, password)?;
        }
        Ok(dialog)
    }

    /// What the server offers.
    pub(crate) fn server(&self) -> &ServerInfo {
        &self.server
    }

    /// Whether the connection is encrypted.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.connection.is_encrypted()
    }

    /// Sends a command and reads its reply, whatever it is.
    ///
    /// # Errors
    /// Broken.
    pub(crate) fn ask(&mut self, command: impl Display) -> Result<Response, Failure> {
        self.write(command.to_string().as_bytes())?;
        self.reply()
    }

    /// Sends a command; its reply must have that code.
    ///
    /// # Errors
    /// Broken, or another answer.
    pub(crate) fn command(&mut self, command: impl Display, code: u16) -> Result<(), Failure> {
        let response = self.ask(command)?;
        if response.has_code(code) { Ok(()) } else { Err(Failure::answered(&response)) }
    }

    /// Sends bytes. What the server said unasked before would be taken for the answer.
    ///
    /// # Errors
    /// Broken.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        if !self.unread.is_empty() {
            self.is_broken = true;
            return Err(Failure::Broken("the server answered what it was not asked".into()));
        }
        let result = self.connection.write_all(bytes).and_then(|()| self.connection.flush());
        self.is_broken |= result.is_err();
        result.map_err(|error| Failure::Broken(error.to_string()))
    }

    /// Reads one reply, of one line or several.
    ///
    /// # Errors
    /// Broken.
    pub(crate) fn reply(&mut self) -> Result<Response, Failure> {
        let result = self.read_reply();
        self.is_broken |= result.is_err();
        result
    }

    /// Says goodbye, and does not wait long for the answer.
    pub(crate) fn quit(&mut self) {
        if !self.is_broken {
            self.connection.bounds().shorten(FAREWELL);
            let _whatever = self.ask(Quit);
        }
    }

    fn read_reply(&mut self) -> Result<Response, Failure> {
        let mut reply = String::new();
        loop {
            let line = self.read_line()?;
            // Whatever is told of it later, the password is no part of it.
            let text = self.redactor.text(&String::from_utf8_lossy(&line));
            let text = text.trim_end_matches(['\r', '\n']);
            reply.push_str(text);
            // A code alone is a reply (RFC 5321, section 4.2), but lettre wants the blank.
            if text.len() == 3 {
                reply.push(' ');
            }
            reply.push_str("\r\n");
            if text.as_bytes().get(3) != Some(&b'-') {
                return reply
                    .parse()
                    .map_err(|_| Failure::Broken("the server's answer is not SMTP".into()));
            }
            if reply.len() > LONGEST_REPLY {
                return Err(Failure::Broken("the server's answer is too long".into()));
            }
        }
    }

    fn read_line(&mut self) -> Result<Vec<u8>, Failure> {
        loop {
            if let Some(end) = self.unread.iter().position(|byte| *byte == b'\n') {
                let later = self.unread.split_off(end + 1);
                return Ok(std::mem::replace(&mut self.unread, later));
            }
            if self.unread.len() > LONGEST_REPLY {
                return Err(Failure::Broken("the server's answer is too long".into()));
            }
            let mut piece = [0; 4096];
            let count = match self.connection.read(&mut piece) {
                Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
                result => result,
            }
            .map_err(|error: std::io::Error| Failure::Broken(error.to_string()))?;
            self.unread.extend_from_slice(piece.get(..count).unwrap_or_default());
        }
    }

    fn expect_completion(&mut self, step: &str) -> Result<Response, Fault> {
        let response = self.reply().map_err(|failure| failure.setup(step))?;
        if is_completion(&response) {
            Ok(response)
        } else {
            self.quit();
            Err(Failure::answered(&response).setup(step))
        }
    }

    fn hello(&mut self, hello: &ClientId) -> Result<(), Fault> {
        self.write(Ehlo::new(hello.clone()).to_string().as_bytes())
            .map_err(|failure| failure.setup("EHLO"))?;
        let response = self.expect_completion("EHLO")?;
        self.server = ServerInfo::from_response(&response)
            .map_err(|_| Fault::temporary("EHLO: the server's answer is not SMTP"))?;
        Ok(())
    }

    fn starttls(&mut self, peer: Peer<'_>) -> Result<(), Fault> {
        if !self.server.supports_feature(Extension::StartTls) {
            self.quit();
            return Err(Fault::misconfigured(format!(
                "{}:{} does not offer STARTTLS",
                peer.host, peer.port
            )));
        }
        self.write(Starttls.to_string().as_bytes()).map_err(|failure| failure.setup("STARTTLS"))?;
        self.expect_completion("STARTTLS")?;
        if !self.unread.is_empty() {
            // It would be taken for an answer under TLS (RFC 7457, section 2.2).
            return Err(Fault::misconfigured(
                "the mail server sent more after its answer to STARTTLS, before TLS began",
            ));
        }
        self.connection.encrypt(peer)
    }

    /// RFC 4954, with PLAIN or LOGIN. The server's words about it are not told but for the code:
    /// they might repeat what was sent.
    fn login(&mut self, login: &str, password: &Secret) -> Result<(), Fault> {
        let offered = DEFAULT_MECHANISMS.iter().copied();
        let mechanism = offered
            .filter(|_| self.connection.keeps_secrets())
            .find(|mechanism| self.server.supports_auth_mechanism(*mechanism));
        let Some(mechanism) = mechanism else {
            self.quit();
            return Err(Fault::misconfigured(
                "the mail server offers no login by PLAIN or LOGIN on this connection",
            ));
        };
        let step = format!("login as {login}");
        let code = self.authenticate(mechanism, login, password).map_err(|f| f.setup(&step))?;
        match code {
            235 => Ok(()),
            400..=499 => Err(Fault::temporary(format!("{step}: the mail server says {code}"))),
            _ => {
                self.quit();
                Err(Fault::misconfigured(format!("{step}: the mail server says {code}")))
            }
        }
    }

    fn authenticate(
        &mut self,
        mechanism: Mechanism,
        login: &str,
        password: &Secret,
    ) -> Result<u16, Failure> {
        let credentials = Credentials::new(login.to_owned(), password.expose().to_owned());
        let unclear = |_| Failure::Broken("the server asks for something else".into());
        let first = Auth::new(mechanism, credentials.clone(), None).map_err(unclear)?;
        let mut response = self.ask(first)?;
        for _ in 0..CHALLENGES {
            if !response.has_code(334) {
                break;
            }
            let answer = Auth::new_from_response(mechanism, credentials.clone(), &response)
                .map_err(unclear)?;
            response = self.ask(answer)?;
        }
        Ok(u16::from(response.code()))
    }
}
