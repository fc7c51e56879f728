//! An IMAP server that follows a script: polite by itself, and as bad as a test wants.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Duration;

/// What is in the one folder.
pub(crate) struct World {
    pub(crate) uid_validity: u32,
    /// UID and text.
    pub(crate) mails: Vec<(u32, String)>,
    pub(crate) capabilities: &'static str,
    /// Every line a client sent, without line ends.
    pub(crate) heard: Vec<String>,
    pub(crate) connections: usize,
}

impl World {
    pub(crate) fn uid_next(&self) -> u32 {
        self.mails.last().map_or(1, |(uid, _)| uid + 1)
    }

    pub(crate) fn add(&mut self) -> u32 {
        let uid = self.uid_next();
        self.mails.push((uid, mail(uid)));
        uid
    }
}

pub(crate) fn mail(uid: u32) -> String {
    format!("Message-ID: <{uid}@example.org>\r\nSubject: mail {uid}\r\n\r\nText of {uid}.\r\n")
}

/// The server; it ends with the value.
pub(crate) struct Fake {
    pub(crate) port: u16,
    world: Arc<Mutex<World>>,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// One client's connection.
pub(crate) struct Talk {
    reader: BufReader<TcpStream>,
    world: Arc<Mutex<World>>,
}

/// What a script does with a command.
pub(crate) enum Then {
    /// The polite server answers it.
    Polite,
    /// The script did.
    Done,
    /// Closes the connection.
    Close,
}

impl Fake {
    /// Starts with three mails. The script sees each command first: tag and rest.
    pub(crate) fn start(
        script: impl FnMut(&mut Talk, &str, &str) -> Then + Send + 'static,
    ) -> Self {
        Self::greeting("* OK ready\r\n", script)
    }

    pub(crate) fn greeting(
        greeting: &'static str,
        mut script: impl FnMut(&mut Talk, &str, &str) -> Then + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let world = Arc::new(Mutex::new(World {
            uid_validity: 7,
            mails: (1..=3).map(|uid| (uid, mail(uid))).collect(),
            capabilities: "IMAP4rev1 AUTH=PLAIN IDLE",
            heard: Vec::new(),
            connections: 0,
        }));
        let is_over = Arc::new(AtomicBool::new(false));
        let (shared, over) = (Arc::clone(&world), Arc::clone(&is_over));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                shared.lock().unwrap().connections += 1;
                stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
                stream.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
                stream.set_nodelay(true).unwrap();
                let mut talk = Talk { reader: BufReader::new(stream), world: Arc::clone(&shared) };
                // A client that goes away is what many scripts are about.
                let _gone = talk.serve(greeting, &mut script);
            }
        });
        Self { port, world, is_over, thread: Some(thread) }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// How many commands began like that.
    pub(crate) fn count(&self, start: &str) -> usize {
        self.world().heard.iter().filter(|line| rest_of(line).starts_with(start)).count()
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        let _wakes_it = TcpStream::connect(("127.0.0.1", self.port));
        let thread = self.thread.take().unwrap().join();
        if std::thread::panicking() {
            return;
        }
        thread.unwrap();
        for line in &self.world().heard {
            assert!(is_read_only(line), "sent {line:?}");
        }
    }
}

fn rest_of(line: &str) -> &str {
    line.split_once(' ').map_or(line, |(_, rest)| rest)
}

/// No session of ours may say anything that could change a mailbox.
fn is_read_only(line: &str) -> bool {
    let rest = rest_of(line);
    let peeks =
        !rest.contains("BODY[") && !rest.contains("ENVELOPE") && !rest.contains("STRUCTURE");
    let known = ["CAPABILITY", "AUTHENTICATE PLAIN", "LOGIN ", "EXAMINE ", "UID SEARCH ", "IDLE"];
    let others = ["UID FETCH ", "LOGOUT", "STARTTLS"];
    let is_data = !line.contains(' ');
    is_data || peeks && known.iter().chain(&others).any(|start| rest.starts_with(start))
}

