//! Commands of people about requests and runs, carried out on the records. Each answers with one
//! sentence; a command that does not fit what stands says so and changes nothing. Every one of them
//! goes into the audit trail. Commands about the bot as a whole are in `steering`.

use jiff::Timestamp;

use super::World;
use crate::pull::audit::{AuditEntry, SHOWN};
use crate::pull::command::{Command, Named};
use crate::pull::command_mail::{Answer, Item, LONGEST_LINE, Look, Order, shortened};
use crate::pull::ids::{PullNumber, RunId, TargetName};
use crate::pull::request::event::{Ordered, PullEvent};
use crate::pull::request::{HoldReason, Pull, Stage};
use crate::pull::run::Plan;
use crate::pull::run::event::RunEvent;
use crate::pull::run::{CiCheck, Run, RunStage, Why};
use crate::pull::verdict::{Outcome, Verdict};

impl World {
    /// Carries a command out if whoever gives it may, and writes that down.
    pub(super) fn obey(&mut self, order: &Order, now: Timestamp) -> Answer {
        let which = match &order.command {
            Ok(command) => command.which().map(|named| self.item(named, order.thread)),
            Err(_) => None,
        };
        let about = which.as_ref().and_then(|which| self.pull_of(which.as_ref().ok()?));
        let answer = self.try_to_obey(order, which, about, now).unwrap_or_else(Answer::Refused);
        let (outcome, carried_out) = match &answer {
            Answer::Done(said) => (said.clone(), true),
            Answer::Refused(why) => (why.clone(), false),
            Answer::Look(_) => (SHOWN.to_owned(), true),
        };
        self.changed
            .log
            .push((format!("command {:?} by {}", order.line, order.by.address), outcome.clone()));
        self.changed.audit.push(AuditEntry {
            at: now,
            by: order.by.clone(),
            mail: order.mail.clone(),
            command: shortened(&order.line, LONGEST_LINE),
            pull: about,
            outcome: shortened(&outcome, 1_000),
            carried_out,
        });
        answer
    }

    fn try_to_obey(
        &mut self,
        order: &Order,
        which: Option<Result<Item, String>>,
        about: Option<PullNumber>,
        now: Timestamp,
    ) -> Result<Answer, String> {
        let command = order.command.as_ref().map_err(Clone::clone)?;
        let pull = about.and_then(|number| self.pulls.get(&number));
        self.may(order, command.row(), pull)?;
        if let Some(said) = self.take_up(command, which.as_ref(), order, now)? {
            return Ok(Answer::Done(said));
        }
        match which {
            Some(item) => self.about(command, item?, order, now),
            None => self.steer(command, order, now),
        }
    }

    /// A command about one request or run.
    fn about(
        &mut self,
        command: &Command,
        item: Item,
        order: &Order,
        now: Timestamp,
    ) -> Result<Answer, String> {
        let by = order.by.address.as_str();
        let said = match command {
            Command::Show(_) => return Ok(Answer::Look(Look::Show(item))),
            Command::Log { job, .. } => {
                return Ok(Answer::Look(Look::Log { of: item, job: job.clone() }));
            }
            Command::Cancel(_) => self.cancel(item, by, now)?,
            Command::Approve { which: Named::Thread, of: None } => {
                // Which mail one answers is not signed as a rule, and this lets code run.
                let name = match item {
                    Item::Pull(number) => number.to_string(),
                    Item::Run(id) => format!("run-{id}"),
                };
                return Err(format!("Say what to approve: \"approve {name}\"."));
            }
            Command::Approve { of, .. } => self.approve(item, of.as_deref(), by, now)?,
            Command::Retest { fresh, .. } => self.retest(item, *fresh, order, now)?,
            Command::Refuse { reason, .. } => {
                let by = by.to_owned();
                let number = self.open(item)?;
                self.end(number, Ordered::Refuse { by, reason: reason.clone() }, now);
                format!("Request {number} is refused; its author is told.")
            }
            Command::Ignore(_) => {
                let number = self.open(item)?;
                self.end(number, Ordered::Ignore { by: by.to_owned() }, now);
                format!("Request {number} is left alone; nobody is told.")
            }
            Command::Priority { priority, .. } => {
                let number = self.open(item)?;
                let ordered = Ordered::Priority { priority: *priority, by: by.to_owned() };
                self.end(number, ordered, now);
                format!("Request {number} has priority {priority}.")
            }
            Command::Note { text, .. } => {
                let number = self.known(item)?.number;
                let ordered = Ordered::Note { text: text.clone(), by: by.to_owned() };
                self.end(number, ordered, now);
                format!("Noted beside request {number}.")
            }
            Command::Help(_)
            | Command::Status
            | Command::List(_)
            | Command::Test { .. }
            | Command::Pause { .. }
            | Command::Resume { .. }
            | Command::Freeze { .. }
            | Command::Unfreeze(_)
            | Command::KeyAdd { .. }
            | Command::KeyRestore(_)
            | Command::KeyRemove(_)
            | Command::KeyList
            | Command::Allow(_)
            | Command::Deny(_)
            | Command::ManagerAdd(_)
            | Command::ManagerRemove(_)
            | Command::EmergencyStop { .. } => return self.steer(command, order, now),
        };
        Ok(Answer::Done(said))
    }

