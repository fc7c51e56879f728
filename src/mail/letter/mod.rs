//! Letters: what the bot writes to authors, lists, release managers and the administrator. Pure
//! composition; whether and when a letter goes out is decided elsewhere.
//!
//! A letter is a function of the records it is about, and its Message-ID a hash of what it
//! answers: written twice, around a crash, it is the same letter.

mod body;
mod bot;
mod case;
mod checks;
mod delivering;
mod expiry;
mod facts;
mod jobs;
mod near_miss;
mod page;
mod post;
mod retracted;
mod transcript;

use jiff::Timestamp;
use lettre::message::Mailbox;

pub(crate) use self::case::{Case, ListWords, TargetWords};
pub(crate) use self::delivering::Delivering;
pub(crate) use self::near_miss::Missed;
pub(crate) use self::post::LetterFault;
use self::post::{Post, answer_subject, bare_subject, computed_id, thread_under};
pub(crate) use self::transcript::{Answered, Copied, Told};
use crate::mail::words;
use crate::pull::clean;
use crate::pull::cover::Person;
use crate::pull::ids::{ListName, MessageId};
use crate::pull::letter::{About, Letter, LetterState};
use crate::pull::request::Stage;
use crate::pull::request::unproved;
use crate::pull::retry::Retry;
use crate::pull::run::{Run, Why};
use crate::pull::tag::Drift;
use crate::pull::verdict::{Audience, Outcome, Verdict};

/// Characters of a subject: a line of a mail has at most 998 (RFC 5322, section 2.1.1).
const SUBJECT: usize = 500;

/// A letter, written: its record and its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Draft {
    /// The record, ready to be sent.
    pub(crate) letter: Letter,
    /// The message with CRLF line ends. The bot's own copy needs no header: `letter.blind`.
    pub(crate) bytes: Vec<u8>,
}

/// The bot as a writer of letters.
#[derive(Debug, Clone)]
pub(crate) struct Pen {
    from: Mailbox,
    domain: String,
    managers: Vec<Mailbox>,
    administrator: Mailbox,
    /// The command mailbox, where there is one.
    commands: Option<Mailbox>,
    delivering: Delivering,
}

/// What makes a letter besides its text.
struct Sheet<'a> {
    about: About,
    audience: Audience,
    to: Vec<Mailbox>,
    cc: Vec<Mailbox>,
    list: Option<&'a ListName>,
    subject: String,
    thread: Vec<MessageId>,
    /// What the Message-ID is a hash of, besides the bot and the audience.
    key: Vec<String>,
    facts: Vec<(&'static str, String)>,
    auto_submitted: &'static str,
    /// Files that go with it: name and text.
    attached: Vec<(String, String)>,
    /// Whether anybody could have it written, in anybody's name.
    unproved: bool,
    now: Timestamp,
}

impl Pen {
    /// Takes the addresses that letters are from and to.
    ///
    /// # Errors
    /// An address is none.
    pub(crate) fn new(
        from: &Person,
        managers: &[String],
        administrator: &str,
        delivering: Delivering,
    ) -> Result<Self, LetterFault> {
        let from = post::mailbox(from)?;
        let bare = |address: &str| post::address(address).map(|email| Mailbox::new(None, email));
        Ok(Self {
            domain: from.email.domain().to_owned(),
            from,
            managers: managers.iter().map(|m| bare(m)).collect::<Result<_, _>>()?,
            administrator: bare(administrator)?,
            commands: None,
            delivering,
        })
    }

    /// The same, with a command mailbox that people may answer to.
    ///
    /// # Errors
    /// The address is none.
    pub(crate) fn with_commands(mut self, address: &str) -> Result<Self, LetterFault> {
        self.commands = Some(Mailbox::new(None, post::address(address)?));
        Ok(self)
    }

    /// The same, for other release managers. An address that is none is left out.
    #[must_use]
    pub(crate) fn with_managers(mut self, managers: &[String]) -> Self {
        let bare = |address: &String| post::address(address).ok();
        let found = managers.iter().filter_map(bare).map(|email| Mailbox::new(None, email));
        self.managers = found.collect();
        self
    }