impl Talk {
    fn serve(
        &mut self,
        greeting: &str,
        script: &mut impl FnMut(&mut Talk, &str, &str) -> Then,
    ) -> io::Result<()> {
        self.say(greeting)?;
        if greeting.is_empty() || !greeting.starts_with("* OK") {
            while self.hear().is_ok() {}
            return Ok(());
        }
        loop {
            let line = self.hear()?;
            let (tag, command) = line.split_once(' ').unwrap_or((&line, ""));
            match script(self, tag, command) {
                Then::Polite => self.answer(tag, command)?,
                Then::Done => {}
                Then::Close => return Ok(()),
            }
        }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    pub(crate) fn say(&mut self, text: &str) -> io::Result<()> {
        self.reader.get_mut().write_all(text.as_bytes())
    }

    /// The next line; an error once the client is gone.
    pub(crate) fn hear(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.reader.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = line.trim_end().to_owned();
        self.world().heard.push(line.clone());
        Ok(line)
    }

    /// Whether a line comes within that time.
    pub(crate) fn hears_within(&mut self, time: Duration) -> bool {
        self.reader.get_mut().set_read_timeout(Some(time)).unwrap();
        let heard = self.hear().is_ok();
        self.reader.get_mut().set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        heard
    }

    pub(crate) fn answer(&mut self, tag: &str, command: &str) -> io::Result<()> {
        let reply = match command.split([' ', '"']).next().unwrap_or_default() {
            "CAPABILITY" => {
                let capabilities = self.world().capabilities;
                format!("* CAPABILITY {capabilities}\r\n{tag} OK\r\n")
            }
            "AUTHENTICATE" => {
                self.say("+ \r\n")?;
                self.hear()?;
                format!("{tag} OK logged in\r\n")
            }
            "LOGIN" => format!("{tag} OK logged in\r\n"),
            "EXAMINE" => self.examine(tag),
            "IDLE" => {
                self.say("+ idling\r\n")?;
                self.hear()?;
                format!("{tag} OK idled\r\n")
            }
            "LOGOUT" => format!("* BYE\r\n{tag} OK\r\n"),
            "UID" if command.contains("SEARCH") => self.search(tag, command),
            "UID" => self.fetch(tag, command),
            _ => format!("{tag} BAD what\r\n"),
        };
        self.say(&reply)
    }

    fn examine(&self, tag: &str) -> String {
        let world = self.world();
        format!(
            "* FLAGS (\\Seen)\r\n* {} EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY {}] v\r\n\
             * OK [UIDNEXT {}] n\r\n{tag} OK [READ-ONLY] done\r\n",
            world.mails.len(),
            world.uid_validity,
            world.uid_next()
        )
    }

    fn search(&self, tag: &str, command: &str) -> String {
        let world = self.world();
        let last = world.mails.last().map_or(0, |(uid, _)| *uid);
        let from = command.split("UID ").nth(2).and_then(|set| set.split(':').next());
        let from = from.and_then(|from| from.parse::<u32>().ok()).unwrap_or(1);
        let found: String = world
            .mails
            .iter()
            .filter(|(uid, _)| *uid >= from.min(last))
            .map(|(uid, _)| format!(" {uid}"))
            .collect();
        format!("* SEARCH{found}\r\n{tag} OK\r\n")
    }

    fn fetch(&self, tag: &str, command: &str) -> String {
        let (first, last) = range(command);
        let world = self.world();
        let found: String = world
            .mails
            .iter()
            .enumerate()
            .filter(|(_, (uid, _))| (first..=last).contains(uid))
            .map(|(index, (uid, text))| item(index + 1, *uid, text, command))
            .collect();
        format!("{found}{tag} OK\r\n")
    }
}

/// The UIDs a `UID FETCH` asks for.
pub(crate) fn range(command: &str) -> (u32, u32) {
    let set = command.split(' ').nth(2).unwrap_or_default();
    let (first, last) = set.split_once(':').unwrap_or((set, set));
    (first.parse().unwrap_or(0), last.parse().unwrap_or(0))
}

/// One mail in an answer to FETCH.
pub(crate) fn item(number: usize, uid: u32, text: &str, command: &str) -> String {
    let size = text.len();
    let (name, part) = if command.contains("HEADER") {
        ("BODY[HEADER]<0>", text.split_inclusive("\r\n\r\n").next().unwrap_or_default())
    } else {
        ("BODY[]<0>", text)
    };
    format!(
        "* {number} FETCH (UID {uid} RFC822.SIZE {size} INTERNALDATE \" 5-Mar-2026 10:00:00 \
         +0100\" {name} {{{}}}\r\n{part})\r\n",
        part.len()
    )
}
