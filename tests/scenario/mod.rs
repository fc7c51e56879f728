//! Stories about the bot, told on values: no threads, no sockets, the harness's own clock.
//!
//! `scenario` tells a story once, checks what nobody has to write (no unread letter, every request
//! answered, nothing in flight), and then tells it again with a crash before and after every single
//! port call: from outside it must look the same each time.

pub(crate) mod outside;
pub(crate) mod ports;

use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::adapters::store::MemoryStore;
use crate::bot::engine::Engine;
use crate::bot::in_force::InForce;
use crate::bot::intake::Intake;
use crate::bot::journal::Journal;
use crate::bot::perform::{panicked, perform};
use crate::bot::ports::{LetterSettings, Ports};
use crate::mail::Rules;
use crate::mail::letter::{Delivering, LetterWriter, ListWords, TargetWords};
use crate::mail::rules::Goal;
use crate::mail::words::Reasons;
use crate::ports::{Folder, Pipelines};
use crate::pull::aside::RecordKey;
use crate::pull::checks::CheckPolicy;
use crate::pull::command::{Answer, Given, Sender, SenderProof};
use crate::pull::cover::Person;
use crate::pull::ids::{AccountName, ListName, PullNumber, TargetName};
use crate::pull::pipeline::Status;
use crate::pull::policy::{CiLint, CommandPolicy, ListPolicy, Policy, TargetPolicy, UnknownKeys};
use crate::pull::request::work::PullWork;
use crate::pull::request::{Pull, Stage};
use crate::pull::verbs::{self, Order};
use crate::pull::world::{Done, Input, Work};
use jiff::{SignedDuration, Timestamp};

use outside::{ADMIN, BOT, Crashed, LIST, MANAGER, OTHER_LIST, Outside, OutsideTag, Plan, id_of};
use ports::{
    CountedStore, ValueAuthenticator, ValueClock, ValueGitLab, ValueKeyring, ValueMailbox,
    ValueOutbound, ValueRepository,
};

/// How a story's bot differs from the usual one.
#[derive(Clone)]
pub(crate) struct Setting {
    pub(crate) policy: Policy,
    /// The list's rules.
    pub(crate) rules: Rules,
    /// The other list's.
    pub(crate) other_rules: Rules,
    pub(crate) delivering: Delivering,
    pub(crate) since: Option<Timestamp>,
    /// Mails of the setting are replayed; some stories end with something still open by design.
    pub(crate) all_answered: bool,
    /// There is another list, with a folder of its own.
    pub(crate) two_lists: bool,
    /// The lists send the bot nothing of its own; it gets a copy of each letter to them.
    pub(crate) blind_copies: bool,
}

impl Default for Setting {
    fn default() -> Self {
        let target = TargetPolicy {
            slot: "gitlab.example.org project".into(),
            max_running: 1,
            reference: "staging-gatepost-{number}-{attempt}".into(),
            start_within: SignedDuration::from_hours(12),
            finish_within: SignedDuration::from_hours(4),
            poll: SignedDuration::from_mins(15),
            required_jobs: Vec::new(),
            ci_lint: CiLint::Try,
            ci_paths: vec![".gitlab-ci.yml".into()],
            checks: CheckPolicy::usual(),
            freeze: None,
        };
        let list = ListPolicy { address: LIST.into(), own_copies: folder() };
        let policy = Policy {
            unanswered_after: SignedDuration::from_hours(24),
            late_after: SignedDuration::from_hours(7 * 24),
            old_tag_after: SignedDuration::from_hours(14 * 24),
            unknown_keys: UnknownKeys::Refuse,
            fetch_patience: SignedDuration::from_hours(2),
            keep: SignedDuration::from_hours(14 * 24),
            letters_per_hour: 20,
            letters_per_hour_in_all: 200,
            commands: Some(CommandPolicy {
                address: BOT.into(),
                window: SignedDuration::from_hours(48),
                mails_per_hour: 20,
            }),
            administrator: ADMIN.into(),
            managers: vec![MANAGER.into()],
            targets: BTreeMap::from([(TargetName::new("master"), target)]),
            lists: BTreeMap::from([(ListName::new("devel"), list)]),
            words: &Reasons,
        };
        let goal = Goal { target: TargetName::new("master"), branch: "master".into() };
        let id = Some("devel.lists.example.org".to_owned());
        let rules = Rules::usual(ListName::new("devel"), LIST, id, goal.clone());
        let id = Some("block.lists.example.org".to_owned());
        let other_rules = Rules::usual(ListName::new("block"), OTHER_LIST, id, goal);
        Self {
            policy,
            rules,
            other_rules,
            delivering: Delivering::Live,
            since: None,
            all_answered: true,
            two_lists: false,
            blind_copies: false,
        }
    }
}

