//! ssh under libgit2, through an `ssh` process that never asks, forwards or runs anything else.
//! Only where the configuration allows the scheme.

use std::io::{self, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;

use git2::transport::{Service, SmartSubtransport, SmartSubtransportStream};
use git2::{Error, ErrorClass, ErrorCode};

use super::daemon::resolve;
use super::session::Session;

/// The transport.
#[derive(Debug, Clone)]
pub(crate) struct Ssh {
    session: Arc<Session>,
}

impl Ssh {
    /// For one session.
    pub(crate) fn new(session: &Arc<Session>) -> Self {
        Self { session: Arc::clone(session) }
    }

    fn open(&self, service: &str) -> io::Result<Connection> {
        // The address that was checked is the one that is connected to; the host's key is still
        // looked up under its name.
        let addresses = resolve(&self.session)?;
        let Some(address) = addresses.first() else { return Err(io::ErrorKind::NotFound.into()) };
        let url = self.session.url();
        let mut command = Command::new("ssh");
        for option in [
            "BatchMode=yes",
            "StrictHostKeyChecking=yes",
            "ClearAllForwardings=yes",
            "ForwardAgent=no",
            "PermitLocalCommand=no",
            "ProxyCommand=none",
            "ProxyJump=none",
        ] {
            command.args(["-o", option]);
        }
        command.arg("-o").arg(format!("HostKeyAlias={}", url.host));
        command.arg("-p").arg(url.port.to_string());
        if let Some(user) = &url.user {
            command.arg("-l").arg(user);
        }
        command.args(["-T", "--"]).arg(address.ip().to_string());
        command.arg(format!("{service} {}", quoted(&url.path)));
        let spawned =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = spawned?;
        let ends = (child.stdin.take(), child.stdout.take());
        let (Some(input), Some(output)) = ends else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        Ok(Connection { session: Arc::clone(&self.session), child, input, output })
    }
}

/// A path as one word of the other side's shell. The URL check lets no quote through.
fn quoted(path: &str) -> String {
    let path = path.strip_prefix('/').filter(|p| p.starts_with('~')).unwrap_or(path);
    format!("'{path}'")
}

impl SmartSubtransport for Ssh {
    fn action(
        &self,
        _url: &str,
        service: Service,
    ) -> Result<Box<dyn SmartSubtransportStream>, Error> {
        let service = match service {
            Service::UploadPackLs | Service::UploadPack => "git-upload-pack",
            Service::ReceivePackLs | Service::ReceivePack => "git-receive-pack",
        };
        let connection = self.open(service).map_err(|error| {
            let _noted = self.session.note_io(&error);
            Error::new(ErrorCode::GenericError, ErrorClass::Net, "the connection failed")
        })?;
        Ok(Box::new(connection))
    }

    fn close(&self) -> Result<(), Error> {
        Ok(())
    }
}

#[derive(Debug)]
struct Connection {
    session: Arc<Session>,
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
}

impl Read for Connection {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // A read may block here past the deadline: then the whole process group is killed.
        self.session.time_left()?;
        let read = self.output.read(buffer).map_err(|error| self.session.note_io(&error))?;
        self.session.count(read)?;
        Ok(read)
    }
}

impl Write for Connection {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.session.time_left()?;
        self.input.write(bytes).map_err(|error| self.session.note_io(&error))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.input.flush()
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let _gone_already = self.child.kill();
        let _reaped = self.child.wait();
    }
}
