//! `gatepost demo`: four signed pull requests are mailed to a list, and the bot answers them, all on
//! this machine. The bot is the one that `gatepost run` starts; nothing here may make its work
//! easier than a real server would.

use std::io::{self, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::project::{DemoPull, Fate, PullMail};
use super::stage::{LIST, RunningBot, Stage};
use super::story;
use super::watch::{self, Watch};
use crate::adapters::clock::SystemClock;
use crate::adapters::smtp::SmtpServer;
use crate::bot::control::{Question, Reply};
use crate::ports::{Clock, Delivery, Envelope, Fault, Outbound};

/// How long all the answers together may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often what happens is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

const OPENING: &str = "\
This is Gatepost at work on a small project, all of it on this machine: a mail
server with a list, a GitLab that runs the project's jobs, four maintainers who
ask for pulls, and the bot between them. It takes a few seconds.

";

const CLOSING: &str = "\
The bot above is the one that `gatepost run` starts. The mail server, GitLab and
the project were made for this and are gone now, and so are the links.

    README.md        what Gatepost is, and how to set it up for a list
    config.toml      every setting, its default, and what it is for
    gatepost check   tries each server, token, key and branch that your
                     config.toml names, and says what to do
";

/// Why there is no more story.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    /// Nobody takes the words.
    #[error("{0}")]
    Output(#[from] io::Error),
    /// Something of the demo did not work.
    #[error("{0}")]
    Failed(#[from] Fault),
    /// Somebody wants it to end.
    #[error("interrupted")]
    Interrupted,
    /// Answers did not come: which.
    #[error("no answer within {} seconds to\n  {}", PATIENCE.as_secs(), .0.join("\n  "))]
    Unanswered(Vec<String>),
}

/// Runs the demo; the exit code: 0 all told, 69 no git, 70 something did not work, 130 interrupted.
pub(crate) fn run() -> u8 {
    if !has_git() {
        eprintln!("gatepost demo: needs the program git; on Debian: apt install git");
        return 69;
    }
    match tell(&mut io::stdout()) {
        Ok(()) => 0,
        // Whoever read the output has had enough.
        Err(Trouble::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => 0,
        Err(Trouble::Interrupted) => 130,
        Err(trouble) => {
            eprintln!("gatepost demo: {trouble}");
            70
        }
    }
}

fn has_git() -> bool {
    let mut git = Command::new("git");
    git.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    git.status().is_ok_and(|status| status.success())
}

/// Tells the story; when it returns, everything that it started has ended.
fn tell(out: &mut dyn Write) -> Result<(), Trouble> {
    let mut teller = Teller { out, since: Instant::now(), interrupted: on_signals()? };
    teller.out.write_all(OPENING.as_bytes())?;
    let stage = Stage::set(SystemClock.now())?;
    teller.says("Stand-ins", "mail server, GitLab and git repositories are up")?;
    stage.set_up()?;
    teller.says("Gatepost", "has cloned the project (gatepost setup)")?;
    let bot = stage.start_bot()?;
    wait_for_mailbox(&bot, &teller)?;
    teller.says("Gatepost", &format!("watches {LIST} (gatepost run)"))?;
    for (pull, mails) in &stage.requests {
        post(&stage, pull, mails)?;
        let what = format!("mails \"{}\" {}", mails[0].subject, patches(mails.len() - 1));
        teller.says(pull.by.name, &what)?;
    }
    watch_until_answered(&stage, &bot, &mut teller)?;
    bot.stop()?;
    show(&stage, teller.out)?;
    write!(teller.out, "{}\n{CLOSING}", story::heading("Where to go next"))?;
    Ok(())
}

fn patches(count: usize) -> String {
    format!("and {count} {}", if count == 1 { "patch" } else { "patches" })
}

/// Says what happens, with the time since the beginning.
struct Teller<'a> {
    out: &'a mut dyn Write,
    since: Instant,
    interrupted: Arc<AtomicBool>,
}

impl Teller<'_> {
    fn says(&mut self, who: &str, what: &str) -> Result<(), Trouble> {
        self.out.write_all(story::event(self.since.elapsed(), who, what).as_bytes())?;
        self.out.flush()?;
        self.listen()
    }

    fn listen(&self) -> Result<(), Trouble> {
        if self.interrupted.load(Ordering::SeqCst) { Err(Trouble::Interrupted) } else { Ok(()) }
    }
}

/// A flag that SIGINT and SIGTERM raise, so that nothing is left behind.
fn on_signals() -> Result<Arc<AtomicBool>, Trouble> {
    use tokio::signal::unix::{SignalKind, signal};
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut interrupt, mut terminate) = {
        let _context = runtime.enter();
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
    };
    let flag = Arc::new(AtomicBool::new(false));
    let raised = flag.clone();
    std::thread::spawn(move || {
        runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        });
        raised.store(true, Ordering::SeqCst);
    });
    Ok(flag)
}

