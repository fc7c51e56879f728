//! The IMAP side of the stand-in (RFC 3501, with IDLE, LITERAL+ and SASL-IR), on imap-codec. It
//! must not change what a folder holds, but for `\Seen`.
//!
//! This file reads commands and writes answers; [`session`] carries commands out, [`search`] and
//! [`fetch`] look into folders.

use std::io;
use std::sync::Arc;

use imap_codec::encode::Encoder;
use imap_codec::fragmentizer::{FragmentInfo, Fragmentizer};
use imap_codec::imap_types::IntoStatic;
use imap_codec::imap_types::auth::AuthenticateData;
use imap_codec::imap_types::command::Command;
use imap_codec::imap_types::core::{LiteralMode, Tag, Text};
use imap_codec::imap_types::response::{
    Bye, Code, CommandContinuationRequest, Greeting, Response, Status, StatusKind,
};
use imap_codec::{
    AuthenticateDataCodec, CommandCodec, GreetingCodec, IdleDoneCodec, ResponseCodec,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;

use self::encoding::broken;
use self::outcome::Outcome;
use self::session::Session;
use super::hub::Hub;

mod encoding;
mod fetch;
mod outcome;
mod search;
mod session;

/// No command may be longer, with its literals.
const LONGEST_COMMAND: u32 = 1 << 20;

/// Serves one client until it leaves, or all connections are dropped.
pub(super) async fn serve(stream: TcpStream, hub: Arc<Hub>) -> io::Result<()> {
    let mut drops = hub.drops.subscribe();
    let mut wire = Wire { stream, fragments: Fragmentizer::new(LONGEST_COMMAND) };
    tokio::select! {
        // The drop first: after it, no command that comes is answered.
        biased;
        _ = drops.changed() => Ok(()),
        done = converse(&mut wire, hub) => done,
    }
}

async fn converse(wire: &mut Wire, hub: Arc<Hub>) -> io::Result<()> {
    let greeting = Greeting::ok(None, "The stand-in is ready.").map_err(broken)?;
    wire.write(&GreetingCodec::default().encode(&greeting).dump()).await?;
    let news = hub.news();
    let mut session = Session::new(hub);
    while wire.message().await? {
        let command = wire.fragments.decode_message(&CommandCodec::default());
        let command = match command {
            Ok(command) => command.into_static(),
            Err(_) => {
                wire.refuse_unread().await?;
                continue;
            }
        };
        if !answer(wire, &mut session, command, news.clone()).await? {
            break;
        }
    }
    Ok(())
}

/// Carries out one command; whether another may follow.
async fn answer(
    wire: &mut Wire,
    session: &mut Session,
    command: Command<'static>,
    news: watch::Receiver<u64>,
) -> io::Result<bool> {
    let tag = command.tag.clone();
    let mut outcome = session.obey(command)?;
    if let Outcome::NeedsPassword = outcome {
        outcome = password(wire, session).await?;
    }
    match outcome {
        Outcome::Done { data, kind, code, text } => {
            wire.write(&data).await?;
            wire.status(Some(tag), kind, code, &text).await?;
            Ok(true)
        }
        Outcome::Fetch(mut job) => {
            while let Some(chunk) = session.next_chunk(&mut job)? {
                wire.write(&chunk).await?;
            }
            wire.status(Some(tag), StatusKind::Ok, None, "Fetched.").await?;
            Ok(true)
        }
        Outcome::Idle => idle(wire, session, tag, news).await,
        Outcome::Leave => {
            wire.bye("Until next time.").await?;
            wire.status(Some(tag), StatusKind::Ok, None, "Left.").await?;
            Ok(false)
        }
        Outcome::Deleted => {
            wire.bye("The folder was made anew.").await?;
            Ok(false)
        }
        Outcome::Cut(data) => {
            wire.write(&data).await?;
            Ok(false)
        }
        Outcome::Hang => wire.hang().await,
        Outcome::Close | Outcome::NeedsPassword => Ok(false),
    }
}

/// Asks for the data of AUTHENTICATE, and takes it.
async fn password(wire: &mut Wire, session: &mut Session) -> io::Result<Outcome> {
    let ask = CommandContinuationRequest::base64(&b""[..]);
    wire.send(Response::CommandContinuationRequest(ask)).await?;
    if !wire.message().await? {
        return Ok(Outcome::Close);
    }
    let data = wire.fragments.decode_message(&AuthenticateDataCodec::default());
    match data {
        Ok(AuthenticateData::Continue(secret)) => session.authenticate(secret.declassify()),
        Ok(AuthenticateData::Cancel) | Err(_) => Ok(Outcome::bad("Cancelled.")),
    }
}

/// IDLE (RFC 2177): says what comes until the client is done.
async fn idle(
    wire: &mut Wire,
    session: &mut Session,
    tag: Tag<'static>,
    mut news: watch::Receiver<u64>,
) -> io::Result<bool> {
    let ready = CommandContinuationRequest::basic(None, "Idling.").map_err(broken)?;
    wire.send(Response::CommandContinuationRequest(ready)).await?;
    loop {
        news.borrow_and_update();
        if session.is_folder_gone() {
            return Ok(false);
        }
        if !session.is_mute() {
            wire.write(&session.growth()?).await?;
        }
        tokio::select! {
            _ = news.changed() => {}
            came = wire.message() => {
                if !came? {
                    return Ok(false);
                }
                if wire.fragments.decode_message(&IdleDoneCodec::default()).is_err() {
                    wire.status(Some(tag), StatusKind::Bad, None, "DONE was expected.").await?;
                } else {
                    wire.status(Some(tag), StatusKind::Ok, None, "Idled.").await?;
                }
                return Ok(true);
            }
        }
    }
}

/// The connection: messages in, answers out.
struct Wire {
    stream: TcpStream,
    fragments: Fragmentizer,
}

impl Wire {
    /// Reads until a whole message is there; false when the client has left. Safe to cancel:
    /// what was read stays in the fragmentizer.
    async fn message(&mut self) -> io::Result<bool> {
        loop {
            while let Some(fragment) = self.fragments.progress() {
                if let FragmentInfo::Line { announcement: Some(literal), .. } = fragment
                    && literal.mode == LiteralMode::Sync
                {
                    self.stream.write_all(b"+ Go on.\r\n").await?;
                }
                if self.fragments.is_message_complete() {
                    return Ok(true);
                }
            }
            let mut buffer = [0; 4096];
            let count = self.stream.read(&mut buffer).await?;
            if count == 0 {
                return Ok(false);
            }
            self.fragments.enqueue_bytes(&buffer[..count]);
        }
    }

    async fn refuse_unread(&mut self) -> io::Result<()> {
        let tag = self.fragments.decode_tag().map(|tag| tag.into_static());
        self.status(tag, StatusKind::Bad, None, "The command can't be read.").await
    }

    async fn status(
        &mut self,
        tag: Option<Tag<'static>>,
        kind: StatusKind,
        code: Option<Code<'static>>,
        words: &str,
    ) -> io::Result<()> {
        let status = Status::new(tag, kind, code, words.to_owned()).map_err(broken)?;
        self.send(Response::Status(status)).await
    }

    async fn bye(&mut self, words: &str) -> io::Result<()> {
        let bye = Bye { code: None, text: text(words)? };
        self.send(Response::Status(Status::Bye(bye))).await
    }

    async fn send(&mut self, response: Response<'_>) -> io::Result<()> {
        self.write(&ResponseCodec::default().encode(&response).dump()).await
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// Says nothing more until the client hangs up.
    async fn hang(&mut self) -> io::Result<bool> {
        tokio::io::copy(&mut self.stream, &mut tokio::io::sink()).await?;
        Ok(false)
    }
}

fn text(words: &str) -> io::Result<Text<'_>> {
    words.try_into().map_err(broken)
}