    /// Writes what the request's verdict has to say to its audience; `None` where there is no
    /// verdict yet, or silence is the answer.
    ///
    /// # Errors
    /// The author's address is none, and nobody else would get the letter.
    pub(crate) fn verdict(&self, case: &Case<'_>) -> Result<Option<Draft>, LetterFault> {
        let Some((verdict, audience)) =
            case.pull.stage.verdict().and_then(|v| v.audience().map(|a| (v, a)))
        else {
            return Ok(None);
        };
        let (text, label) = match verdict {
            Verdict::Tested { outcome, .. } => (body::tested(case, outcome), "Not tested"),
            Verdict::Refused { why, .. } => (body::refused(case, why), "Not tested"),
            Verdict::Landed
            | Verdict::Cancelled { .. }
            | Verdict::Ignored { .. }
            | Verdict::Repeated { .. }
            | Verdict::Superseded { .. } => return Ok(None),
        };
        let kind = format!("verdict {}", facts::kind(verdict));
        let mut sheet = self.about_pull(case, audience, &kind, label)?;
        sheet.facts.insert(0, ("Verdict", verdict.word().to_owned()));
        self.write(sheet, text, Some(&case.list.address)).map(Some)
    }

    /// Writes that a request waits for a person's approval: to its author, or to the release
    /// managers. `None` if it is not held, or the audience is another.
    ///
    /// # Errors
    /// The author's address is none.
    pub(crate) fn held(
        &self,
        case: &Case<'_>,
        audience: Audience,
    ) -> Result<Option<Draft>, LetterFault> {
        let Stage::Held { reason, .. } = &case.pull.stage else { return Ok(None) };
        let words = match audience {
            Audience::Author => words::held_for_author(reason),
            Audience::Managers => {
                let what = facts::approved_by_name(case.pull, reason);
                words::held_for_managers(reason, case.pull.number, what.as_deref())
            }
            Audience::Thread | Audience::Administrator | Audience::Asker => return Ok(None),
        };
        let mut sheet = self.about_pull(case, audience, facts::held(reason), "Held")?;
        sheet.facts.insert(0, ("Verdict", "held".to_owned()));
        // However often it is held, its author is told once: the same letter is not sent again.
        if let (Audience::Author, Some(attempt)) = (audience, sheet.key.get_mut(2)) {
            *attempt = "0".into();
        }
        let text = body::held(case, &words, audience);
        self.write(sheet, text, Some(&case.list.address)).map(Some)
    }

    /// Writes to the release managers that a request has had no answer for too long, and why.
    ///
    /// # Errors
    /// None in practice.
    pub(crate) fn unanswered(&self, case: &Case<'_>, because: &str) -> Result<Draft, LetterFault> {
        let waited = case.now.duration_since(case.pull.received_at).as_secs().max(0);
        let words = words::unanswered(case.pull.number, waited.unsigned_abs(), because);
        let mut sheet = self.about_pull(case, Audience::Managers, "unanswered", "Unanswered")?;
        sheet.facts.insert(0, ("Verdict", "unanswered".to_owned()));
        self.write(sheet, body::short(case, &words), Some(&case.list.address))
    }

    /// Writes the outcome of `test URL REF SHA` to whoever asked by mail; `None` for a run that
    /// nobody is to be told of, or of which there is nothing to say.
    ///
    /// # Errors
    /// The asker's address is none.
    pub(crate) fn asked(
        &self,
        run: &Run,
        outcome: &Outcome,
        target: &TargetWords,
        drift: Option<&Drift>,
        now: Timestamp,
    ) -> Result<Option<Draft>, LetterFault> {
        let Why::Asked { asker: Some(asker), url, reference, sha } = &run.why else {
            return Ok(None);
        };
        let text = body::asked(run, outcome, target, drift);
        let sheet = Sheet {
            about: About::Run(run.id),
            audience: Audience::Asker,
            to: vec![Mailbox::new(None, post::address(asker)?)],
            cc: Vec::new(),
            list: None,
            subject: format!("Test of {reference} at {}: {}", sha.short(), outcome.word()),
            thread: Vec::new(),
            key: vec![
                format!("test {url} {reference}"),
                sha.to_string(),
                run.created_at.to_string(),
                outcome.word().to_owned(),
            ],
            facts: [("Verdict", outcome.word().to_owned())]
                .into_iter()
                .chain(facts::run_headers(run))
                .collect(),
            auto_submitted: "auto-replied",
            attached: Vec::new(),
            unproved: false,
            now,
        };
        self.write(sheet, text, None).map(Some)
    }