impl Setting {
    /// The usual one, with another list beside it.
    pub(crate) fn of_two_lists() -> Self {
        let mut setting = Self { two_lists: true, ..Self::default() };
        let list = ListPolicy { address: OTHER_LIST.into(), own_copies: other_folder() };
        setting.policy.lists.insert(ListName::new("block"), list);
        setting
    }

    /// The one target's policy.
    pub(crate) fn target(&mut self) -> &mut TargetPolicy {
        self.policy.targets.get_mut(&TargetName::new("master")).unwrap()
    }
}

/// A command that somebody gives at the bot's own machine.
pub(crate) fn order(line: &str) -> Order {
    Order {
        line: line.into(),
        command: verbs::parse(line, false).map_err(|error| error.to_string()),
        given: Given {
            by: Sender { address: "rita".into(), how: SenderProof::Socket },
            maintainer: false,
            on_list: false,
            thread: None,
            keys: Vec::new(),
            reply_to: Some(MANAGER.into()),
            mail: None,
        },
    }
}

fn folder() -> Folder {
    Folder { account: AccountName::new("list"), folder: "INBOX".into() }
}

fn other_folder() -> Folder {
    Folder { account: AccountName::new("list"), folder: "block".into() }
}

/// A story's world: the bot, and all that is outside of it.
pub(crate) struct World {
    pub(crate) outside: Outside,
    setting: Setting,
    store: MemoryStore,
    engine: Option<Engine>,
    handed_out: VecDeque<Work>,
    wake_at: Option<Timestamp>,
    mails: u32,
    pub(crate) restarts: u32,
    /// Answers take their time: what came of writing one is heard last.
    pub(crate) slow_answers: bool,
    late: VecDeque<Done>,
    /// A command that comes while a quarantine is being removed.
    pub(crate) while_forgetting: Option<String>,
}

/// A request that a maintainer mailed.
#[derive(Debug, Clone)]
pub(crate) struct Mailed {
    pub(crate) message_id: String,
    pub(crate) url: String,
    pub(crate) tag: String,
    pub(crate) tip: crate::pull::ids::ObjectId,
}

/// Tells a story, and then with a crash at every port call.
#[track_caller]
pub(crate) fn scenario(story: impl Fn(&mut World)) {
    scenario_in(&Setting::default(), story);
}

/// Tells a story in another setting, and then with a crash at every port call.
#[track_caller]
pub(crate) fn scenario_in(setting: &Setting, story: impl Fn(&mut World)) {
    let (calls, seen) = tell(setting, None, &story);
    for (number, name) in calls.iter().enumerate() {
        for after in [false, true] {
            let (_, again) = tell(setting, Some((number, after)), &story);
            let when = if after { "after" } else { "before" };
            assert_eq!(
                seen, again,
                "a crash {when} call {number} ({name}) can be told from outside"
            );
        }
    }
}

/// What can be seen from outside: letters by Message-ID with their recipients and text, pipelines
/// by commit, refs, and how each request ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    on_the_list: Vec<(String, String)>,
    private: BTreeMap<String, String>,
    pipelines: Vec<(String, bool)>,
    refs: Vec<String>,
    requests: Vec<String>,
}

/// Tells a story only straight: one whose accident is itself a crash's neighbour.
#[track_caller]
pub(crate) fn told_once(setting: &Setting, story: impl Fn(&mut World)) {
    tell(setting, None, &story);
}

/// Tells a story, and then with a crash at every port call, for stories about what is counted in
/// memory and begins anew then: what must hold in each telling, the story itself says.
#[track_caller]
pub(crate) fn retold(setting: &Setting, story: impl Fn(&mut World)) {
    let (calls, _) = tell(setting, None, &story);
    for number in 0..calls.len() {
        for after in [false, true] {
            tell(setting, Some((number, after)), &story);
        }
    }
}

fn tell(
    setting: &Setting,
    crash: Option<(usize, bool)>,
    story: &impl Fn(&mut World),
) -> (Vec<&'static str>, Seen) {
    let mut world = World::new(setting.clone());
    world.outside.lock().crash = crash;
    let _says_which = Telling { crash, outside: world.outside.clone() };
    story(&mut world);
    world.run_until_quiet();
    world.check(crash.is_none());
    let calls = world.outside.lock().calls.clone();
    (calls, world.seen())
}

