//! The SMTP side of the stand-in (RFC 5321), around mailin's state machine. It must not decide
//! where a mail goes.
//!
//! What the machine can't do is done around it: SIZE (RFC 1870), the null reverse path, staying
//! authenticated after RSET, and refusing a mail at its end (the machine would go on taking data).

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mailin::response::{AUTH_OK, INVALID_CREDENTIALS, OK};
use mailin::{Action, AuthMechanism, Handler, Response, Session, SessionBuilder};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::faults::{MailFault, Moment};
use super::hub::{HOST, Hub};

/// Stands for `<>`, which the machine's parser does not know.
const NULL_PATH: &str = "null-path@mail.invalid";
/// No command or line of a mail may be longer (RFC 5321, section 4.5.3.1, asks for less).
const LONGEST_LINE: u64 = 1 << 20;

/// A transaction as it is being told.
#[derive(Default)]
struct Draft {
    sender: String,
    recipients: Vec<String>,
    data: Vec<u8>,
    in_data: bool,
    authenticated: bool,
}

/// What the state machine asks and tells; it owns one, the session shares the draft.
struct Desk {
    hub: Arc<Hub>,
    draft: Arc<Mutex<Draft>>,
}

fn open(draft: &Mutex<Draft>) -> MutexGuard<'_, Draft> {
    draft.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Desk {
    fn admit(&self, user: &str, password: &str) -> Response {
        let mut draft = open(&self.draft);
        draft.authenticated |= self.hub.admits(user, password);
        if draft.authenticated { AUTH_OK } else { INVALID_CREDENTIALS }
    }
}

impl Handler for Desk {
    fn mail(&mut self, _ip: IpAddr, _domain: &str, from: &str) -> Response {
        let mut draft = open(&self.draft);
        from.clone_into(&mut draft.sender);
        if from == NULL_PATH {
            draft.sender.clear();
        }
        draft.recipients.clear();
        draft.data.clear();
        OK
    }

    fn rcpt(&mut self, to: &str) -> Response {
        if !self.hub.takes(to) {
            return Response::custom(550, format!("5.7.1 <{to}>: Relay access denied"));
        }
        open(&self.draft).recipients.push(to.to_owned());
        OK
    }

    fn data_start(
        &mut self,
        _domain: &str,
        _from: &str,
        _is8bit: bool,
        _to: &[String],
    ) -> Response {
        open(&self.draft).in_data = true;
        OK
    }

    fn data(&mut self, buf: &[u8]) -> io::Result<()> {
        let mut draft = open(&self.draft);
        // One byte over the limit is kept, so that the end can tell that there was too much.
        let room = (self.hub.size_limit as usize + 1).saturating_sub(draft.data.len());
        draft.data.extend_from_slice(&buf[..buf.len().min(room)]);
        Ok(())
    }

    fn data_end(&mut self) -> Response {
        open(&self.draft).in_data = false;
        OK
    }

    fn auth_plain(&mut self, _authorization: &str, user: &str, password: &str) -> Response {
        self.admit(user, password)
    }

    fn auth_login(&mut self, user: &str, password: &str) -> Response {
        self.admit(user, password)
    }
}

/// One connection.
struct Connection {
    hub: Arc<Hub>,
    draft: Arc<Mutex<Draft>>,
    machine: Session<Desk>,
    stream: BufReader<TcpStream>,
}

/// What follows a line.
enum Next {
    Answer(Response),
    /// Half of it, then the end.
    Cut(Response),
    Hang,
    Close,
}

/// Serves one client until it leaves.
pub(super) async fn serve(stream: TcpStream, hub: Arc<Hub>) -> io::Result<()> {
    let draft = Arc::new(Mutex::new(Draft::default()));
    let mut builder = SessionBuilder::new(HOST);
    if hub.smtp_auth {
        builder.enable_auth(AuthMechanism::Plain).enable_auth(AuthMechanism::Login);
        builder.insecure_enable_plaintext_auth();
    }
    let desk = Desk { hub: hub.clone(), draft: draft.clone() };
    let machine = builder.build(IpAddr::V4(Ipv4Addr::LOCALHOST), desk);
    let mut connection = Connection { hub, draft, machine, stream: BufReader::new(stream) };
    let greeting = connection.machine.greeting();
    connection.write(&greeting, false).await?;
    while connection.line().await? {}
    Ok(())
}

impl Connection {
    /// Reads and answers one line; whether another may follow.
    async fn line(&mut self) -> io::Result<bool> {
        let mut line = Vec::new();
        let mut limited = (&mut self.stream).take(LONGEST_LINE);
        if limited.read_until(b'\n', &mut line).await? == 0 || !line.ends_with(b"\n") {
            return Ok(false);
        }
        match self.next(&line) {
            Next::Answer(response) => {
                self.write(&response, verb(&line) == "EHLO").await?;
                Ok(response.action != Action::Close)
            }
            Next::Cut(response) => {
                let bytes = response.buffer()?;
                self.stream.write_all(&bytes[..bytes.len() / 2]).await?;
                Ok(false)
            }
            Next::Hang => {
                tokio::io::copy(&mut self.stream, &mut tokio::io::sink()).await?;
                Ok(false)
            }
            Next::Close => Ok(false),
        }
    }

