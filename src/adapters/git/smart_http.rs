//! Git's smart HTTP protocol under libgit2 (git's `gitprotocol-http`): one deadline over the whole
//! operation, bytes counted as they come, every resolved address checked, redirects not followed.
//!
//! One exception to the last: a forge that answers `…/name` with a redirect to `…/name.git` on the
//! same server is taken at its word. It leads nowhere else.

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use git2::transport::{Service, SmartSubtransport, SmartSubtransportStream};
use git2::{Error, ErrorClass, ErrorCode};
use tempfile::SpooledTempFile;
use ureq::http::{Response, StatusCode, Uri, header};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Body, SendBody};

use super::order::{Access, Token};
use super::session::{Session, printable};
use crate::adapters::http;
use crate::ports::{Fault, FaultKind};
use jiff::SignedDuration;

/// Some servers serve git to programs only that call themselves so.
const USER_AGENT: &str = concat!("git/2.0 (gatepost/", env!("CARGO_PKG_VERSION"), ")");

/// A request body up to this size stays in memory; a pack to push may be larger.
const IN_MEMORY: usize = 4 << 20;

/// The transport.
#[derive(Debug, Clone)]
pub(crate) struct SmartHttp {
    session: Arc<Session>,
    /// The repository's URL: `.git` may have been appended to it.
    base: Arc<Mutex<String>>,
    agent: Arc<Mutex<Option<Agent>>>,
}

impl SmartHttp {
    /// For one session.
    pub(crate) fn new(session: &Arc<Session>) -> Self {
        Self {
            base: Arc::new(Mutex::new(session.url().text())),
            session: Arc::clone(session),
            agent: Arc::default(),
        }
    }