/// Waits until the bot has looked at its mailbox: it answers what comes from then on.
fn wait_for_mailbox(bot: &RunningBot, teller: &Teller<'_>) -> Result<(), Trouble> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match bot.ask(Question::Status) {
            Some(Reply::Status(status)) if !status.glance.folders.is_empty() => return Ok(()),
            Some(_) if Instant::now() < deadline => {}
            Some(_) => return Err(Fault::temporary("the bot does not read its mailbox").into()),
            None => return Err(ended_early().into()),
        }
        teller.listen()?;
        std::thread::sleep(LOOK_EVERY);
    }
}

fn ended_early() -> Fault {
    Fault::bug("the bot ended early; with GATEPOST_LOG=debug it says more")
}

/// Mails a request as git send-email would, over SMTP.
fn post(stage: &Stage, pull: &DemoPull, mails: &[PullMail]) -> Result<(), Fault> {
    let server = SmtpServer::new(&stage.config.smtp)?;
    for mail in mails {
        let envelope =
            Envelope { sender: pull.by.address.to_owned(), recipients: vec![LIST.to_owned()] };
        match server.send(&envelope, &mail.bytes) {
            Delivery::Accepted => {}
            Delivery::Temporary(fault)
            | Delivery::Permanent(fault)
            | Delivery::Unreachable { fault, .. }
            | Delivery::Unknown(fault) => {
                return Err(fault);
            }
        }
    }
    Ok(())
}

fn watch_until_answered(
    stage: &Stage,
    bot: &RunningBot,
    teller: &mut Teller<'_>,
) -> Result<(), Trouble> {
    let deadline = Instant::now() + PATIENCE;
    let mut watch = Watch::new(stage);
    loop {
        for (who, what) in watch.look(bot).ok_or_else(ended_early)? {
            teller.says(who, &what)?;
        }
        if watch.is_complete() {
            return Ok(());
        }
        if Instant::now() >= deadline {
            return Err(Trouble::Unanswered(watch.missing(bot)));
        }
        teller.listen()?;
        std::thread::sleep(LOOK_EVERY);
    }
}

/// The threads as a mail reader shows them, then each answer.
fn show(stage: &Stage, out: &mut dyn Write) -> io::Result<()> {
    let archive = stage.mail.archive(LIST);
    let mails: Vec<_> = archive.iter().map(|mail| mail.bytes()).collect();
    writeln!(out, "\n{}", story::heading(&format!("The list {LIST}")))?;
    writeln!(out, "{}", story::index(&mails))?;
    for (pull, mails) in &stage.requests {
        let Some(answer) = mails.first().and_then(|cover| watch::answer(stage, pull, cover)) else {
            continue;
        };
        let title = match pull.fate {
            Fate::BadSignature => format!("The answer to {}, and to nobody else", pull.by.name),
            Fate::Passes | Fate::FailsATest | Fate::Conflicts => {
                format!("The answer to {} and the list", pull.by.name)
            }
        };
        writeln!(out, "{}\n{}", story::heading(&title), story::mail(&answer.bytes()))?;
    }
    Ok(())
}