    fn about_pull<'a>(
        &self,
        case: &Case<'a>,
        audience: Audience,
        kind: &str,
        label: &str,
    ) -> Result<Sheet<'a>, LetterFault> {
        let cover = case.pull.mail();
        let (to, cc) = self.readers(case, audience)?;
        let subject = match audience {
            Audience::Thread | Audience::Author => answer_subject(&cover.subject),
            Audience::Managers | Audience::Administrator | Audience::Asker => {
                format!("{label}: {}", bare_subject(&cover.subject))
            }
        };
        Ok(Sheet {
            about: About::Pull(case.pull.number),
            audience,
            to,
            cc,
            list: (audience == Audience::Thread).then_some(&case.list.name),
            subject,
            thread: thread_under(&cover.message_id, &cover.references),
            key: vec![
                cover.message_id.to_string(),
                facts::tag_id(case.pull).map(|id| id.to_string()).unwrap_or_default(),
                facts::attempt(case).to_string(),
                kind.to_owned(),
            ],
            facts: facts::headers(case),
            auto_submitted: "auto-replied",
            attached: Vec::new(),
            unproved: unproved::is_unproved(&case.pull.stage),
            now: case.now,
        })
    }

    /// To and Cc. On the thread an author whose address no server would take is left out: the
    /// list still gets its answer.
    fn readers(
        &self,
        case: &Case<'_>,
        audience: Audience,
    ) -> Result<(Vec<Mailbox>, Vec<Mailbox>), LetterFault> {
        let author = post::mailbox(&case.pull.mail().author);
        match audience {
            Audience::Thread => {
                let list = Mailbox::new(None, post::address(&case.list.address)?);
                Ok(match author {
                    Ok(author) if author.email != list.email => (vec![author], vec![list]),
                    Ok(_) | Err(_) => (vec![list], Vec::new()),
                })
            }
            Audience::Author => Ok((vec![author?], Vec::new())),
            Audience::Managers | Audience::Asker => Ok((self.managers.clone(), Vec::new())),
            Audience::Administrator => Ok((vec![self.administrator.clone()], Vec::new())),
        }
    }

    fn write(
        &self,
        mut sheet: Sheet<'_>,
        mut text: body::Text,
        list_address: Option<&str>,
    ) -> Result<Draft, LetterFault> {
        let meant_for = sheet.audience;
        let aside = self.redirected(&mut sheet);
        if let (Some(_), Audience::Managers) = (&self.commands, meant_for) {
            text.orders_by_mail();
        }
        let mut parts = vec![self.from.email.to_string()];
        parts.append(&mut sheet.key);
        parts.push(format!("{meant_for:?} {:?}", self.delivering));
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let post = Post {
            id: computed_id(&self.domain, &parts)?,
            from: self.from.clone(),
            to: sheet.to,
            cc: sheet.cc,
            reply_to: self.commands.clone().filter(|to| self.answers_to(to, meant_for)),
            attached: sheet.attached,
            subject: clean::cut(&clean::words(&sheet.subject), SUBJECT),
            thread: sheet.thread,
            auto_submitted: sheet.auto_submitted,
            facts: sheet.facts,
            at: sheet.now,
        };
        let letter = Letter {
            id: post.id.clone(),
            about: sheet.about,
            audience: sheet.audience,
            list: sheet.list.cloned(),
            recipients: post.recipients(),
            blind: None,
            later: None,
            unproved: sheet.unproved,
            subject: post.subject.clone(),
            written_at: sheet.now,
            state: LetterState::Ready { retry: Retry::now(sheet.now) },
        };
        let bytes = post.bytes(text.finish(aside.as_deref(), list_address))?;
        Ok(Draft { letter, bytes })
    }
}
