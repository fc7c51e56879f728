//! The world outside as one value: a list, inboxes, maintainers' repositories, the project, GitLab
//! and the time. It survives the bot's crashes; what is seen of the bot is seen here.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use gatepost::ports::Delivery;
use gatepost::pull::checks::{Base, CommitFacts, Series};
use gatepost::pull::ci_change::{CiPlan, Properties};
use gatepost::pull::cover::Person;
use gatepost::pull::ids::ObjectId;
use gatepost::pull::pipeline::Status;
use jiff::{SignedDuration, Timestamp};

/// The list's address.
pub const LIST: &str = "devel@lists.example.org";
/// Another list's address.
pub const OTHER_LIST: &str = "block@lists.example.org";
/// The bot's address.
pub const BOT: &str = "gatepost@example.org";
/// The release manager's address.
pub const MANAGER: &str = "rita@example.org";
/// The administrator's address.
pub const ADMIN: &str = "root@example.org";

/// Makes an object id out of words, the same every time.
pub fn id_of(words: &[&str]) -> ObjectId {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut bytes = [0; 20];
    for (i, chunk) in bytes.chunks_mut(8).enumerate() {
        let mut hasher = DefaultHasher::new();
        (i, words).hash(&mut hasher);
        chunk.copy_from_slice(&hasher.finish().to_be_bytes()[..chunk.len()]);
    }
    ObjectId::from_bytes(bytes)
}

/// What CI runs when nobody changes it.
pub fn usual_plan() -> CiPlan {
    let job = |tags: &str| -> Properties {
        [("tags", tags), ("allow_failure", "false"), ("when", "on_success")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into()
    };
    let jobs = [("build", "x86"), ("check", "x86"), ("check-s390x", "s390x")];
    let rules: Properties = [("rules".to_owned(), "- if: $STAGING".to_owned())].into();
    CiPlan {
        jobs: jobs.map(|(name, tags)| (name.to_owned(), job(tags))).into(),
        entries: jobs.map(|(name, _)| (name.to_owned(), rules.clone())).into(),
        ..CiPlan::default()
    }
}

/// A mail in a folder.
#[derive(Debug, Clone)]
pub struct Held {
    pub uid: u32,
    pub received_at: Timestamp,
    pub bytes: Vec<u8>,
}

/// A ref of a maintainer's repository.
#[derive(Debug, Clone)]
pub struct OutsideTag {
    pub id: ObjectId,
    /// The tag object whose signed payload this one copies, if it is a copy.
    pub copy_of: Option<ObjectId>,
    pub tip: ObjectId,
    pub tagged_at: Timestamp,
    /// Who signed it, as the keyring would find out: "alice", "stranger", "" for nobody.
    pub signed_by: String,
    pub annotated: bool,
}

/// How a pipeline goes.
#[derive(Debug, Clone)]
pub struct Plan {
    pub jobs: Vec<(String, Status)>,
    /// GitLab's `failure_reason` of jobs that do not fail by their script.
    pub reasons: BTreeMap<String, String>,
    /// Jobs that no runner ever takes, by the tag that they ask for: the pipeline never ends.
    pub waiting: BTreeMap<String, String>,
    pub status: Status,
    /// From creation to the first job's start; `None`: never.
    pub starts_after: Option<SignedDuration>,
    pub takes: SignedDuration,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            jobs: ["build", "check", "check-s390x"]
                .map(|name| (name.to_owned(), Status::Success))
                .into(),
            reasons: BTreeMap::new(),
            waiting: BTreeMap::new(),
            status: Status::Success,
            starts_after: Some(SignedDuration::from_secs(20)),
            takes: SignedDuration::from_mins(40),
        }
    }
}

/// A pipeline that GitLab has.
#[derive(Debug, Clone)]
pub struct OutsidePipeline {
    pub id: u64,
    pub sha: ObjectId,
    pub ci_ref: String,
    pub created_at: Timestamp,
    pub plan: Plan,
    pub canceled: bool,
    /// GitLab's lists do not show it before this.
    pub visible_at: Timestamp,
}

/// A letter that the mail server accepted.
#[derive(Debug, Clone)]
pub struct Accepted {
    pub at: Timestamp,
    pub recipients: Vec<String>,
    pub bytes: Vec<u8>,
    pub read: bool,
}

