//! An SMTP server that follows a script: polite by itself, and as bad as a test wants.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// What the server answers, by the command's start. The first that fits and is not used up holds;
/// a letter's end is the command `.`, the greeting the command `connect`.
pub(crate) struct Rule {
    pub(crate) command: &'static str,
    pub(crate) answer: Answer,
    /// Before it holds, so many such commands are answered politely.
    pub(crate) after: usize,
}

#[derive(Clone, Copy)]
pub(crate) enum Answer {
    /// These words and a line end; `|` is a line end too.
    Say(&'static str),
    /// The connection is closed.
    Drop,
    /// Nothing, until the client goes.
    Stall,
    /// A byte at a time, without end.
    Trickle,
}

/// What the server got.
#[derive(Default, Debug)]
pub(crate) struct Got {
    pub(crate) commands: Vec<String>,
    /// Letters whose end was received, as they were sent.
    pub(crate) letters: Vec<String>,
}

pub(crate) struct Fake {
    pub(crate) port: u16,
    got: Arc<Mutex<Got>>,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Fake {
    pub(crate) fn start(rules: Vec<Rule>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let got = Arc::new(Mutex::new(Got::default()));
        let is_over = Arc::new(AtomicBool::new(false));
        let (shared, over) = (Arc::clone(&got), Arc::clone(&is_over));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
                let reader = BufReader::new(stream);
                let mut talk = Talk { reader, rules: &rules, seen: vec![0; rules.len()] };
                // A client that goes away is what many rules are about.
                let _gone = talk.serve(&shared);
            }
        });
        Self { port, got, is_over, thread: Some(thread) }
    }

    /// What it got, once the client has gone.
    pub(crate) fn finish(mut self) -> Got {
        self.stop();
        std::mem::take(&mut self.got.lock().unwrap())
    }

    fn stop(&mut self) {
        if let Some(thread) = self.thread.take() {
            self.is_over.store(true, Ordering::SeqCst);
            let _wakes_it = TcpStream::connect(("127.0.0.1", self.port));
            thread.join().unwrap();
        }
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.stop();
    }
}

struct Talk<'a> {
    reader: BufReader<TcpStream>,
    rules: &'a [Rule],
    seen: Vec<usize>,
}

impl Talk<'_> {
    fn serve(&mut self, got: &Mutex<Got>) -> io::Result<()> {
        self.answer("connect", "220 fake.example.org ESMTP")?;
        loop {
            let command = self.line()?.trim_end().to_owned();
            got.lock().unwrap().commands.push(command.clone());
            match command.split([' ', ':']).next().unwrap_or_default() {
                "EHLO" => self.answer(&command, "250-fake|250-8BITMIME|250 AUTH PLAIN LOGIN")?,
                "AUTH" => self.answer(&command, "235 2.7.0 ok")?,
                "QUIT" => return self.answer(&command, "221 bye").map(drop),
                "DATA" => {
                    let is_begun = self.answer(&command, "354 go")?;
                    if is_begun {
                        let letter = self.letter()?;
                        got.lock().unwrap().letters.push(letter);
                        self.answer(".", "250 2.0.0 queued")?;
                    }
                    is_begun
                }
                _ => self.answer(&command, "250 2.1.0 ok")?,
            };
        }
    }

    fn letter(&mut self) -> io::Result<String> {
        let mut letter = String::new();
        loop {
            let line = self.line()?;
            if line == ".\r\n" {
                return Ok(letter);
            }
            letter.push_str(&line);
        }
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = Vec::new();
        if self.reader.read_until(b'\n', &mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.into_iter().map(char::from).collect())
    }

    /// Answers as the rules want or else politely; tells whether it was politely.
    fn answer(&mut self, command: &str, polite: &'static str) -> io::Result<bool> {
        let mut answer = Answer::Say(polite);
        let mut is_polite = true;
        for (rule, seen) in self.rules.iter().zip(&mut self.seen) {
            if command.starts_with(rule.command) {
                *seen += 1;
                if is_polite && *seen > rule.after {
                    (answer, is_polite) = (rule.answer, false);
                }
            }
        }
        match answer {
            Answer::Say(words) => self.say(&format!("{}\r\n", words.replace('|', "\r\n")))?,
            Answer::Drop => return Err(io::ErrorKind::ConnectionAborted.into()),
            Answer::Stall => while !self.line()?.is_empty() {},
            Answer::Trickle => loop {
                self.say("2")?;
                std::thread::sleep(Duration::from_millis(5));
            },
        }
        Ok(is_polite)
    }

    fn say(&mut self, text: &str) -> io::Result<()> {
        self.reader.get_mut().write_all(text.as_bytes())
    }
}