    fn next(&mut self, line: &[u8]) -> Next {
        let moment = self.moment(line);
        let fault = moment.and_then(|moment| self.hub.strike(moment));
        match fault {
            None => Next::Answer(self.obey(line)),
            Some(MailFault::Refuse { code, text }) => {
                if moment == Some(Moment::SmtpEndOfData) {
                    self.machine.process(line);
                }
                Next::Answer(Response::custom(code, text))
            }
            Some(MailFault::LoseAnswer) => {
                self.obey(line);
                Next::Close
            }
            Some(MailFault::CutAnswer) => Next::Cut(self.obey(line)),
            Some(MailFault::Drop) => Next::Close,
            Some(MailFault::Stall) => Next::Hang,
        }
    }

    fn moment(&self, line: &[u8]) -> Option<Moment> {
        if open(&self.draft).in_data {
            return (line == b".\r\n").then_some(Moment::SmtpEndOfData);
        }
        match verb(line).as_str() {
            "MAIL" => Some(Moment::SmtpMail),
            "RCPT" => Some(Moment::SmtpRcpt),
            "DATA" => Some(Moment::SmtpData),
            _ => None,
        }
    }

    /// Carries out a line: through the machine, and beyond it the end of a mail.
    fn obey(&mut self, line: &[u8]) -> Response {
        if open(&self.draft).in_data {
            let response = self.machine.process(line);
            return if open(&self.draft).in_data { response } else { self.deliver() };
        }
        let verb = verb(line);
        if verb != "MAIL" {
            let response = self.machine.process(line);
            self.stay_authenticated(&verb);
            return response;
        }
        let (line, size) = mail_command(line);
        if size > self.hub.size_limit {
            return too_big();
        }
        self.machine.process(&line)
    }

    /// The machine forgets AUTH at RSET and EHLO; RFC 4954, section 4, does not.
    fn stay_authenticated(&mut self, verb: &str) {
        let authenticated = open(&self.draft).authenticated;
        if authenticated && matches!(verb, "RSET" | "EHLO" | "HELO") {
            self.machine.process(b"AUTH PLAIN AAAA\r\n");
        }
    }

    fn deliver(&mut self) -> Response {
        let draft = std::mem::take(&mut open(&self.draft).data);
        if draft.len() as u64 > self.hub.size_limit {
            return too_big();
        }
        let (sender, recipients) = {
            let open = open(&self.draft);
            (open.sender.clone(), open.recipients.clone())
        };
        for delayed in self.hub.deliver(&sender, &recipients, &draft) {
            let hub = self.hub.clone();
            tokio::spawn(async move {
                tokio::time::sleep(delayed.after).await;
                hub.distribute(&delayed.list, &delayed.post);
            });
        }
        Response::custom(250, "2.0.0 Ok: queued".to_owned())
    }

    async fn write(&mut self, response: &Response, is_ehlo: bool) -> io::Result<()> {
        let mut bytes = response.buffer()?;
        if is_ehlo && !response.is_error {
            let size = format!("250-SIZE {}\r\n", self.hub.size_limit);
            let after_first = bytes.iter().position(|&b| b == b'\n').map_or(0, |at| at + 1);
            bytes.splice(after_first..after_first, size.bytes());
        }
        self.stream.write_all(&bytes).await
    }
}

fn too_big() -> Response {
    Response::custom(552, "5.3.4 Message size exceeds fixed limit".to_owned())
}

/// The command word, in upper case.
fn verb(line: &[u8]) -> String {
    let word = line.split(|byte| byte.is_ascii_whitespace()).next().unwrap_or_default();
    String::from_utf8_lossy(word).to_ascii_uppercase()
}

/// MAIL as the machine's parser takes it: without SIZE and other parameters but BODY, and with a
/// name for the null path. The size that was declared is returned, or 0.
fn mail_command(line: &[u8]) -> (Vec<u8>, u64) {
    let text = String::from_utf8_lossy(line);
    let mut size = 0;
    let mut words = Vec::new();
    for (at, word) in text.split_whitespace().enumerate() {
        let upper = word.to_ascii_uppercase();
        if let Some(number) = upper.strip_prefix("SIZE=") {
            size = number.parse().unwrap_or(0);
        } else if at < 2 || upper.starts_with("BODY=") {
            words.push(word.replace("<>", &format!("<{NULL_PATH}>")));
        }
    }
    (format!("{}\r\n", words.join(" ")).into_bytes(), size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mail_command_is_told_in_the_machines_words() {
        let told = |line: &str| {
            let (line, size) = mail_command(line.as_bytes());
            (String::from_utf8(line).unwrap(), size)
        };
        assert_eq!(
            told("MAIL FROM:<a@b> SIZE=12 BODY=8BITMIME SMTPUTF8\r\n"),
            ("MAIL FROM:<a@b> BODY=8BITMIME\r\n".to_owned(), 12)
        );
        assert_eq!(told("mail from:<>\r\n"), (format!("mail from:<{NULL_PATH}>\r\n"), 0));
    }
}
