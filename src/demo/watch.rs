//! What can be seen of the bot's work: what it says of its requests, GitLab's pipelines, and the
//! mails. Each change becomes a line of the story, once. It must not take part.

use std::collections::BTreeMap;

use mail_parser::MessageParser;

use super::mail::StoredMail;
use super::project::{DemoPull, Fate, PullMail};
use super::stage::{BOT, LIST, RunningBot, Stage};
use crate::bot::message::{Question, Reply};
use crate::bot::shown::Shown;
use crate::pull::command::Named;
use crate::pull::ids::PullNumber;

/// Who did what.
pub(super) type Event = (&'static str, String);

/// What was told already.
pub(super) struct Watch<'a> {
    stage: &'a Stage,
    requests: Vec<Request<'a>>,
    pipelines: BTreeMap<u64, String>,
}

/// A request, and how far its story was told.
struct Request<'a> {
    pull: &'a DemoPull,
    cover: &'a PullMail,
    number: Option<PullNumber>,
    seen: bool,
    signed: bool,
    merged: bool,
    answered: bool,
}

impl<'a> Watch<'a> {
    /// Nothing was told yet.
    pub(super) fn new(stage: &'a Stage) -> Self {
        let request = |(pull, mails): &'a (DemoPull, Vec<PullMail>)| {
            let cover = mails.first()?;
            let (seen, signed, merged, answered) = (false, false, false, false);
            Some(Request { pull, cover, number: None, seen, signed, merged, answered })
        };
        let requests = stage.requests.iter().filter_map(request).collect();
        Self { stage, requests, pipelines: BTreeMap::new() }
    }

    /// What has happened since the last look; `None` if the bot has ended.
    pub(super) fn look(&mut self, bot: &RunningBot) -> Option<Vec<Event>> {
        let mut events = Vec::new();
        for request in &mut self.requests {
            if let Some(shown) = shown(bot, request.cover)? {
                request.tell(&shown, &mut events);
            }
        }
        self.tell_pipelines(&mut events);
        let stage = self.stage;
        self.requests.iter_mut().for_each(|request| request.tell_answer(stage, &mut events));
        Some(events)
    }

    fn tell_pipelines(&mut self, events: &mut Vec<Event>) {
        for (id, branch, source, status) in self.stage.gitlab.pipelines() {
            // GitLab also makes one for each push, and skips it: the bot asks it to.
            let worth_telling =
                source == "api" && !matches!(status.as_str(), "created" | "pending");
            if worth_telling && self.pipelines.get(&id) != Some(&status) {
                let what = match status.as_str() {
                    "running" => format!("runs pipeline {id} on {branch}"),
                    _ => format!("pipeline {id}: {status}"),
                };
                events.push(("GitLab", what));
                self.pipelines.insert(id, status);
            }
        }
    }

    /// Whether every request has its answer.
    pub(super) fn is_complete(&self) -> bool {
        self.requests.iter().all(|request| request.answered)
    }

    /// The requests without an answer, each with what the bot says of it.
    pub(super) fn missing(&self, bot: &RunningBot) -> Vec<String> {
        let open = self.requests.iter().filter(|request| !request.answered);
        open.map(|request| {
            let because = match shown(bot, request.cover).flatten() {
                Some(shown) => shown.pull.because,
                None => "the bot has not seen it".to_owned(),
            };
            format!("{}, of {}: {because}", request.cover.subject, request.pull.by.name)
        })
        .collect()
    }
}

impl Request<'_> {
    fn tell_answer(&mut self, stage: &Stage, events: &mut Vec<Event>) {
        let (false, Some(number)) = (self.answered, self.number) else { return };
        let Some(answer) = answer(stage, self.pull, self.cover) else { return };
        self.answered = true;
        let whom = match self.pull.fate {
            Fate::BadSignature => format!("to {} alone", self.pull.by.name),
            Fate::Passes | Fate::FailsATest | Fate::Conflicts => "on the list".to_owned(),
        };
        let verdict = first_line(&answer.bytes());
        events.push(("Gatepost", format!("answers request {number} {whom}: \"{verdict}\"")));
    }

    fn tell(&mut self, shown: &Shown, events: &mut Vec<Event>) {
        let number = shown.pull.number;
        self.number = Some(number);
        let mut once = |told: &mut bool, what: Option<String>| {
            if let (false, Some(what)) = (*told, what) {
                *told = true;
                events.push(("Gatepost", what));
            }
        };
        once(
            &mut self.seen,
            Some(format!("takes up \"{}\" as request {number}", shown.pull.subject)),
        );
        let signer = shown.signer.as_ref();
        once(
            &mut self.signed,
            signer.map(|signer| {
                let name = signer.split(" (").next().unwrap_or(signer);
                format!("request {number}: has a good signature by {name}")
            }),
        );
        let candidate = shown.runs.iter().find_map(|run| run.candidate);
        once(
            &mut self.merged,
            candidate.map(|candidate| {
                let target = &shown.pull.target;
                format!("request {number}: merges onto {target} as {}", candidate.short())
            }),
        );
    }
}

/// What the bot says of a request; nothing if it has not seen it. `None` if the bot has ended.
fn shown(bot: &RunningBot, cover: &PullMail) -> Option<Option<Shown>> {
    let Ok(id) = cover.message_id.parse() else { return Some(None) };
    Some(match bot.ask(Question::Show(Named::Mail(id)))? {
        Reply::Shown(shown) => Some(*shown),
        Reply::Status(_) | Reply::Run(_) | Reply::Audit(_) | Reply::Done(_) | Reply::Refused(_) => {
            None
        }
    })
}

/// The bot's answer to a request: on the list, or, about a bad signature, to its author alone.
pub(super) fn answer(stage: &Stage, pull: &DemoPull, cover: &PullMail) -> Option<StoredMail> {
    let mails = match pull.fate {
        Fate::BadSignature => stage.mail.inbox(pull.by.address),
        Fate::Passes | Fate::FailsATest | Fate::Conflicts => stage.mail.archive(LIST),
    };
    let answered = format!("<{}>", cover.message_id);
    mails.into_iter().find(|mail| {
        mail.header("In-Reply-To").is_some_and(|id| id.trim() == answered)
            && mail.header("From").is_some_and(|from| from.contains(BOT))
    })
}

fn first_line(mail: &[u8]) -> String {
    let text = MessageParser::default().parse(mail);
    let text = text.as_ref().and_then(|mail| mail.body_text(0)).unwrap_or_default();
    text.lines().next().unwrap_or_default().to_owned()
}