/// Says which telling of a story failed.
struct Telling {
    crash: Option<(usize, bool)>,
    outside: Outside,
}

impl Drop for Telling {
    fn drop(&mut self) {
        if std::thread::panicking()
            && let Some((number, after)) = self.crash
        {
            let when = if after { "after" } else { "before" };
            let name = self.outside.lock().calls.get(number).copied().unwrap_or("never made");
            eprintln!("this was the telling with a crash {when} call {number} ({name})");
        }
    }
}

/// A letter's text without the ids that hang on the second in which a merge was made.
fn without_merge_ids(text: &str) -> String {
    let of_the_merge = |line: &&str| {
        let line = line.trim_start();
        !["candidate ", "tree ", "git merge --ff-only "].iter().any(|start| line.starts_with(start))
    };
    text.lines().filter(of_the_merge).collect::<Vec<_>>().join("\n")
}

impl World {
    fn new(setting: Setting) -> Self {
        Self {
            outside: Outside::new(),
            setting,
            store: MemoryStore::default(),
            engine: None,
            handed_out: VecDeque::new(),
            wake_at: None,
            mails: 0,
            restarts: 0,
            slow_answers: false,
            late: VecDeque::new(),
            while_forgetting: None,
        }
    }

    /// Runs the bot until everything that can be done is done, moving the clock on when it waits.
    pub(crate) fn run_until_quiet(&mut self) {
        for _ in 0..20_000 {
            self.turn();
            if self.is_quiet() {
                return;
            }
            self.sleep_until_wake();
        }
        panic!("the story does not come to rest: {:#?}", self.pulls());
    }

    /// Runs the bot for a while.
    pub(crate) fn run_for(&mut self, long: SignedDuration) {
        let end = self.outside.now() + long;
        loop {
            self.turn();
            let now = self.outside.now();
            if now >= end {
                return;
            }
            let next = self.wake_at.unwrap_or(end).clamp(now + SignedDuration::from_secs(1), end);
            self.outside.lock().now = next;
        }
    }

