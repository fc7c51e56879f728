//! What a command can see and change of the world, and nothing else of it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::pull::aside::{Aside, RecordKey};
use crate::pull::command::{Answer, Given, Item, Named};
use crate::pull::decision::clock;
use crate::pull::ids::{ListName, MessageId, PullNumber, RunId, TargetName};
use crate::pull::letter::Letter;
use crate::pull::letter::rules::LetterEvent;
use crate::pull::overlay::{Change, Overlay, Pause};
use crate::pull::policy::Policy;
use crate::pull::request::Pull;
use crate::pull::request::event::{Ordered, PullEvent};
use crate::pull::rights::{Giver, Known, People};
use crate::pull::run::event::RunEvent;
use crate::pull::run::{Run, Why};

/// What the world lets commands see and change. All changes are part of one step.
pub(crate) trait Reach {
    fn policy(&self) -> &Policy;
    fn overlay(&self) -> &Overlay;
    fn pulls(&self) -> &BTreeMap<PullNumber, Pull>;
    fn runs(&self) -> &BTreeMap<RunId, Run>;
    fn letters(&self) -> &BTreeMap<MessageId, Letter>;
    fn aside(&self) -> &BTreeMap<RecordKey, Aside>;
    fn pull_event(&mut self, number: PullNumber, event: PullEvent, now: Timestamp);
    fn run_event(&mut self, id: RunId, event: RunEvent, now: Timestamp);
    fn letter_event(&mut self, id: &MessageId, event: LetterEvent, now: Timestamp);
    /// Has a mail with commands get no answer.
    fn close_mail(&mut self, id: &MessageId, now: Timestamp);
    /// Adds a run that waits for its turn.
    fn queue_run(&mut self, target: TargetName, why: Why, now: Timestamp) -> RunId;
    /// Keeps another overlay, in force from this step on. It has to fit into its record.
    fn put_overlay(&mut self, overlay: Overlay);
    /// Has a record be worked on again; whether that can be.
    fn lift(&mut self, key: &RecordKey) -> bool;
    /// Has the count of letters begin anew that trips the breaker.
    fn reset_breaker(&mut self);
}

/// The world as one command sees it.
pub(crate) struct Desk<'a> {
    reach: &'a mut dyn Reach,
    pub(crate) given: &'a Given,
    pub(crate) now: Timestamp,
}

impl<'a> Desk<'a> {
    pub(crate) fn new(reach: &'a mut dyn Reach, given: &'a Given, now: Timestamp) -> Self {
        Self { reach, given, now }
    }

    /// Who gives the command, for the records.
    pub(super) fn by(&self) -> String {
        self.given.by.address.clone()
    }