    fn base(&self) -> String {
        self.base.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn agent(&self) -> io::Result<Agent> {
        let mut agent = self.agent.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(agent) = &*agent {
            return Ok(agent.clone());
        }
        let config = http::config(self.session.time_left()?, self.session.peer.ca_file.as_deref())
            .map_err(|fault| self.session.note(fault))?;
        let resolver = CheckedResolver { session: Arc::clone(&self.session) };
        let new = Agent::with_parts(config, DefaultConnector::default(), resolver);
        Ok(agent.insert(new).clone())
    }

    /// The server's refs. The answer's type tells a repository from a login page.
    fn advertisement(&self, service: &'static str) -> io::Result<Box<dyn Read + Send>> {
        let mut response = self.get_refs(service)?;
        if self.is_dot_git(&response, service) {
            self.base.lock().unwrap_or_else(PoisonError::into_inner).push_str(".git");
            response = self.get_refs(service)?;
        }
        self.take(response, &format!("application/x-{service}-advertisement"))
    }

    fn get_refs(&self, service: &'static str) -> io::Result<Response<Body>> {
        let uri = format!("{}/info/refs?service={service}", self.base());
        let mut request = self
            .agent()?
            .get(uri)
            .header(header::USER_AGENT, USER_AGENT)
            .header(header::PRAGMA, "no-cache");
        if let Some(authorization) = self.authorization() {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let timed = request.config().timeout_global(Some(self.session.time_left()?)).build();
        timed.call().map_err(|error| note(&self.session, error))
    }

    fn is_dot_git(&self, response: &Response<Body>, service: &str) -> bool {
        let wanted = format!("{}.git/info/refs?service={service}", self.base());
        let here =
            format!("{}://{}", self.session.url().scheme.word(), self.session.url().authority());
        let to = response.headers().get(header::LOCATION).and_then(|to| to.to_str().ok());
        response.status().is_redirection()
            && to.is_some_and(|to| to == wanted || format!("{here}{to}") == wanted)
    }

    fn post(
        &self,
        service: &str,
        body: SpooledTempFile,
        size: u64,
    ) -> io::Result<Box<dyn Read + Send>> {
        let mut request = self
            .agent()?
            .post(format!("{}/{service}", self.base()))
            .header(header::USER_AGENT, USER_AGENT)
            .header(header::CONTENT_TYPE, format!("application/x-{service}-request"))
            .header(header::ACCEPT, format!("application/x-{service}-result"))
            .header(header::CONTENT_LENGTH, size);
        if let Some(authorization) = self.authorization() {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let timed = request.config().timeout_global(Some(self.session.time_left()?)).build();
        let sent = timed.send(SendBody::from_owned_reader(body));
        self.take(
            sent.map_err(|error| note(&self.session, error))?,
            &format!("application/x-{service}-result"),
        )
    }

    /// GitLab takes a token as the password of any user ("Clone using a token").
    fn authorization(&self) -> Option<String> {
        Some(format!("Basic {}", credentials(self.session.peer.token.as_ref()?)))
    }

    fn take(
        &self,
        response: Response<Body>,
        content_type: &str,
    ) -> io::Result<Box<dyn Read + Send>> {
        if response.status() != StatusCode::OK {
            return Err(self.session.note(refusal(&self.session, &response)));
        }
        let is = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if is.is_none_or(|is| !is.trim().eq_ignore_ascii_case(content_type)) {
            let is = printable(is.unwrap_or("nothing").as_bytes(), 60);
            let sentence = "The URL answers, but what is there is not a git repository.";
            let mut fault = self.session.blame(FaultKind::Permanent, sentence);
            fault.detail = format!("{} (its type is {is})", fault.detail);
            return Err(self.session.note(fault));
        }
        let body = response.into_body().into_with_config().limit(u64::MAX).reader();
        Ok(Box::new(Incoming { session: Arc::clone(&self.session), body }))
    }
}

/// Puts down what went wrong in a request or while its answer was read.
fn note(session: &Session, error: ureq::Error) -> io::Error {
    let fault = match error {
        ureq::Error::Timeout(_) => return session.note_io(&io::ErrorKind::TimedOut.into()),
        ureq::Error::Io(error) if error.get_ref().is_none_or(|e| !e.is::<rustls::Error>()) => {
            return session.note_io(&error);
        }
        ureq::Error::HostNotFound => session
            .blame(FaultKind::Temporary, format!("The host {} was not found.", session.url().host)),
        other => {
            let words = printable(other.to_string().as_bytes(), 200);
            let sentence = "The connection to the repository's server failed.";
            let kind =
                if is_about_tls(&other) { FaultKind::Misconfigured } else { FaultKind::Temporary };
            let mut fault = session.blame(kind, sentence);
            fault.detail = format!("{} ({words})", fault.detail);
            fault
        }
    };
    session.note(fault)
}

fn is_about_tls(error: &ureq::Error) -> bool {
    matches!(error, ureq::Error::Rustls(_) | ureq::Error::Tls(_))
        || matches!(error, ureq::Error::Io(e) if e.get_ref().is_some_and(|e| e.is::<rustls::Error>()))
}

/// What an answer other than 200 means.
fn refusal(session: &Session, response: &Response<Body>) -> Fault {
    let status = response.status();
    let wait = response.headers().get(header::RETRY_AFTER).and_then(|w| w.to_str().ok());
    let wait = wait.and_then(|w| w.parse().ok()).map(SignedDuration::from_secs);
    let login = match &session.peer.access {
        Access::Stranger { .. } => "asks for a login; it must be public, and its URL right",
        Access::Configured => "does not accept the bot's token, or asks for one",
    };
    let (kind, what) = match status.as_u16() {
        401 | 403 | 407 => (FaultKind::Permanent, login),
        404 | 410 => (FaultKind::Permanent, "has no such repository"),
        300..=399 => (FaultKind::Permanent, "redirects to elsewhere, which is not followed"),
        408 | 425 | 429 | 500..=599 => (FaultKind::Temporary, "does not work at the moment"),
        _ => (FaultKind::Permanent, "refuses"),
    };
    let mut fault =
        session.blame(kind, format!("The repository's server {what} (HTTP {}).", status.as_u16()));
    if let Some(to) = response.headers().get(header::LOCATION) {
        fault.detail = format!("{} (to {})", fault.detail, printable(to.as_bytes(), 200));
    }
    match wait {
        Some(wait) if kind == FaultKind::Temporary => fault.retry_after(wait),
        _ => fault,
    }
}

impl SmartSubtransport for SmartHttp {
    fn action(
        &self,
        _url: &str,
        service: Service,
    ) -> Result<Box<dyn SmartSubtransportStream>, Error> {
        let stream: io::Result<Box<dyn SmartSubtransportStream>> = match service {
            Service::UploadPackLs => self.advertisement("git-upload-pack").map(reading),
            Service::ReceivePackLs => self.advertisement("git-receive-pack").map(reading),
            Service::UploadPack => Ok(self.exchange("git-upload-pack")),
            Service::ReceivePack => Ok(self.exchange("git-receive-pack")),
        };
        stream.map_err(|error| {
            // The cause is put down already, if there was one.
            let _noted = self.session.note_io(&error);
            Error::new(ErrorCode::GenericError, ErrorClass::Net, "the request failed")
        })
    }

    fn close(&self) -> Result<(), Error> {
        Ok(())
    }
}

fn reading(body: Box<dyn Read + Send>) -> Box<dyn SmartSubtransportStream> {
    Box::new(Exchange::Answer(body))
}

impl SmartHttp {
    fn exchange(&self, service: &'static str) -> Box<dyn SmartSubtransportStream> {
        let body = SpooledTempFile::new(IN_MEMORY);
        Box::new(Exchange::Request { transport: self.clone(), service, body })
    }
}

/// One request and its answer: written first, then read.
enum Exchange {
    Request { transport: SmartHttp, service: &'static str, body: SpooledTempFile },
    Answer(Box<dyn Read + Send>),
}

impl Read for Exchange {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Self::Request { transport, service, body } = self {
            let size = body.stream_position()?;
            body.seek(SeekFrom::Start(0))?;
            let body = std::mem::replace(body, SpooledTempFile::new(0));
            *self = Self::Answer(transport.post(service, body, size)?);
        }
        match self {
            Self::Answer(body) => body.read(buffer),
            Self::Request { .. } => Ok(0),
        }
    }
}

impl Write for Exchange {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Request { body, .. } => body.write(bytes),
            Self::Answer(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An answer's body, counted, its errors put down.
struct Incoming<R> {
    session: Arc<Session>,
    body: R,
}

impl<R: Read> Read for Incoming<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let _in_time: Duration = self.session.time_left()?;
        // ureq wraps its own errors in ones of `io`, and takes them out again here.
        let read = self.body.read(buffer).map_err(|error| note(&self.session, error.into()))?;
        self.session.count(read)?;
        Ok(read)
    }
}

/// Resolves as usual, then checks every address: the ones returned are the ones connected to.
#[derive(Debug)]
struct CheckedResolver {
    session: Arc<Session>,
}

impl Resolver for CheckedResolver {
    fn resolve(
        &self,
        uri: &Uri,
        config: &ureq::config::Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let resolved = DefaultResolver::default().resolve(uri, config, timeout);
        let addresses = resolved.map_err(|error| match error {
            ureq::Error::Timeout(_) => error,
            _ => ureq::Error::HostNotFound,
        })?;
        self.session.check_addresses(&addresses)?;
        Ok(addresses)
    }
}

/// A token as the header carries it.
pub(crate) fn credentials(token: &Token) -> String {
    BASE64_STANDARD.encode(format!("oauth2:{}", token.0))
}