    /// Does all that can be done now. A crash ends the bot; the next turn starts it anew.
    fn turn(&mut self) {
        loop {
            match catch_unwind(AssertUnwindSafe(|| self.work())) {
                Ok(()) => return,
                Err(panic) if panic.is::<Crashed>() => {
                    self.engine = None;
                    self.handed_out.clear();
                    self.late.clear();
                    self.restarts += 1;
                    self.outside.lock().crash = None;
                }
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    }

    fn work(&mut self) {
        if self.engine.is_none() {
            let ports = self.ports();
            self.engine = Some(Engine::start(self.setting.policy.clone(), ports).unwrap());
        }
        self.take(Input::Tick);
        let mut done_now = 0;
        loop {
            if self.handed_out.is_empty() {
                self.read_mail();
            }
            let Some(work) = self.handed_out.pop_front() else {
                let Some(done) = self.late.pop_front() else { return };
                self.take(Input::Done(Box::new(done)));
                continue;
            };
            let slow =
                self.slow_answers && matches!(&work, Work::Pull(_, PullWork::WriteAnswer(_)));
            let forgets = matches!(&work, Work::Pull(_, PullWork::Forget(_)));
            done_now += 1;
            assert!(done_now < 2_000, "a busy loop: {work:?} at one and the same time");
            let engine = self.engine.as_ref().unwrap();
            let ports = engine.ports().clone();
            let done = guarded(&ports, &self.setting.policy, work);
            if forgets && let Some(line) = &self.while_forgetting {
                let answer = self.take(Input::Command(Box::new(order(line)))).unwrap();
                assert!(matches!(answer, Answer::Done(_)), "{answer:?}");
                // Only now: a crash on the way to the store means that it was never given.
                self.while_forgetting = None;
            }
            if slow {
                self.late.push_back(done);
            } else {
                self.take(Input::Done(Box::new(done)));
            }
        }
    }

    fn take(&mut self, input: Input) -> Option<Answer> {
        let engine = self.engine.as_mut().unwrap();
        let mut taken = engine.take(input);
        while let Err(fault) = &taken {
            assert!(engine.owes(), "{fault}");
            self.outside.advance(SignedDuration::from_mins(5));
            taken = engine.pay();
        }
        let taken = taken.unwrap();
        self.handed_out.extend(taken.work);
        self.wake_at = taken.wake_at;
        taken.answer
    }

    fn read_mail(&mut self) {
        let lists = vec![self.setting.rules.clone()];
        let other = self.setting.other_rules.clone();
        let since = self.setting.since;
        if self.setting.two_lists {
            let lists = [lists, vec![other.clone()]].concat();
            self.read_folder(
                &Intake { folder: folder(), lists, commands: Some(BOT.into()), since },
                false,
            );
            let lists = vec![other];
            self.read_folder(
                &Intake { folder: other_folder(), lists, commands: None, since },
                true,
            );
        } else {
            self.read_folder(
                &Intake { folder: folder(), lists, commands: Some(BOT.into()), since },
                false,
            );
        }
    }

    fn read_folder(&mut self, intake: &Intake, other: bool) {
        let mut mailbox = ValueMailbox(self.outside.clone(), other);
        loop {
            let engine = self.engine.as_ref().unwrap();
            let cursor = engine.world().cursor(&intake.folder);
            let ports = engine.ports().clone();
            let input = match intake.read(&mut mailbox, cursor, &ports) {
                Ok(Some(input)) => input,
                Ok(None) => return,
                Err(fault) => {
                    assert!(Outside::full_disk(&self.outside.lock()).is_some(), "{fault}");
                    return;
                }
            };
            let Input::Read { complete, .. } = &input else { return };
            let complete = *complete;
            self.take(input);
            if complete {
                return;
            }
        }
    }

    fn ports(&self) -> Ports {
        let outside = &self.outside;
        let from = Person { name: Some("Gatepost".into()), address: BOT.into() };
        let writer =
            LetterWriter::new(&from, &[MANAGER.to_owned()], ADMIN, self.setting.delivering)
                .unwrap();
        let writer = writer.with_commands(BOT).unwrap();
        let desk = LetterSettings {
            writer,
            sender: BOT.into(),
            managers: vec![MANAGER.into()],
            administrator: ADMIN.into(),
            commands: Some(BOT.into()),
            lists: [("devel", LIST), ("block", OTHER_LIST)]
                .map(|(name, address)| {
                    let name = ListName::new(name);
                    let retest_by_mail = self.setting.rules.retest_by_mail;
                    (name.clone(), ListWords { name, address: address.into(), retest_by_mail })
                })
                .into(),
            rules: [&self.setting.rules, &self.setting.other_rules]
                .map(|rules| (rules.list.clone(), rules.clone()))
                .into(),
            targets: self.setting.policy.targets.keys().map(words_of).collect(),
            blind_copies: ["devel", "block"]
                .into_iter()
                .filter(|_| self.setting.blind_copies)
                .map(|list| (ListName::new(list), BOT.to_owned()))
                .collect(),
        };
        let store: Arc<dyn crate::ports::Store> =
            Arc::new(CountedStore(outside.clone(), self.store.clone()));
        Ports {
            clock: Arc::new(ValueClock(outside.clone())),
            store: Arc::clone(&store),
            journal: Journal::beside(store),
            repository: Arc::new(ValueRepository(outside.clone())),
            keyring: Arc::new(ValueKeyring(outside.clone())),
            outbound: Arc::new(ValueOutbound(outside.clone())),
            pipelines: self
                .setting
                .policy
                .targets
                .keys()
                .map(|target| {
                    let gitlab: Arc<dyn Pipelines> = Arc::new(ValueGitLab(outside.clone()));
                    (target.clone(), gitlab)
                })
                .collect(),
            authenticator: Arc::new(ValueAuthenticator(outside.clone())),
            desk: Arc::new(desk),
            in_force: InForce::default(),
        }
    }

    fn is_quiet(&self) -> bool {
        let Some(engine) = &self.engine else { return false };
        let world = engine.world();
        let overlay = world.overlay();
        let paused = overlay.pause.is_some()
            || !overlay.paused_lists.is_empty()
            || !overlay.freezes.is_empty();
        let stopped = overlay.stop.is_some() || overlay.breaker.is_some();
        let aside = |key: RecordKey| world.aside().contains_key(&key);
        let told = world.aside().values().all(|aside| aside.told);
        self.handed_out.is_empty()
            && world.control().near_misses.is_empty()
            && world.mails().keys().all(|id| aside(RecordKey::Mail(id.clone())))
            && (stopped || told)
            && (stopped
                || world.letters().values().all(|letter| {
                    letter.state.is_final() || aside(RecordKey::Letter(letter.id.clone()))
                }))
            && (stopped
                || world
                    .runs()
                    .values()
                    .all(|run| run.outcome().is_some() || aside(RecordKey::Run(run.id))))
            && world.pulls().values().all(|pull| match &pull.stage {
                _ if aside(RecordKey::Pull(pull.number)) => true,
                Stage::Running { run, .. } if aside(RecordKey::Run(*run)) => true,
                Stage::Held { told, .. } => *told,
                Stage::Queued { .. } => paused,
                Stage::Answered { .. } | Stage::Closed { .. } => true,
                _ => stopped,
            })
    }

    fn sleep_until_wake(&mut self) {
        let mut outside = self.outside.lock();
        let soon = outside.now + SignedDuration::from_secs(1);
        let far = outside.now + SignedDuration::from_hours(1);
        outside.now = self.wake_at.unwrap_or(far).clamp(soon, far);
    }

    /// Gives the bot a command.
    pub(crate) fn command(&mut self, line: &str) -> Result<String, String> {
        self.turn();
        let order = order(line);
        loop {
            let input = Input::Command(Box::new(order.clone()));
            match catch_unwind(AssertUnwindSafe(|| self.take(input))) {
                Ok(answer) => {
                    return match answer.unwrap() {
                        Answer::Done(said) => Ok(said),
                        Answer::Refused(why) => Err(why),
                        Answer::Look(_) => Ok("shown".into()),
                    };
                }
                Err(panic) if panic.is::<Crashed>() => {
                    self.engine = None;
                    self.handed_out.clear();
                    self.late.clear();
                    self.restarts += 1;
                    let durable_before = self.outside.lock().crash.take();
                    self.turn();
                    // The put was durable: the audit trail says what came of it.
                    if durable_before.is_some_and(|(_, after)| after) {
                        let entry = self.audit().pop().expect("what was given is written down");
                        return if entry.carried_out {
                            Ok(entry.outcome)
                        } else {
                            Err(entry.outcome)
                        };
                    }
                }
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    }

    /// Somebody mails commands to the bot. The header's further lines say what proves that, and
    /// which mail is answered.
    pub(crate) fn mails_commands(&mut self, from: &str, header: &str, text: &str) -> String {
        self.mails += 1;
        let id = format!("c{}.{}", self.mails, from);
        let subject = if header.contains("Subject:") { "" } else { "Subject: please\r\n" };
        let lines: String = header.lines().map(|line| format!("{line}\r\n")).collect();
        let text = text.replace('\n', "\r\n");
        let mail = format!(
            "From: {from}\r\nTo: {BOT}\r\nMessage-ID: <{id}>\r\nDate: Fri, 2 Jan 2026 10:00:00 +0000\r\n{subject}{lines}\r\n{text}"
        );
        self.outside.lock().deliver(mail.as_bytes());
        self.run_until_quiet();
        id
    }

    /// The audit trail, oldest first.
    pub(crate) fn audit(&self) -> Vec<crate::pull::audit::AuditEntry> {
        use crate::ports::Store;
        let mut entries = self.store.audit(None, 1_000).unwrap();
        entries.reverse();
        entries
    }

    /// A file of the store.
    pub(crate) fn file(&self, name: &crate::ports::FileName) -> Option<Vec<u8>> {
        use crate::ports::Store;
        self.store.file(name).unwrap()
    }

    /// Puts a file into the store.
    pub(crate) fn keeps(&self, name: &crate::ports::FileName, content: &[u8]) {
        use crate::ports::Store;
        self.store.put_file(name, content).unwrap();
    }

    /// The Message-ID of the last letter that went out.
    pub(crate) fn last_letter_id(&self) -> String {
        let outside = self.outside.lock();
        let last = outside.accepted.last().expect("a letter");
        Letter::of(&last.recipients, &last.bytes).message_id
    }

    /// All letters to the list that nobody has read yet. Marks them read.
    pub(crate) fn letters_on_the_list(&mut self) -> usize {
        self.take_letters(|letter| letter.to_list).len()
    }

    /// Makes the records what a version wrote that did not note what signatures cover, and starts
    /// the bot anew.
    pub(crate) fn forgets_payloads(&mut self) {
        use crate::ports::{Batch, Store};
        let mut pulls = self.pulls();
        for pull in &mut pulls {
            (pull.signed, pull.pinned_payload) = (None, None);
            if let Stage::Answered { trusted: Some(trusted), .. } = &mut pull.stage {
                trusted.pinned.tag.as_mut().unwrap().payload = None;
            }
        }
        self.store.put(&Batch { pulls, ..Batch::default() }).unwrap();
        self.engine = None;
    }

    /// What commands changed.
    pub(crate) fn overlay(&self) -> crate::pull::overlay::Overlay {
        self.engine.as_ref().expect("the bot runs").world().overlay().clone()
    }

    /// Open requests, as they are.
    pub(crate) fn pulls(&self) -> Vec<Pull> {
        let engine = self.engine.as_ref().expect("the bot runs");
        engine.world().pulls().values().cloned().collect()
    }

    /// What the bot remembers.
    pub(crate) fn store(&self) -> Arc<dyn crate::ports::Store> {
        Arc::new(self.store.clone())
    }

    /// Ends the bot as a crash does, and starts it anew without doing anything yet.
    pub(crate) fn starts_anew(&mut self) {
        self.handed_out.clear();
        self.late.clear();
        let ports = self.ports();
        self.engine = Some(Engine::start(self.setting.policy.clone(), ports).unwrap());
    }

    /// The engine itself.
    pub(crate) fn engine(&mut self) -> &mut Engine {
        self.engine.as_mut().expect("the bot runs")
    }

    /// Marks every letter read.
    pub(crate) fn reads_all_letters(&mut self) {
        self.take_letters(|_| true);
    }

    /// What is set aside.
    pub(crate) fn aside(&self) -> Vec<RecordKey> {
        let engine = self.engine.as_ref().expect("the bot runs");
        engine.world().aside().keys().cloned().collect()
    }

    /// Spoils a request's record, and starts the bot anew on it.
    pub(crate) fn spoil(&mut self, number: u64, spoil: impl FnOnce(&mut Pull)) {
        use crate::ports::{Batch, Store};
        let mut pull = self.pull(number);
        spoil(&mut pull);
        self.store.put(&Batch { pulls: vec![pull], ..Batch::default() }).unwrap();
        self.engine = None;
        self.handed_out.clear();
        self.late.clear();
        self.turn();
    }

    /// A request by number, open or closed.
    pub(crate) fn pull(&self, number: u64) -> Pull {
        use crate::ports::Store;
        self.store.pull(PullNumber(number)).unwrap().expect("there is such a request")
    }

    /// Why nothing else happens to a request.
    pub(crate) fn because(&self, number: u64) -> String {
        let world = self.engine.as_ref().unwrap().world();
        let pull = &world.pulls()[&PullNumber(number)];
        world.next_for_pull(pull, self.outside.now()).because
    }

    /// A maintainer: pushes tags and mails requests.
    pub(crate) fn maintainer<'w>(&'w mut self, name: &'w str) -> Maintainer<'w> {
        Maintainer { world: self, name }
    }

    /// What goes wrong with the next pipeline.
    pub(crate) fn next_pipeline(&mut self, plan: impl FnOnce(&mut Plan)) {
        let mut next = Plan::default();
        plan(&mut next);
        self.outside.lock().plans.push(next);
    }

    /// The next pipeline fails these jobs.
    pub(crate) fn next_pipeline_fails(&mut self, jobs: &[&str]) {
        self.next_pipeline(|plan| {
            plan.status = Status::Failed;
            plan.jobs.extend(jobs.iter().map(|name| ((*name).to_owned(), Status::Failed)));
        });
    }

    /// The one letter on the list that answers a request; its text, decoded. Marks it read.
    #[track_caller]
    pub(crate) fn reply_to(&mut self, request: &Mailed) -> String {
        let found = self.take_letters(|letter| {
            letter.to_list && letter.in_reply_to.as_deref() == Some(request.message_id.as_str())
        });
        assert_eq!(found.len(), 1, "letters to the list in answer to {request:?}: {found:#?}");
        found[0].text.clone()
    }

    /// To whom the one reply on the list goes. Leaves it unread.
    #[track_caller]
    pub(crate) fn readers_of_reply_to(&self, request: &Mailed) -> Vec<String> {
        let outside = self.outside.lock();
        let letters = outside.accepted.iter().map(|a| Letter::of(&a.recipients, &a.bytes));
        let mut replies = letters.filter(|letter| {
            letter.to_list && letter.in_reply_to.as_deref() == Some(request.message_id.as_str())
        });
        replies.next().expect("a reply").recipients
    }

    /// The one letter to an address alone. Marks it read.
    #[track_caller]
    pub(crate) fn letter_to(&mut self, address: &str) -> String {
        let found = self
            .take_letters(|l| !l.to_list && l.recipients.first().is_some_and(|to| to == address));
        let ids: std::collections::BTreeSet<_> = found.iter().map(|l| &l.message_id).collect();
        assert_eq!(ids.len(), 1, "letters to {address}: {found:#?}");
        format!("{}\n\n{}", found[0].subject, found[0].text)
    }

    /// Whom the letters that answer a request went to, each transaction by itself. Leaves them unread.
    pub(crate) fn deliveries_of(&self, request: &Mailed) -> Vec<Vec<String>> {
        let outside = self.outside.lock();
        let letters = outside.accepted.iter().map(|a| Letter::of(&a.recipients, &a.bytes));
        let answers = letters
            .filter(|letter| letter.in_reply_to.as_deref() == Some(request.message_id.as_str()));
        answers.map(|letter| letter.recipients).collect()
    }

    /// What the bot counts, and what it has to tell of itself.
    pub(crate) fn control(&self) -> crate::pull::records::Control {
        self.engine.as_ref().expect("the bot runs").world().control().clone()
    }

    /// How many letters are not sent yet.
    pub(crate) fn letters_waiting(&self) -> usize {
        self.engine.as_ref().expect("the bot runs").world().letters().len()
    }

    /// How many letters to an address nobody has read yet. Marks them read.
    pub(crate) fn letters_to(&mut self, address: &str) -> usize {
        self.take_letters(|l| !l.to_list && l.recipients.first().is_some_and(|to| to == address))
            .len()
    }

    fn take_letters(&mut self, which: impl Fn(&Letter) -> bool) -> Vec<Letter> {
        let mut outside = self.outside.lock();
        let mut found = Vec::new();
        for accepted in outside.accepted.iter_mut().filter(|accepted| !accepted.read) {
            let letter = Letter::of(&accepted.recipients, &accepted.bytes);
            if which(&letter) {
                accepted.read = true;
                found.push(letter);
            }
        }
        found
    }

    /// What nobody has to write.
    fn check(&mut self, told_straight: bool) {
        let unread = self.take_letters(|_| true);
        assert!(unread.is_empty(), "letters that the story does not mention: {unread:#?}");
        for pull in self.pulls() {
            let aside = self.aside();
            let at_rest = matches!(pull.stage, Stage::Answered { .. } | Stage::Held { .. })
                || aside.contains(&RecordKey::Pull(pull.number));
            assert!(at_rest || !self.setting.all_answered, "left open: {pull:#?}");
        }
        if told_straight {
            assert_eq!(self.restarts, 0);
        }
        // The store re-opens to what the bot holds.
        let before = self.pulls();
        self.engine = None;
        self.turn();
        assert_eq!(before, self.pulls(), "a restart changes what stands");
    }

    fn seen(&self) -> Seen {
        let outside = self.outside.lock();
        let letters: Vec<Letter> =
            outside.accepted.iter().map(|a| Letter::of(&a.recipients, &a.bytes)).collect();
        let mut on_the_list: Vec<_> = letters
            .iter()
            .filter(|letter| letter.to_list)
            .map(|letter| (letter.message_id.clone(), without_merge_ids(&letter.text)))
            .collect();
        on_the_list.sort();
        let private = letters.iter().filter(|letter| !letter.to_list);
        let mut pipelines: Vec<_> =
            outside.pipelines.iter().map(|p| (p.ci_ref.clone(), p.canceled)).collect();
        pipelines.sort();
        Seen {
            on_the_list,
            private: private.map(|l| (l.recipients.join(","), l.subject.clone())).collect(),
            pipelines,
            refs: outside.ci_refs.keys().cloned().collect(),
            requests: self
                .pulls()
                .iter()
                .map(|pull| {
                    let verdict = pull.stage.verdict().map_or("open", |verdict| verdict.word());
                    format!("{} {verdict}", pull.cover.message_id)
                })
                .collect(),
        }
    }
}

/// A letter as a reader sees it.
#[derive(Debug, Clone)]
pub(crate) struct Letter {
    pub(crate) message_id: String,
    pub(crate) in_reply_to: Option<String>,
    pub(crate) subject: String,
    pub(crate) recipients: Vec<String>,
    pub(crate) to_list: bool,
    pub(crate) text: String,
}

impl Letter {
    fn of(recipients: &[String], bytes: &[u8]) -> Self {
        let mail = mail_parser::MessageParser::default().parse(bytes).expect("a letter is a mail");
        Self {
            message_id: mail.message_id().unwrap_or_default().to_owned(),
            in_reply_to: mail.in_reply_to().as_text().map(str::to_owned),
            subject: mail.subject().unwrap_or_default().to_owned(),
            recipients: recipients.to_vec(),
            to_list: recipients.iter().any(|to| to == LIST || to == OTHER_LIST),
            text: mail.body_text(0).unwrap_or_default().into_owned(),
        }
    }
}

/// A maintainer of a story.
pub(crate) struct Maintainer<'w> {
    world: &'w mut World,
    name: &'w str,
}

impl Maintainer<'_> {
    /// Pushes a signed tag and mails the request for it.
    pub(crate) fn mails_pull(self, tag: &str) -> Mailed {
        self.mails(tag, |_, _| {})
    }

    /// Mails something to the list that pushes nothing.
    pub(crate) fn writes(self, subject: &str, text: &str) -> String {
        let Self { world, name } = self;
        world.mails += 1;
        let message_id = format!("{}.talk@{name}.example.org", world.mails);
        let mail = format!(
            "From: {name} <{name}@example.org>\r\n\
             To: {LIST}\r\n\
             Subject: {subject}\r\n\
             Message-ID: <{message_id}>\r\n\
             List-Id: <devel.lists.example.org>\r\n\
             Date: Mon, 05 Jan 2026 10:00:00 +0000\r\n\
             \r\n\
             {text}\r\n"
        );
        world.outside.lock().deliver(mail.as_bytes());
        message_id
    }

    /// Pushes a tag and mails the request; `change` may spoil either first.
    pub(crate) fn mails(
        self,
        tag: &str,
        change: impl FnOnce(&mut OutsideTag, &mut String),
    ) -> Mailed {
        let Self { world, name } = self;
        world.mails += 1;
        let now = world.outside.now();
        let url = format!("https://git.example.org/{name}/project.git");
        let tip = id_of(&[name, tag, "tip"]);
        let mut outside_tag = OutsideTag {
            id: id_of(&[name, tag, "tag"]),
            copy_of: None,
            tip,
            tagged_at: now - SignedDuration::from_hours(1),
            signed_by: name.to_owned(),
            annotated: true,
        };
        let message_id = format!("{}.{tag}@{name}.example.org", world.mails);
        let mut mail = request_mail(name, &message_id, &url, tag, &tip.to_string());
        change(&mut outside_tag, &mut mail);
        let tip = outside_tag.tip;
        let mut outside = world.outside.lock();
        let refs = outside.repositories.entry(url.clone()).or_default();
        refs.insert(format!("refs/tags/{tag}"), outside_tag);
        outside.deliver(mail.as_bytes());
        drop(outside);
        Mailed { message_id, url, tag: tag.into(), tip }
    }
}

/// Does a piece of work as a worker does: a panic is one more thing that can come of it.
fn guarded(ports: &Ports, policy: &Policy, work: Work) -> Done {
    match catch_unwind(AssertUnwindSafe(|| perform(ports, policy, &work))) {
        Ok(done) => done,
        Err(panic) if panic.is::<Crashed>() => std::panic::resume_unwind(panic),
        Err(_) => panicked(work, "a story's own panic"),
    }
}

/// A target's words; its branch is called like the target.
fn words_of(name: &TargetName) -> (TargetName, TargetWords) {
    let fetch_url = "https://gitlab.example.org/project.git".into();
    (name.clone(), TargetWords { branch: name.to_string(), fetch_url })
}

fn request_mail(name: &str, message_id: &str, url: &str, tag: &str, tip: &str) -> String {
    let base = id_of(&["master", "0"]);
    format!(
        "From: {name} <{name}@example.org>\r\n\
         To: {LIST}\r\n\
         Subject: [PULL 0/3] {tag} patches\r\n\
         Message-ID: <{message_id}>\r\n\
         List-Id: <devel.lists.example.org>\r\n\
         Date: Mon, 05 Jan 2026 10:00:00 +0000\r\n\
         \r\n\
         The following changes since commit {base}:\r\n\
         \r\n\
         \x20 Merge branch 'x' (2026-01-04 10:00:00 +0000)\r\n\
         \r\n\
         are available in the Git repository at:\r\n\
         \r\n\
         \x20 {url} tags/{tag}\r\n\
         \r\n\
         for you to fetch changes up to {tip}:\r\n\
         \r\n\
         \x20 last commit (2026-01-05 09:00:00 +0000)\r\n\
         \r\n\
         ----------------------------------------------------------------\r\n\
         Some patches\r\n\
         ----------------------------------------------------------------\r\n"
    )
}