    fn end(&mut self, number: PullNumber, ordered: Ordered, now: Timestamp) {
        self.pull_event(number, PullEvent::Ordered(ordered), now);
    }

    /// Which request or run is meant.
    fn item(&self, named: &Named, thread: Option<Item>) -> Result<Item, String> {
        match named {
            Named::Pull(number) => Ok(Item::Pull(*number)),
            Named::Run(id) => Ok(Item::Run(*id)),
            Named::Thread => thread.ok_or_else(|| format!("There is no {named}: name it.")),
            Named::Mail(id) => {
                let found = self.pulls.values().find(|pull| pull.is_mail(id));
                found
                    .map(|pull| Item::Pull(pull.number))
                    .ok_or_else(|| format!("There is no open {named}."))
            }
            Named::Tag(name) => self.by_tag(name),
        }
    }

    /// The request for a tag; of several the one that is not concluded, if there is just one.
    fn by_tag(&self, name: &str) -> Result<Item, String> {
        let tag = |pull: &Pull| pull.mail().request.tag_name() == name;
        let all: Vec<&Pull> = self.pulls.values().filter(|pull| tag(pull)).collect();
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

    pub(super) fn pull_of(&self, item: &Item) -> Option<PullNumber> {
        match item {
            Item::Pull(number) => Some(*number),
            Item::Run(id) => match self.runs.get(id).map(|run| &run.why) {
                Some(Why::Attempt { pull, .. }) => Some(*pull),
                Some(Why::Asked { .. }) | None => None,
            },
        }
    }

    /// A request that is kept still.
    fn known(&self, item: Item) -> Result<&Pull, String> {
        let missing = || match item {
            Item::Pull(number) => format!("There is no open request {number}."),
            Item::Run(id) => format!("Run {id} belongs to no request."),
        };
        self.pull_of(&item).and_then(|number| self.pulls.get(&number)).ok_or_else(missing)
    }

    /// A request that is not concluded.
    fn open(&self, item: Item) -> Result<PullNumber, String> {
        let pull = self.known(item)?;
        match pull.stage.verdict() {
            None => Ok(pull.number),
            Some(verdict) => Err(format!("Request {} is over: {}.", pull.number, verdict.word())),
        }
    }

    pub(super) fn test(
        &mut self,
        why: Why,
        target: Option<&TargetName>,
        now: Timestamp,
    ) -> Result<String, String> {
        let targets = &self.policy.targets;
        let target = match target {
            Some(named) => {
                targets.get_key_value(named).map(|(name, _)| name.clone()).ok_or_else(|| {
                    let names: Vec<_> = targets.keys().map(ToString::to_string).collect();
                    format!("There is no target {named}; there are: {}.", names.join(", "))
                })?
            }
            None => targets.keys().next().cloned().ok_or("There is no target to test for.")?,
        };
        let what = format!("for {target}");
        let id = self.new_run(target, why, RunStage::Waiting { since: now }, now);
        Ok(format!("Run {id} is queued {what}; \"show run-{id}\" says where it stands."))
    }

    /// Adds a run, with its ref from the target's template.
    pub(super) fn new_run(
        &mut self,
        target: TargetName,
        why: Why,
        stage: RunStage,
        now: Timestamp,
    ) -> RunId {
        let id = RunId(self.next_run);
        self.next_run += 1;
        let ci_ref =
            self.policy.targets.get(&target).map_or_else(String::new, |policy| match &why {
                Why::Attempt { pull, attempt, .. } => {
                    policy.ci_ref(&target, &pull.to_string(), *attempt)
                }
                Why::Asked { .. } => policy.ci_ref(&target, &format!("run{id}"), 1),
            });
        self.changed.runs.insert(id);
        let ci = CiCheck::Due;
        self.runs.insert(id, Run { id, target, why, ci_ref, created_at: now, ci, stage });
        id
    }

    fn approve(
        &mut self,
        item: Item,
        of: Option<&str>,
        by: &str,
        now: Timestamp,
    ) -> Result<String, String> {
        let pull = self.known(item)?;
        let number = pull.number;
        let Stage::Held { trusted, unproved, reason, .. } = &pull.stage else {
            return Err(format!("Request {number} is not held; it is {}.", pull.stage.word()));
        };
        if let Some(of) = of {
            let pinned = trusted.as_ref().map(|trusted| &trusted.pinned).or(unproved.as_ref());
            let tag = pinned.and_then(|pinned| pinned.tag.as_ref()).map(|tag| tag.id.to_string());
            let digest = match reason {
                HoldReason::CiChanged { difference, .. } => Some(difference.digest.clone()),
                HoldReason::Backlog
                | HoldReason::LateArrival
                | HoldReason::OldTag { .. }
                | HoldReason::UnknownKey { .. }
                | HoldReason::Moved { .. }
                | HoldReason::Checks { .. } => None,
            };
            let fits = |id: &String| id.starts_with(of);
            if ![&tag, &digest].into_iter().flatten().any(fits) {
                return Err(format!(
                    "What request {number} is held with now is not {of}: tag object {}, difference \
                     {}. Look at it again (\"show {number}\").",
                    tag.as_deref().unwrap_or("not fetched yet"),
                    digest.as_deref().unwrap_or("none")
                ));
            }
        }
        if !pull.has_room_for_approval(by, now) {
            return Err(format!(
                "Request {number} was approved so often that its record holds no more: have it \
                 sent again, as a new request."
            ));
        }
        self.end(number, Ordered::Approve { by: by.into() }, now);
        Ok(format!("Request {number} is approved."))
    }

    fn retest(
        &mut self,
        item: Item,
        fresh: bool,
        order: &Order,
        now: Timestamp,
    ) -> Result<String, String> {
        let pull = self.known(item)?;
        let number = pull.number;
        if let Some(by) = pull.lineage.superseded_by {
            return Err(format!("Request {by} supersedes request {number}; name that one."));
        }
        match &pull.stage {
            Stage::Answered { .. } | Stage::Concluded { written: true, .. } => {}
            Stage::Held { .. } => {
                return Err(format!("Request {number} is held: \"approve {number}\" lifts that."));
            }
            Stage::Received { .. }
            | Stage::Fetched { .. }
            | Stage::Verified { .. }
            | Stage::Queued { .. }
            | Stage::Running { .. }
            | Stage::Concluded { written: false, .. }
            | Stage::Closed { .. } => {
                return Err(format!(
                    "Request {number} is not answered yet; it is {}.",
                    pull.stage.word()
                ));
            }
        }
        let only_author = self.role_of(order) == Some(super::rights::Role::Author);
        if only_author && pull.retested_by_author {
            return Err(format!(
                "You had request {number} tested again already; ask a release manager."
            ));
        }
        let plan = if fresh { Plan::Fresh } else { self.same_again(pull) };
        let again = if plan == Plan::Fresh { "a new merge" } else { "the same candidate" };
        let by = order.by.address.clone();
        self.end(number, Ordered::Retest { plan, by, only_author }, now);
        Ok(format!("Request {number} is queued again, with {again}."))
    }

    /// The last attempt's base and time, where it made a candidate.
    fn same_again(&self, pull: &Pull) -> Plan {
        let Some(Verdict::Tested { run, .. }) = pull.stage.verdict() else { return Plan::Fresh };
        let Some(run) = self.runs.get(run) else { return Plan::Fresh };
        let base = run.stage.candidate().and_then(|candidate| candidate.base);
        match (base, run.merged_at()) {
            (Some(base), Some(at)) => Plan::Again { base, at },
            _ => Plan::Fresh,
        }
    }

    fn cancel(&mut self, item: Item, by: &str, now: Timestamp) -> Result<String, String> {
        if let Item::Run(id) = item {
            return self.cancel_run(id, by, now);
        }
        let number = self.open(item)?;
        self.end(number, Ordered::Cancel { by: by.into() }, now);
        Ok(format!("Request {number} is cancelled; nobody is told."))
    }

    fn cancel_run(&mut self, id: RunId, by: &str, now: Timestamp) -> Result<String, String> {
        let run = self.runs.get(&id).ok_or_else(|| format!("There is no open run {id}."))?;
        if run.outcome().is_some() {
            return Err(format!("Run {id} has ended; there is nothing to cancel."));
        }
        if let Why::Attempt { pull, .. } = run.why {
            return self.cancel(Item::Pull(pull), by, now);
        }
        self.run_event(id, RunEvent::Stopped(Outcome::Cancelled { by: by.into() }), now);
        Ok(format!("Run {id} is cancelled."))
    }

    pub(super) fn begin_attempt(&mut self, number: PullNumber, now: Timestamp) {
        let Some(pull) = self.pulls.get(&number) else { return };
        let Stage::Queued { plan, .. } = &pull.stage else { return };
        let plan = plan.clone();
        let target = pull.target.clone();
        let retry = crate::pull::retry::Retry::now(now);
        let stage = match &plan {
            Plan::Fresh => RunStage::Planned { retry },
            Plan::Again { base, at } => RunStage::Based { base: *base, at: *at, retry },
        };
        let why = Why::Attempt { pull: number, attempt: pull.attempts + 1, plan };
        let id = self.new_run(target, why, stage, now);
        self.pull_event(number, PullEvent::Began(id), now);
    }
}