/// Everything outside.
#[derive(Debug)]
pub struct State {
    pub now: Timestamp,
    pub uid_validity: u32,
    pub next_uid: u32,
    pub folder: Vec<Held>,
    /// The folder of the other list.
    pub other_folder: Vec<Held>,
    pub accepted: Vec<Accepted>,
    /// Addresses that the mail server refuses for good.
    pub refused: Vec<String>,
    /// What the mail server does with the next letters.
    pub deliveries: Vec<Delivery>,
    pub repositories: BTreeMap<String, BTreeMap<String, OutsideTag>>,
    pub unreachable: Vec<String>,
    /// Tags that the bot has fetched: they are in its quarantines.
    pub fetched: Vec<OutsideTag>,
    pub conflicting: Vec<ObjectId>,
    pub master: ObjectId,
    pub landed: Vec<ObjectId>,
    /// What is below a tip, for tips that contain others.
    pub histories: BTreeMap<ObjectId, Vec<ObjectId>>,
    pub ci_refs: BTreeMap<String, ObjectId>,
    pub pipelines: Vec<OutsidePipeline>,
    pub plans: Vec<Plan>,
    /// Faults of GitLab's next calls, by the call's name.
    /// What CI runs on the target.
    pub ci_plan: CiPlan,
    /// What CI would run with a tip merged, where that differs from the target's.
    pub ci_plans: BTreeMap<ObjectId, CiPlan>,
    /// Entries that a tip's included files bring; only a lint on a branch that has it shows them.
    pub ci_included: BTreeMap<ObjectId, BTreeMap<String, Properties>>,
    /// Tips whose merges GitLab does not lint.
    pub unlintable: Vec<ObjectId>,
    /// Files that a tip changes.
    pub changed_files: Vec<(ObjectId, String)>,
    /// The tip that each merge was made of.
    pub merges: BTreeMap<ObjectId, ObjectId>,
    pub gitlab_faults: Vec<(String, gatepost::ports::Fault)>,
    /// What alice and bob may submit.
    pub scope: gatepost::pull::signer::Scope,
    /// What every request changes outside of its signer's paths.
    pub outside_paths: gatepost::ports::OtherFiles,
    /// What a request's commits are like, where something is wrong with them.
    pub series: BTreeMap<ObjectId, Series>,
    /// Keys that end soon.
    pub expiring: Vec<gatepost::pull::expiry::ExpiringKey>,
    /// What commands changed in the keyring.
    pub key_changes: gatepost::ports::KeyChanges,
    /// Keys that are not believed any more, and what a check of their signatures says.
    pub ended_keys: BTreeMap<String, gatepost::pull::tag::Verification>,
    /// Who looks after which files.
    pub path_owners: Vec<gatepost::ports::PathOwner>,
    /// Quarantines that were removed.
    pub forgotten: std::collections::BTreeSet<gatepost::ports::Quarantine>,
    /// Signatures can't be checked.
    pub keyring_is_away: bool,
    /// Somebody pushes this over the ref just before the next pipeline is made.
    pub pushed_over: Option<ObjectId>,
    /// GitLab makes the next pipeline and loses the answer.
    pub lose_create_answer: bool,
    /// How long GitLab's lists lag its writes.
    pub lag: SignedDuration,
    /// Requests, by Message-ID, that can't be kept in these stages.
    pub unkeepable: Vec<(String, &'static str)>,
    /// Calls, by the port call's name and a text in its arguments, at which the bot panics.
    pub panics: Vec<(&'static str, String)>,
    /// The same, at which the process dies.
    pub deaths: Vec<(&'static str, String)>,
    /// Calls, in their order, at each of which the process dies once.
    pub dies_next: std::collections::VecDeque<&'static str>,
    /// What the disk says instead of taking anything, and until when.
    pub disk: Option<(gatepost::ports::Fault, Timestamp)>,
    /// Files can't be written, records can.
    pub files_refused: bool,
    /// How often it was tried to put something meanwhile.
    pub refused_puts: usize,
    /// Port calls so far in this story, by name.
    pub calls: Vec<&'static str>,
    /// At which call to crash, and whether the call has its effect first.
    pub crash: Option<(usize, bool)>,
}

/// A handle on the world outside.
#[derive(Clone)]
pub struct Outside(Arc<Mutex<State>>);

/// Thrown through the bot to end it.
pub struct Crashed;

impl Outside {
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(State {
            now: "2026-01-05T10:00:00Z".parse().unwrap(),
            uid_validity: 1,
            next_uid: 1,
            folder: Vec::new(),
            other_folder: Vec::new(),
            accepted: Vec::new(),
            refused: Vec::new(),
            deliveries: Vec::new(),
            repositories: BTreeMap::new(),
            unreachable: Vec::new(),
            fetched: Vec::new(),
            conflicting: Vec::new(),
            master: id_of(&["master", "0"]),
            landed: Vec::new(),
            histories: BTreeMap::new(),
            ci_refs: BTreeMap::new(),
            pipelines: Vec::new(),
            plans: Vec::new(),
            ci_plan: usual_plan(),
            ci_plans: BTreeMap::new(),
            ci_included: BTreeMap::new(),
            unlintable: Vec::new(),
            changed_files: Vec::new(),
            merges: BTreeMap::new(),
            gitlab_faults: Vec::new(),
            scope: Default::default(),
            outside_paths: Default::default(),
            series: BTreeMap::new(),
            expiring: Vec::new(),
            key_changes: Default::default(),
            ended_keys: BTreeMap::new(),
            path_owners: Vec::new(),
            forgotten: Default::default(),
            keyring_is_away: false,
            pushed_over: None,
            lose_create_answer: false,
            lag: SignedDuration::ZERO,
            unkeepable: Vec::new(),
            panics: Vec::new(),
            deaths: Vec::new(),
            dies_next: Default::default(),
            disk: None,
            refused_puts: 0,
            files_refused: false,
            calls: Vec::new(),
            crash: None,
        })))
    }

    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// One call at a port: counts it, performs it, and crashes before or after it if it is the
    /// one to crash at. A call that crashes before has no effect; after, its answer is lost.
    pub fn call<T>(&self, name: &'static str, perform: impl FnOnce(&mut State) -> T) -> T {
        let (crash, result) = {
            let mut state = self.lock();
            let number = state.calls.len();
            state.calls.push(name);
            let crash = state.crash.filter(|(at, _)| *at == number).map(|(_, after)| after);
            match crash {
                Some(false) => (true, None),
                Some(true) => {
                    perform(&mut state);
                    (true, None)
                }
                None => (false, Some(perform(&mut state))),
            }
        };
        match result {
            Some(result) if !crash => result,
            _ => std::panic::resume_unwind(Box::new(Crashed)),
        }
    }