    pub(super) fn people(&self) -> People<'_> {
        let policy = self.reach.policy();
        People {
            administrator: &policy.administrator,
            managers: &policy.managers,
            overlay: self.reach.overlay(),
        }
    }

    pub(super) fn giver(&self) -> Giver<'a> {
        let is_theirs =
            |pull: &Pull| pull.mail().author.address.eq_ignore_ascii_case(&self.given.by.address);
        let author = self.reach.pulls().values().any(is_theirs);
        let Given { by, maintainer, on_list, .. } = self.given;
        let known = Known { maintainer: *maintainer, author };
        Giver::of(&self.people(), by, known, *on_list)
    }

    /// Which request or run is meant.
    ///
    /// # Errors
    /// A sentence: there is none, or more than one.
    pub(super) fn item(&self, named: &Named) -> Result<Item, String> {
        match named {
            Named::Pull(number) => Ok(Item::Pull(*number)),
            Named::Run(id) => Ok(Item::Run(*id)),
            Named::Thread => {
                self.given.thread.ok_or_else(|| format!("There is no {named}: name it."))
            }
            Named::Mail(id) => {
                let found = self.reach.pulls().values().find(|pull| pull.is_mail(id));
                found
                    .map(|pull| Item::Pull(pull.number))
                    .ok_or_else(|| format!("There is no open {named}."))
            }
            Named::Tag(name) => self.by_tag(name),
        }
    }

    /// The request for a tag; of several the one that is not concluded, if there is just one.
    fn by_tag(&self, name: &str) -> Result<Item, String> {
        let tag = |pull: &&Pull| pull.mail().request.tag_name() == name;
        let all: Vec<&Pull> = self.reach.pulls().values().filter(tag).collect();
        let open: Vec<&&Pull> = all.iter().filter(|pull| pull.stage.verdict().is_none()).collect();
        match (all.as_slice(), open.as_slice()) {
            ([one], _) => Ok(Item::Pull(one.number)),
            (_, [one]) => Ok(Item::Pull(one.number)),
            ([], _) => Err(format!("There is no open request for a tag {name:?}.")),
            (several, _) => {
                let numbers: Vec<_> = several.iter().map(|pull| pull.number.to_string()).collect();
                Err(format!(
                    "Several requests have the tag {name:?}: name one of {}.",
                    numbers.join(", ")
                ))
            }
        }
    }

    /// The number of the request that a request or run belongs to.
    pub(super) fn pull_of(&self, item: Item) -> Option<PullNumber> {
        match item {
            Item::Pull(number) => Some(number),
            Item::Run(id) => self.run(id).and_then(Run::of),
        }
    }

    pub(super) fn pull(&self, number: PullNumber) -> Option<&Pull> {
        self.reach.pulls().get(&number)
    }

    /// A request that is kept still.
    ///
    /// # Errors
    /// A sentence: there is none.
    pub(super) fn known(&self, item: Item) -> Result<&Pull, String> {
        let missing = || match item {
            Item::Pull(number) => format!("There is no open request {number}."),
            Item::Run(id) => format!("Run {id} belongs to no request."),
        };
        self.pull_of(item).and_then(|number| self.pull(number)).ok_or_else(missing)
    }

    /// The number of a request that is not concluded.
    ///
    /// # Errors
    /// A sentence: there is none, or it is over.
    pub(super) fn open(&self, item: Item) -> Result<PullNumber, String> {
        let pull = self.known(item)?;
        match pull.stage.verdict() {
            None => Ok(pull.number),
            Some(verdict) => Err(format!("Request {} is over: {}.", pull.number, verdict.word())),
        }
    }

    pub(super) fn run(&self, id: RunId) -> Option<&Run> {
        self.reach.runs().get(&id)
    }

    pub(super) fn letter(&self, id: &MessageId) -> Option<&Letter> {
        self.reach.letters().get(id)
    }

    pub(super) fn aside(&self) -> &BTreeMap<RecordKey, Aside> {
        self.reach.aside()
    }

    /// The targets, by name, in their order.
    pub(super) fn targets(&self) -> impl Iterator<Item = &TargetName> {
        self.reach.policy().targets.keys()
    }

    /// Checks that there is such a target.
    ///
    /// # Errors
    /// A sentence with those there are.
    pub(super) fn knows_target(&self, target: &TargetName) -> Result<(), String> {
        if self.targets().any(|known| known == target) {
            return Ok(());
        }
        let names: Vec<_> = self.targets().map(ToString::to_string).collect();
        Err(format!("There is no target {target}; there are: {}.", names.join(", ")))
    }

    /// The lists, by name.
    pub(super) fn lists(&self) -> impl Iterator<Item = &ListName> {
        self.reach.policy().lists.keys()
    }

    pub(super) fn overlay(&self) -> &Overlay {
        self.reach.overlay()
    }

    /// Who changes something now.
    pub(super) fn change(&self) -> Change {
        Change { by: self.by(), at: self.now }
    }

    /// Who stops something now.
    pub(super) fn pause(&self, reason: String) -> Pause {
        Pause { reason, by: self.by(), at: self.now }
    }

    /// Changes the overlay, and says so.
    ///
    /// # Errors
    /// As `change`; or there is no room for it.
    pub(super) fn change_overlay(
        &mut self,
        change: impl FnOnce(&mut Overlay) -> Result<String, String>,
    ) -> Result<Answer, String> {
        let mut changed = self.overlay().clone();
        let said = change(&mut changed)?;
        if !changed.fits() {
            return Err("There is no room for more of these: move some into the configuration \
                        and the keyring, and take them back here."
                .into());
        }
        self.reach.put_overlay(changed);
        Ok(Answer::Done(said))
    }

    /// Has a request take in what a person wants done about it.
    pub(super) fn order(&mut self, number: PullNumber, ordered: Ordered) {
        self.pull_event(number, PullEvent::Ordered(ordered));
    }

    pub(super) fn pull_event(&mut self, number: PullNumber, event: PullEvent) {
        self.reach.pull_event(number, event, self.now);
    }

    pub(super) fn run_event(&mut self, id: RunId, event: RunEvent) {
        self.reach.run_event(id, event, self.now);
    }

    pub(super) fn letter_event(&mut self, id: &MessageId, event: LetterEvent) {
        self.reach.letter_event(id, event, self.now);
    }

    pub(super) fn close_mail(&mut self, id: &MessageId) {
        self.reach.close_mail(id, self.now);
    }

    pub(super) fn queue_run(&mut self, target: TargetName, why: Why) -> RunId {
        self.reach.queue_run(target, why, self.now)
    }

    pub(super) fn lift(&mut self, key: &RecordKey) -> bool {
        self.reach.lift(key)
    }

    pub(super) fn reset_breaker(&mut self) {
        self.reach.reset_breaker();
    }
}

/// That something took the place of what somebody had said before; empty where nobody had.
pub(super) fn replaced(before: Option<Pause>) -> String {
    before.map_or_else(String::new, |before| {
        format!(" It replaces that of {} by {}: {}", clock(before.at), before.by, before.reason)
    })
}
