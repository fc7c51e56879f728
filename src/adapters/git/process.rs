//! Starts a git child, hands it its order, waits for its answer until the deadline and no longer.
//! The order's secrets go through a pipe: never on a command line, in an environment, in a log.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::child::SUBCOMMAND;
use super::order::{Line, Order, Progress, Reply};
use super::session::{out_of_memory, printable};
use crate::config::redact::Redactor;
use crate::ports::Fault;

/// What the child may take over its own deadline before it is killed.
const GRACE: Duration = Duration::from_secs(2);

/// The longest line it may answer with.
const LONGEST_LINE: u64 = 1 << 20;

/// How much of its last words is kept.
const LAST_WORDS: u64 = 4 << 10;

/// What the child sees of our environment: where programs, temporary files and the system's
/// certificates are. Nothing of git's, and no home, so that no git configuration has a say.
const ENVIRONMENT: [&str; 4] = ["PATH", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR"];

/// Carries out an order in a child of its own.
///
/// # Errors
/// Temporary: the deadline, or the child died. Permanent: it died of what it may not exceed.
/// Misconfigured: the program can't be started.
pub(crate) fn run(
    program: &Path,
    order: &Order,
    progress: &mut dyn FnMut(Progress),
) -> Result<Reply, Fault> {
    let began = Instant::now();
    let deadline = began + Duration::from_millis(order.limits.deadline_ms) + GRACE;
    let mut running = Running::start(program)?;
    running.give(order)?;
    let reply = running.listen(deadline, progress);
    let late = matches!(reply, Err(Silence::Late));
    let (status, words) = running.end(matches!(reply, Err(Silence::Ended)));
    tracing::debug!("git: {} took {} ms", order.task.word(), began.elapsed().as_millis());
    match reply {
        Ok(reply) => Ok(redacted(reply, order)),
        Err(_) if late => Err(Fault::temporary("the git child was killed at its deadline")
            .saying("The repository's server did not finish in the time allowed.")),
        Err(_) => Err(death(status, &redact(&words, order))),
    }
}

struct Running {
    child: Child,
    lines: Receiver<Line>,
    words: JoinHandle<Vec<u8>>,
}

enum Silence {
    Late,
    Ended,
}

impl Running {
    fn start(program: &Path) -> Result<Self, Fault> {
        let kept = ENVIRONMENT.iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
        let spawned = Command::new(program)
            .arg(SUBCOMMAND)
            .env_clear()
            .envs(kept)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn();
        let mut child = spawned.map_err(|error| {
            let detail = format!("{}: could not be started: {error}", program.display());
            match error.kind() {
                io::ErrorKind::NotFound => Fault::misconfigured(detail),
                _ => Fault { detail, ..Fault::of_disk(program, &error) },
            }
        })?;
        let (out, err) = (child.stdout.take(), child.stderr.take());
        let (send, lines) = mpsc::channel();
        let answer = move || {
            let mut out = BufReader::new(out?);
            while let Some(line) = next_line(&mut out) {
                send.send(line).ok()?;
            }
            Some(())
        };
        thread::spawn(answer);
        let words = thread::spawn(move || {
            let mut words = Vec::new();
            if let Some(mut err) = err {
                let _cut_off = err.by_ref().take(LAST_WORDS).read_to_end(&mut words);
                let _rest = io::copy(&mut err, &mut io::sink());
            }
            words
        });
        Ok(Self { child, lines, words })
    }

    fn give(&mut self, order: &Order) -> Result<(), Fault> {
        let text = serde_json::to_vec(order).map_err(|e| Fault::bug(format!("git order: {e}")))?;
        if let Some(mut input) = self.child.stdin.take() {
            // If it is dead already, its end tells more than the broken pipe.
            let _broken = input.write_all(&text);
        }
        Ok(())
    }

    fn listen(
        &self,
        deadline: Instant,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Reply, Silence> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(Line::Progress(so_far)) => progress(so_far),
                Ok(Line::Done(reply)) => return Ok(reply),
                Err(RecvTimeoutError::Timeout) => return Err(Silence::Late),
                Err(RecvTimeoutError::Disconnected) => return Err(Silence::Ended),
            }
        }
    }

    /// Ends the child and whatever it started. One that ends by itself is given a moment, so that
    /// its status says of what it died.
    fn end(mut self, by_itself: bool) -> (Option<ExitStatus>, Vec<u8>) {
        let moment = Instant::now() + GRACE;
        while by_itself && Instant::now() < moment && matches!(self.child.try_wait(), Ok(None)) {
            thread::sleep(Duration::from_millis(5));
        }
        let group = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if let Some(group) = group {
            let _gone_already = kill_process_group(group, Signal::KILL);
        }
        let status = self.child.wait().ok();
        (status, self.words.join().unwrap_or_default())
    }
}

fn next_line(out: &mut impl BufRead) -> Option<Line> {
    let mut text = Vec::new();
    out.take(LONGEST_LINE).read_until(b'\n', &mut text).ok()?;
    serde_json::from_slice(&text).ok()
}

fn death(status: Option<ExitStatus>, words: &str) -> Fault {
    let signal = status.and_then(|status| status.signal());
    if signal == Some(Signal::XFSZ.as_raw()) {
        Fault::permanent("the git child wrote a larger file than it may")
            .saying("The repository is larger than is allowed here.")
    } else if words.contains("memory allocation of") {
        out_of_memory(words)
    } else {
        let how = status.map_or_else(|| "unknown status".into(), |status| status.to_string());
        Fault::temporary(format!("the git child died ({how}): {words}"))
            .saying("The repository could not be read here.")
    }
}

/// No answer has a token in it, even if the other side sent it back to us.
fn redacted(mut reply: Reply, order: &Order) -> Reply {
    if let Reply::Fault(trouble) = &mut reply {
        trouble.detail = redact(trouble.detail.as_bytes(), order);
        trouble.public = trouble.public.take().map(|public| redact(public.as_bytes(), order));
    }
    reply
}

fn redact(text: &[u8], order: &Order) -> String {
    let text = printable(text, 2000);
    match order.task.peer().and_then(|peer| peer.token.as_ref()) {
        Some(token) => Redactor::of_text(&token.0).text(&text),
        None => text,
    }
}