    pub fn now(&self) -> Timestamp {
        self.lock().now
    }

    /// Panics, or dies, where the story says so.
    pub fn panics_at(&self, name: &'static str, about: &str) {
        let mut state = self.lock();
        let dies_now = state.dies_next.pop_front_if(|next| *next == name).is_some();
        let is_it = |(at, text): &(&str, String)| *at == name && about.contains(text.as_str());
        let (panics, dies) = (state.panics.iter().any(is_it), state.deaths.iter().any(is_it));
        drop(state);
        if dies || dies_now {
            std::panic::resume_unwind(Box::new(Crashed));
        }
        assert!(!panics, "a story's own panic");
    }

    /// What the disk says now.
    pub fn full_disk(state: &State) -> Option<gatepost::ports::Fault> {
        let (fault, until) = state.disk.as_ref()?;
        (state.now < *until).then(|| fault.clone())
    }

    pub fn advance(&self, by: SignedDuration) {
        let mut state = self.lock();
        state.now += by;
    }
}

/// One commit of bob's with which nothing is wrong.
pub fn good_series(tip: ObjectId) -> Series {
    let bob = Person { name: Some("Bob".into()), address: "bob@example.org".into() };
    let commit = CommitFacts {
        id: tip,
        subject: "block: fix it".into(),
        author: bob.clone(),
        is_utf8: true,
        signed_off_by: vec![bob],
        nacked_by: Vec::new(),
        parents: 1,
        changes_submodules: false,
    };
    Series { commits: vec![commit], total: 3, base: Base::Fits, is_empty: false, skips_ci: false }
}

impl State {
    /// Puts a mail into the list's folder.
    pub fn deliver(&mut self, bytes: &[u8]) -> u32 {
        let uid = self.next_uid;
        self.next_uid += 1;
        self.folder.push(Held { uid, received_at: self.now, bytes: bytes.to_vec() });
        uid
    }

    /// Whether a quarantine is there, as git's adapter says it.
    pub fn kept(&self, from: gatepost::ports::Quarantine) -> Result<(), gatepost::ports::Fault> {
        match self.forgotten.contains(&from) {
            true => {
                Err(gatepost::ports::Fault::permanent(format!("the quarantine {from}: no such")))
            }
            false => Ok(()),
        }
    }

    /// The tip that a commit merges; a commit that is no merge is its own.
    pub fn tip_of(&self, commit: ObjectId) -> ObjectId {
        self.merges.get(&commit).copied().unwrap_or(commit)
    }

    pub fn plan_of(&self, commit: ObjectId) -> &CiPlan {
        self.ci_plans.get(&self.tip_of(commit)).unwrap_or(&self.ci_plan)
    }

    pub fn included_by(&self, commit: ObjectId) -> BTreeMap<String, Properties> {
        self.ci_included.get(&self.tip_of(commit)).cloned().unwrap_or_default()
    }

    /// Puts a copy of a mail into the other list's folder.
    pub fn deliver_by_other_list(&mut self, bytes: &[u8]) {
        let uid = self.next_uid;
        self.next_uid += 1;
        self.other_folder.push(Held { uid, received_at: self.now, bytes: bytes.to_vec() });
    }

    pub fn fault(&mut self, call: &str) -> Option<gatepost::ports::Fault> {
        let index = self.gitlab_faults.iter().position(|(name, _)| name == call)?;
        Some(self.gitlab_faults.remove(index).1)
    }
}

impl OutsidePipeline {
    /// Its status at a time, and whether its jobs have started.
    pub fn status_at(&self, now: Timestamp) -> (Status, bool) {
        let (status, started) = self.taken_status_at(now);
        let waits = started && !self.plan.waiting.is_empty();
        (if waits { Status::Running } else { status }, started)
    }

    /// The same, of the jobs that a runner takes.
    pub fn taken_status_at(&self, now: Timestamp) -> (Status, bool) {
        if self.canceled {
            return (Status::Canceled, false);
        }
        let Some(starts_after) = self.plan.starts_after else { return (Status::Pending, false) };
        let started_at = self.created_at + starts_after;
        if now < started_at {
            (Status::Pending, false)
        } else if now < started_at + self.plan.takes {
            (Status::Running, true)
        } else {
            (self.plan.status.clone(), true)
        }
    }
}
