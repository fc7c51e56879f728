//! What the configuration needs from the world around it: files, variables, programs. Tests put
//! their own in its place. Nothing here may show or log what it read.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rustix::fs::OFlags;
use rustix::process::{Pid, Signal, kill_process_group};
use secrecy::zeroize::Zeroizing;

/// A secret may be this long, in bytes.
pub(crate) const MAX_SECRET: usize = 64 * 1024;

/// The configuration may be this long, in bytes.
const MAX_TEXT: u64 = 1024 * 1024;

/// A secret's file as it was found.
pub(crate) struct SecretFile {
    /// Its permission bits.
    pub(crate) mode: u32,
    /// What is in it, at most [`MAX_SECRET`] bytes and one more.
    pub(crate) content: Zeroizing<Vec<u8>>,
}

/// Why a program gave no secret.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandFault {
    /// It could not be started.
    #[error("could not be started: {0}")]
    NotStarted(io::Error),
    /// It did not end in time, and was stopped.
    #[error("did not end within {} seconds and was stopped", .0.as_secs())]
    TimedOut(Duration),
    /// It ended with an error.
    #[error("ended with {0}")]
    Failed(ExitStatus),
    /// Reading what it printed failed.
    #[error("could not be read: {0}")]
    Unreadable(io::Error),
}

/// The world, as far as a configuration needs it. Reading may be repeated.
pub(crate) trait Environment {
    /// The configuration file's text.
    ///
    /// # Errors
    /// As the system gives them; invalid data if it is over 1 MiB or not UTF-8.
    fn text(&self, file: &Path) -> io::Result<String>;

    /// A variable of the environment; `None` if it is not set or not UTF-8.
    fn variable(&self, name: &str) -> Option<Zeroizing<String>>;

    /// A secret's file; the permissions are those of the very file that was read.
    ///
    /// # Errors
    /// As the system gives them; invalid input if it is no regular file.
    fn secret_file(&self, file: &Path) -> io::Result<SecretFile>;

    /// What a program prints, run in `folder` and stopped after `limit`.
    ///
    /// # Errors
    /// See [`CommandFault`].
    fn output(
        &self,
        command: &[String],
        folder: &Path,
        limit: Duration,
    ) -> Result<Zeroizing<Vec<u8>>, CommandFault>;
}

/// The process's own environment.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    fn text(&self, file: &Path) -> io::Result<String> {
        let mut text = String::new();
        let length = File::open(file)?.take(MAX_TEXT + 1).read_to_string(&mut text)?;
        if length as u64 > MAX_TEXT {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "it is over 1 MiB"));
        }
        Ok(text)
    }

    fn variable(&self, name: &str) -> Option<Zeroizing<String>> {
        std::env::var(name).ok().map(Zeroizing::new)
    }

    fn secret_file(&self, file: &Path) -> io::Result<SecretFile> {
        // Without O_NONBLOCK, opening a FIFO would wait for its writer.
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
            .open(file)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
        }
        Ok(SecretFile { mode: metadata.permissions().mode() & 0o7777, content: bounded(file)? })
    }

    fn output(
        &self,
        command: &[String],
        folder: &Path,
        limit: Duration,
    ) -> Result<Zeroizing<Vec<u8>>, CommandFault> {
        let deadline = Instant::now() + limit;
        let child = start(command, folder).map_err(CommandFault::NotStarted)?;
        let mut running = Running { child, reaped: false };
        let (sender, receiver) = mpsc::channel();
        if let Some(output) = running.child.stdout.take() {
            std::thread::spawn(move || sender.send(bounded(output)));
        }
        let printed = receiver
            .recv_timeout(limit)
            .map_err(|_| CommandFault::TimedOut(limit))?
            .map_err(CommandFault::Unreadable)?;
        let status = running.wait(deadline).ok_or(CommandFault::TimedOut(limit))?;
        if status.success() { Ok(printed) } else { Err(CommandFault::Failed(status)) }
    }
}

/// An environment whose secrets are not read: something stands in each one's place. For what needs
/// the rest of a configuration only, and must never connect anywhere with it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct WithoutSecrets<E>(pub(crate) E);

/// What stands in a secret's place.
const UNREAD: &str = "unread";

impl<E: Environment> Environment for WithoutSecrets<E> {
    fn text(&self, file: &Path) -> io::Result<String> {
        self.0.text(file)
    }

    fn variable(&self, _name: &str) -> Option<Zeroizing<String>> {
        Some(Zeroizing::new(UNREAD.to_owned()))
    }

    fn secret_file(&self, _file: &Path) -> io::Result<SecretFile> {
        Ok(SecretFile { mode: 0o600, content: Zeroizing::new(UNREAD.into()) })
    }

    fn output(
        &self,
        _command: &[String],
        _folder: &Path,
        _limit: Duration,
    ) -> Result<Zeroizing<Vec<u8>>, CommandFault> {
        Ok(Zeroizing::new(UNREAD.into()))
    }
}

/// Reads at most [`MAX_SECRET`] bytes and one more, into memory that does not move meanwhile.
fn bounded(from: impl Read) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut content = Zeroizing::new(Vec::with_capacity(MAX_SECRET + 1));
    from.take(MAX_SECRET as u64 + 1).read_to_end(&mut content)?;
    Ok(content)
}

/// Starts a program in a process group of its own, so that it can be stopped with its children.
/// Its standard error stays ours: what it says there is for whoever started the bot.
fn start(command: &[String], folder: &Path) -> io::Result<Child> {
    let [program, arguments @ ..] = command else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "no program is named"));
    };
    let path = Path::new(program);
    let by_path = path.components().count() > 1;
    let mut command = if by_path { Command::new(folder.join(path)) } else { Command::new(program) };
    command
        .args(arguments)
        .current_dir(folder)
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        // What goes wrong with a secret is not for the log.
        .stderr(Stdio::null())
        .spawn()
}

/// A program under way; dropped before its end, it is stopped with its children.
struct Running {
    child: Child,
    /// Once it is, its number may be another's.
    reaped: bool,
}

impl Running {
    /// Its exit status, if it ends before the deadline. It has closed its output by now, so it is
    /// about to end: looking again and again is short.
    fn wait(&mut self, deadline: Instant) -> Option<ExitStatus> {
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => {
                    self.reaped = true;
                    return Some(status);
                }
                Ok(None) if Instant::now() < deadline => {
                    std::thread::sleep(Duration::from_millis(5));
                }
                Ok(None) | Err(_) => return None,
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.reaped {
            return;
        }
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _nobody_left = kill_process_group(group, Signal::KILL);
        }
        let _nothing_to_reap = self.child.wait();
    }
}
