//! Programs that the tests start: servers that live as long as a value, and commands that are
//! waited for. It must not know what any of them is.

use std::ffi::OsStr;
use std::fs::File;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

/// How long a server may take to be ready, and a command to end: far above what they take.
const PATIENCE: Duration = Duration::from_secs(150);

/// Between two looks at something that only time can bring.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// A server in the foreground, in a process group of its own. Dropping it stops the group.
pub(crate) struct Server {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Server {
    /// Starts a program; what it prints goes to a file. The kernel stops it should the thread
    /// that started it, so the test, end without doing so.
    pub(crate) fn start(
        name: &'static str,
        program: &str,
        args: &[&dyn AsRef<OsStr>],
        log: &Path,
    ) -> Self {
        let log = log.join(format!("{name}.out"));
        let out = File::create(&log).expect("the log folder is writable");
        let err = out.try_clone().expect("a second handle");
        let child = Command::new("/usr/bin/setpriv")
            .args(["--pdeathsig", "TERM", program])
            .args(args.iter().map(|arg| arg.as_ref()))
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("{name} ({program}) does not start: {error}"));
        Self { name, child, log }
    }

    /// Ends it without a chance to do anything more.
    pub(crate) fn kill(mut self) {
        let group = Pid::from_child(&self.child);
        kill_process_group(group, Signal::KILL).expect("it runs");
        self.child.wait().expect("our child");
    }

    /// Asks it to end, and waits for that.
    pub(crate) fn stop(mut self) -> ExitStatus {
        kill_process_group(Pid::from_child(&self.child), Signal::TERM).expect("it runs");
        self.child.wait().expect("our child")
    }

    /// Waits until it takes connections at that address.
    pub(crate) fn wait_for_port(&mut self, address: SocketAddr) {
        let name = self.name;
        self.wait_until(&format!("{name} listens on {address}"), || {
            TcpStream::connect_timeout(&address, PATIENCE).is_ok()
        });
    }

    /// Waits until a file, such as a socket, exists.
    pub(crate) fn wait_for_file(&mut self, file: &Path) {
        let name = self.name;
        self.wait_until(&format!("{name} makes {}", file.display()), || file.exists());
    }

    /// Waits until something is so; fails at once if the program ends.
    pub(crate) fn wait_until(&mut self, what: &str, ready: impl Fn() -> bool) {
        let started = Instant::now();
        while !ready() {
            if let Some(status) = self.child.try_wait().expect("our child") {
                panic!("{} ended with {status} instead: {}", self.name, tail(&self.log));
            }
            assert!(started.elapsed() < PATIENCE, "waited in vain: {what}: {}", tail(&self.log));
            thread::sleep(LOOK_AGAIN);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let group = Pid::from_child(&self.child);
        let _already_gone = kill_process_group(group, Signal::TERM);
        let asked = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) && asked.elapsed() < Duration::from_secs(5)
        {
            thread::sleep(LOOK_AGAIN);
        }
        // What is left of the group: a child that outlived its parent, or one that won't listen.
        let _already_gone = kill_process_group(group, Signal::KILL);
        let _already_waited_for = self.child.wait();
    }
}

/// Looks for something until it is there.
///
/// # Panics
/// If it does not come within a minute.
pub(crate) fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "waited in vain: {what}");
        thread::sleep(LOOK_AGAIN);
    }
}

/// Runs a command to its end and gives its standard output.
///
/// # Panics
/// If it fails; the message says what it printed.
pub(crate) fn run(command: &mut Command) -> String {
    let output = outcome(command);
    assert!(
        output.status.success(),
        "{command:?} failed with {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    String::from_utf8(output.stdout).expect("text")
}

/// Runs a command to its end, whatever that is.
pub(crate) fn outcome(command: &mut Command) -> Output {
    command.stdin(Stdio::null());
    command.output().unwrap_or_else(|error| panic!("{command:?} does not start: {error}"))
}

/// A command that is stopped after a minute, with nothing of this machine's environment.
pub(crate) fn command(program: &str) -> Command {
    let mut command = Command::new("/usr/bin/timeout");
    command.args(["--kill-after=5", "60", program]);
    command.env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C.UTF-8").env("TZ", "UTC");
    command
}

/// The end of a log, for a message about a failure.
pub(crate) fn tail(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    let last = lines.len().saturating_sub(30);
    format!("{}:\n{}", log.display(), lines[last..].join("\n"))
}
