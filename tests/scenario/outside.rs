//! The world outside as one value: a list, inboxes, maintainers' repositories, the project, GitLab
//! and the time. It survives the bot's crashes; what is seen of the bot is seen here.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::ports::Delivery;
use crate::pull::checks::{Base, CommitFacts, Series};
use crate::pull::ci_change::{CiPlan, Properties};
use crate::pull::cover::Person;
use crate::pull::ids::ObjectId;
use crate::pull::pipeline::Status;
use jiff::{SignedDuration, Timestamp};

/// The list's address.
pub(crate) const LIST: &str = "devel@lists.example.org";
/// Another list's address.
pub(crate) const OTHER_LIST: &str = "block@lists.example.org";
/// The bot's address.
pub(crate) const BOT: &str = "gatepost@example.org";
/// The release manager's address.
pub(crate) const MANAGER: &str = "rita@example.org";
/// The administrator's address.
pub(crate) const ADMIN: &str = "root@example.org";

/// Makes an object id out of words, the same every time.
pub(crate) fn id_of(words: &[&str]) -> ObjectId {
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
pub(crate) fn usual_plan() -> CiPlan {
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
pub(crate) struct Held {
    pub(crate) uid: u32,
    pub(crate) received_at: Timestamp,
    pub(crate) bytes: Vec<u8>,
}

/// A ref of a maintainer's repository.
#[derive(Debug, Clone)]
pub(crate) struct OutsideTag {
    pub(crate) id: ObjectId,
    /// The tag object whose signed payload this one copies, if it is a copy.
    pub(crate) copy_of: Option<ObjectId>,
    pub(crate) tip: ObjectId,
    pub(crate) tagged_at: Timestamp,
    /// Who signed it, as the keyring would find out: "alice", "stranger", "" for nobody.
    pub(crate) signed_by: String,
    pub(crate) annotated: bool,
}

/// How a pipeline goes.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) jobs: Vec<(String, Status)>,
    /// GitLab's `failure_reason` of jobs that do not fail by their script.
    pub(crate) reasons: BTreeMap<String, String>,
    /// Jobs that no runner ever takes, by the tag that they ask for: the pipeline never ends.
    pub(crate) waiting: BTreeMap<String, String>,
    pub(crate) status: Status,
    /// From creation to the first job's start; `None`: never.
    pub(crate) starts_after: Option<SignedDuration>,
    pub(crate) takes: SignedDuration,
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
pub(crate) struct OutsidePipeline {
    pub(crate) id: u64,
    pub(crate) sha: ObjectId,
    pub(crate) ci_ref: String,
    pub(crate) created_at: Timestamp,
    pub(crate) plan: Plan,
    pub(crate) canceled: bool,
    /// GitLab's lists do not show it before this.
    pub(crate) visible_at: Timestamp,
}

/// A letter that the mail server accepted.
#[derive(Debug, Clone)]
pub(crate) struct Accepted {
    pub(crate) at: Timestamp,
    pub(crate) recipients: Vec<String>,
    pub(crate) bytes: Vec<u8>,
    pub(crate) read: bool,
}

/// Everything outside.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) now: Timestamp,
    pub(crate) uid_validity: u32,
    pub(crate) next_uid: u32,
    pub(crate) folder: Vec<Held>,
    /// The folder of the other list.
    pub(crate) other_folder: Vec<Held>,
    pub(crate) accepted: Vec<Accepted>,
    /// Addresses that the mail server refuses for good.
    pub(crate) refused: Vec<String>,
    /// What the mail server does with the next letters.
    pub(crate) deliveries: Vec<Delivery>,
    pub(crate) repositories: BTreeMap<String, BTreeMap<String, OutsideTag>>,
    pub(crate) unreachable: Vec<String>,
    /// Tags that the bot has fetched: they are in its quarantines.
    pub(crate) fetched: Vec<OutsideTag>,
    pub(crate) conflicting: Vec<ObjectId>,
    pub(crate) master: ObjectId,
    pub(crate) landed: Vec<ObjectId>,
    /// What is below a tip, for tips that contain others.
    pub(crate) histories: BTreeMap<ObjectId, Vec<ObjectId>>,
    pub(crate) ci_refs: BTreeMap<String, ObjectId>,
    pub(crate) pipelines: Vec<OutsidePipeline>,
    pub(crate) plans: Vec<Plan>,
    /// Faults of GitLab's next calls, by the call's name.
    /// What CI runs on the target.
    pub(crate) ci_plan: CiPlan,
    /// What CI would run with a tip merged, where that differs from the target's.
    pub(crate) ci_plans: BTreeMap<ObjectId, CiPlan>,
    /// Entries that a tip's included files bring; only a lint on a branch that has it shows them.
    pub(crate) ci_included: BTreeMap<ObjectId, BTreeMap<String, Properties>>,
    /// Tips whose merges GitLab does not lint.
    pub(crate) unlintable: Vec<ObjectId>,
    /// Files that a tip changes.
    pub(crate) changed_files: Vec<(ObjectId, String)>,
    /// The tip that each merge was made of.
    pub(crate) merges: BTreeMap<ObjectId, ObjectId>,
    pub(crate) gitlab_faults: Vec<(String, crate::ports::Fault)>,
    /// What alice and bob may submit.
    pub(crate) scope: crate::pull::signer::Scope,
    /// What every request changes outside of its signer's paths.
    pub(crate) outside_paths: crate::ports::OtherFiles,
    /// What a request's commits are like, where something is wrong with them.
    pub(crate) series: BTreeMap<ObjectId, Series>,
    /// Keys that end soon.
    pub(crate) expiring: Vec<crate::pull::expiry::ExpiringKey>,
    /// What commands changed in the keyring.
    pub(crate) key_changes: crate::ports::KeyChanges,
    /// Keys that are not believed any more, and what a check of their signatures says.
    pub(crate) ended_keys: BTreeMap<String, crate::pull::tag::Verification>,
    /// Who looks after which files.
    pub(crate) path_owners: Vec<crate::ports::PathOwner>,
    /// Quarantines that were removed.
    pub(crate) forgotten: std::collections::BTreeSet<crate::ports::Quarantine>,
    /// Signatures can't be checked.
    pub(crate) keyring_is_away: bool,
    /// Somebody pushes this over the ref just before the next pipeline is made.
    pub(crate) pushed_over: Option<ObjectId>,
    /// GitLab makes the next pipeline and loses the answer.
    pub(crate) lose_create_answer: bool,
    /// How long GitLab's lists lag its writes.
    pub(crate) lag: SignedDuration,
    /// Requests, by Message-ID, that can't be kept in these stages.
    pub(crate) unkeepable: Vec<(String, &'static str)>,
    /// Calls, by the port call's name and a text in its arguments, at which the bot panics.
    pub(crate) panics: Vec<(&'static str, String)>,
    /// The same, at which the process dies.
    pub(crate) deaths: Vec<(&'static str, String)>,
    /// Calls, in their order, at each of which the process dies once.
    pub(crate) dies_next: std::collections::VecDeque<&'static str>,
    /// What the disk says instead of taking anything, and until when.
    pub(crate) disk: Option<(crate::ports::Fault, Timestamp)>,
    /// Files can't be written, records can.
    pub(crate) files_refused: bool,
    /// How often it was tried to put something meanwhile.
    pub(crate) refused_puts: usize,
    /// Port calls so far in this story, by name.
    pub(crate) calls: Vec<&'static str>,
    /// At which call to crash, and whether the call has its effect first.
    pub(crate) crash: Option<(usize, bool)>,
}

/// A handle on the world outside.
#[derive(Clone)]
pub(crate) struct Outside(Arc<Mutex<State>>);

/// Thrown through the bot to end it.
pub(crate) struct Crashed;

impl Outside {
    pub(crate) fn new() -> Self {
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

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// One call at a port: counts it, performs it, and crashes before or after it if it is the
    /// one to crash at. A call that crashes before has no effect; after, its answer is lost.
    pub(crate) fn call<T>(&self, name: &'static str, perform: impl FnOnce(&mut State) -> T) -> T {
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

    pub(crate) fn now(&self) -> Timestamp {
        self.lock().now
    }

    /// Panics, or dies, where the story says so.
    pub(crate) fn panics_at(&self, name: &'static str, about: &str) {
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
    pub(crate) fn full_disk(state: &State) -> Option<crate::ports::Fault> {
        let (fault, until) = state.disk.as_ref()?;
        (state.now < *until).then(|| fault.clone())
    }

    pub(crate) fn advance(&self, by: SignedDuration) {
        let mut state = self.lock();
        state.now += by;
    }
}

/// One commit of bob's with which nothing is wrong.
pub(crate) fn good_series(tip: ObjectId) -> Series {
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
    pub(crate) fn deliver(&mut self, bytes: &[u8]) -> u32 {
        let uid = self.next_uid;
        self.next_uid += 1;
        self.folder.push(Held { uid, received_at: self.now, bytes: bytes.to_vec() });
        uid
    }

    /// Whether a quarantine is there, as git's adapter says it.
    pub(crate) fn kept(&self, from: crate::ports::Quarantine) -> Result<(), crate::ports::Fault> {
        match self.forgotten.contains(&from) {
            true => Err(crate::ports::Fault::permanent(format!("the quarantine {from}: no such"))),
            false => Ok(()),
        }
    }

    /// The tip that a commit merges; a commit that is no merge is its own.
    pub(crate) fn tip_of(&self, commit: ObjectId) -> ObjectId {
        self.merges.get(&commit).copied().unwrap_or(commit)
    }

    pub(crate) fn plan_of(&self, commit: ObjectId) -> &CiPlan {
        self.ci_plans.get(&self.tip_of(commit)).unwrap_or(&self.ci_plan)
    }

    pub(crate) fn included_by(&self, commit: ObjectId) -> BTreeMap<String, Properties> {
        self.ci_included.get(&self.tip_of(commit)).cloned().unwrap_or_default()
    }

    /// Puts a copy of a mail into the other list's folder.
    pub(crate) fn deliver_by_other_list(&mut self, bytes: &[u8]) {
        let uid = self.next_uid;
        self.next_uid += 1;
        self.other_folder.push(Held { uid, received_at: self.now, bytes: bytes.to_vec() });
    }

    pub(crate) fn fault(&mut self, call: &str) -> Option<crate::ports::Fault> {
        let index = self.gitlab_faults.iter().position(|(name, _)| name == call)?;
        Some(self.gitlab_faults.remove(index).1)
    }
}

impl OutsidePipeline {
    /// Its status at a time, and whether its jobs have started.
    pub(crate) fn status_at(&self, now: Timestamp) -> (Status, bool) {
        let (status, started) = self.taken_status_at(now);
        let waits = started && !self.plan.waiting.is_empty();
        (if waits { Status::Running } else { status }, started)
    }

    /// The same, of the jobs that a runner takes.
    pub(crate) fn taken_status_at(&self, now: Timestamp) -> (Status, bool) {
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
