//! The port: each method finds its target, its folder and its bounds, gives the order to a child
//! or asks [`inspect`], and says what came of it.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use git2::ObjectType;

use super::layout::Layout;
use super::order::{Access, Limits, MergeTask, Order, Peer, Progress, Reply, Task, Token};
use super::session::size;
use super::settings::GitSettings;
use super::url::RemoteUrl;
use super::url_policy::UrlPolicy;
use super::{changed, inspect, merge, outside, pin, process, series};
use crate::config::model::{Fetch, Target};
use crate::ports::{
    Fault, FetchOrder, FetchRefused, MergeOrder, Merged, OtherFiles, PushOrder, Pushed, Quarantine,
    Repository,
};
use crate::pull::checks::Series;
use crate::pull::ci_change::ChangedFile;
use crate::pull::cover::Person;
use crate::pull::ids::{CommitName, ObjectId, TargetName};
use crate::pull::tag::{Candidate, Drift, Facts, Pinned};

/// Git: mirrors, quarantines and children under one state directory.
#[derive(Debug)]
pub(crate) struct GitRepository {
    pub(super) layout: Layout,
    pub(super) targets: BTreeMap<TargetName, Target>,
    pub(super) fetch: Fetch,
    program: PathBuf,
    policy: UrlPolicy,
    allow_addresses: Vec<IpAddr>,
    committer: Person,
    updating: Mutex<BTreeMap<PathBuf, Arc<Mutex<()>>>>,
}

impl GitRepository {
    /// Makes the folders; touches no network. Safe to repeat.
    ///
    /// # Errors
    /// Misconfigured: the state directory can't be used, or the URL policy can't be read.
    pub(crate) fn new(settings: GitSettings) -> Result<Self, Fault> {
        let GitSettings { state, program, targets, trust, fetch, committer } = settings;
        Ok(Self {
            layout: Layout::new(&state)?,
            policy: UrlPolicy::new(&trust.schemes, &trust.hosts)?,
            allow_addresses: trust.allow_addresses,
            targets,
            fetch,
            program,
            committer,
            updating: Mutex::default(),
        })
    }

    /// The same mirrors with quarantines apart, for a dry run: a bot that runs beside it numbers
    /// its requests from the same start.
    ///
    /// # Errors
    /// Temporary: the disk.
    pub(crate) fn apart(self) -> Result<Self, Fault> {
        Ok(Self { layout: self.layout.apart("dry-run")?, ..self })
    }

    pub(super) fn target(&self, name: &TargetName) -> Result<&Target, Fault> {
        self.targets.get(name).ok_or_else(|| Fault::bug(format!("no target {name} is configured")))
    }

    /// The project's own repository, as the configuration names it.
    pub(super) fn upstream(&self, target: &Target) -> Result<Peer, Fault> {
        let ca_file = self.fetch.ca_file.clone();
        let url = RemoteUrl::configured(&target.url)?;
        Ok(Peer { url, access: Access::Configured, token: None, ca_file })
    }

    /// The CI project, with its token.
    pub(super) fn ci(target: &Target) -> Result<Peer, Fault> {
        let url = RemoteUrl::configured(&target.ci.push_url)?;
        let token = Some(Token(target.ci.token.expose().to_owned()));
        Ok(Peer { url, access: Access::Configured, token, ca_file: target.ci.ca_file.clone() })
    }

    pub(super) fn limits(&self) -> Limits {
        let deadline = self.fetch.deadline.as_millis();
        Limits {
            deadline_ms: u64::try_from(deadline).unwrap_or(0),
            bytes: self.fetch.max_bytes,
            memory: self.fetch.max_memory,
        }
    }

    fn run(&self, limits: Limits, task: Task) -> Result<Reply, Fault> {
        self.run_telling(limits, task, &mut |_| {})
    }

    pub(super) fn run_telling(
        &self,
        limits: Limits,
        task: Task,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Reply, Fault> {
        match process::run(&self.program, &Order { limits, task }, progress)? {
            Reply::Fault(fault) => Err(fault),
            reply => Ok(reply),
        }
    }

    /// Whether every target has its mirror. Safe to repeat; asks nobody.
    ///
    /// # Errors
    /// Misconfigured: the first that has none; the sentence says to run `gatepost setup`.
    pub(crate) fn is_set_up(&self) -> Result<(), Fault> {
        self.targets.keys().try_for_each(|name| self.mirrored(name).map(drop))
    }

    /// A target's mirror and where its branch is in it.
    fn mirrored(&self, name: &TargetName) -> Result<(PathBuf, git2::Repository, ObjectId), Fault> {
        let target = self.target(name)?;
        let path = self.layout.mirror(&target.url);
        let missing = |error: git2::Error| {
            Fault::misconfigured(match error.code() {
                git2::ErrorCode::NotFound => format!(
                    "there is no mirror of {} with the branch {} yet: `gatepost setup` makes it",
                    target.url, target.branch
                ),
                // Another owner, or a $HOME whose git configuration can't be read.
                _ => format!("the mirror {} can't be opened: {}", path.display(), error.message()),
            })
        };
        let mirror = git2::Repository::open_bare(&path).map_err(missing)?;
        let head = mirror
            .refname_to_id(&format!("refs/heads/{}", target.branch))
            .map_err(missing)
            .map(pin::id)?;
        Ok((path, mirror, head))
    }

    /// Does something with a mirror that nobody else writes meanwhile.
    pub(super) fn while_locked<T>(
        &self,
        mirror: &Path,
        work: impl FnOnce() -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let here = {
            let mut all = self.updating.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(mirror.to_owned()).or_default())
        };
        let _one_thread = here.lock().unwrap_or_else(PoisonError::into_inner);
        let path = self.layout.lock_of(mirror);
        let file = File::create(&path)
            .map_err(|error| Fault::temporary(format!("{}: {error}", path.display())))?;
        match file.try_lock() {
            Ok(()) => {
                self.layout.sweep(mirror);
                let done = work();
                // Closing is not enough: a child that is being forked has the file open, too.
                let _closed_soon = file.unlock();
                done
            }
            Err(TryLockError::WouldBlock) => Err(Fault::temporary(format!(
                "another process is at work on the mirror {}",
                mirror.display()
            ))),
            Err(TryLockError::Error(error)) => {
                Err(Fault::temporary(format!("{}: {error}", path.display())))
            }
        }
    }

    /// The limits of one fetch within the disk budget of all quarantines.
    fn limits_within_budget(&self) -> Result<Limits, Fault> {
        let (used, budget) = (self.layout.used()?, self.fetch.disk_budget);
        let limits = self.limits();
        match budget.checked_sub(used) {
            Some(left) if left > 0 => Ok(Limits { bytes: limits.bytes.min(left), ..limits }),
            Some(_) | None => Err(Fault::misconfigured(format!(
                "the quarantines take {}, all of fetch.disk_budget ({})",
                size(used),
                size(budget)
            ))),
        }
    }

    fn fetch_into(&self, order: &FetchOrder, task: Task) -> Result<Pinned, FetchRefused> {
        let reply = self.run(self.limits_within_budget()?, task)?;
        match reply {
            Reply::Pinned(pinned) => {
                self.layout.settle(order.into)?;
                Ok(*pinned)
            }
            Reply::Absent => Err(FetchRefused::RefMissing),
            Reply::NotACommit => Err(FetchRefused::NotACommit),
            Reply::NotAllowed(why) => Err(FetchRefused::NotAllowed { why }),
            other => Err(unexpected(&other).into()),
        }
    }
}

/// An answer that does not fit its question.
pub(super) fn unexpected(reply: &Reply) -> Fault {
    Fault::bug(format!("the git child answered {reply:?}"))
}

impl Repository for GitRepository {
    fn fetch(&self, order: &FetchOrder) -> Result<Pinned, FetchRefused> {
        let url = self.policy.check(&order.url);
        let url = url.map_err(|why| FetchRefused::NotAllowed { why })?;
        let references = pin::candidates(&order.reference);
        if references.is_empty() {
            return Err(FetchRefused::RefMissing);
        }
        let (mirror, _, _) = self.mirrored(&order.target)?;
        let into = self.layout.make_incoming(order.into, &mirror)?;
        let access = Access::Stranger { allow_addresses: self.allow_addresses.clone() };
        let peer = Peer { url, access, token: None, ca_file: self.fetch.ca_file.clone() };
        let largest_object = self.fetch.max_memory / 4;
        let task = Task::Fetch { peer, into, mirror, references, base: order.base, largest_object };
        let fetched = self.fetch_into(order, task);
        if fetched.is_err() {
            self.layout.discard_incoming(order.into);
        }
        fetched
    }

    fn tag_bytes(&self, from: Quarantine, id: ObjectId) -> Result<Vec<u8>, Fault> {
        let repo = self.layout.open(from)?;
        let read = || {
            let odb = repo.odb()?;
            let object = odb.read(pin::oid(id)?)?;
            Ok((object.kind() == ObjectType::Tag).then(|| object.data().to_owned()))
        };
        let not_there = |why: &str| Fault::permanent(format!("the tag object {id}: {why}"));
        read()
            .map_err(|error: git2::Error| not_there(error.message()))?
            .ok_or_else(|| not_there("is none"))
    }

    fn as_candidate(
        &self,
        from: Quarantine,
        target: &TargetName,
        commit: ObjectId,
    ) -> Result<Candidate, Fault> {
        let (_, _, head) = self.mirrored(target)?;
        inspect::as_candidate(&self.layout.open(from)?, head, commit)
    }

    fn target_head(&self, target: &TargetName) -> Result<ObjectId, Fault> {
        let (mirror, _, _) = self.mirrored(target)?;
        let target = self.target(target)?;
        let (peer, branch) = (self.upstream(target)?, target.branch.clone());
        let task = Task::Update { peer, mirror: mirror.clone(), branch };
        match self.while_locked(&mirror, || self.run(self.limits(), task))? {
            Reply::At(head) => Ok(head),
            Reply::Absent => {
                Err(Fault::misconfigured(format!("{} has no branch {}", target.url, target.branch)))
            }
            other => Err(unexpected(&other)),
        }
    }

    fn facts(&self, from: Quarantine, target: &TargetName, tip: ObjectId) -> Result<Facts, Fault> {
        let (_, _, head) = self.mirrored(target)?;
        inspect::facts(&self.layout.open(from)?, head, tip)
    }

    fn brings(
        &self,
        from: Quarantine,
        target: &TargetName,
        tip: ObjectId,
        asked: &[ObjectId],
    ) -> Result<Vec<ObjectId>, Fault> {
        let (_, _, head) = self.mirrored(target)?;
        inspect::brings(&self.layout.open(from)?, head, tip, asked)
    }

    fn series(
        &self,
        from: Quarantine,
        target: &TargetName,
        tip: ObjectId,
        base: Option<&CommitName>,
        most: u32,
    ) -> Result<Series, Fault> {
        let (_, _, head) = self.mirrored(target)?;
        series::series(&self.layout.open(from)?, head, tip, base, most)
    }

    fn outside(
        &self,
        from: Quarantine,
        target: &TargetName,
        tip: ObjectId,
        patterns: &[String],
    ) -> Result<OtherFiles, Fault> {
        let (_, _, head) = self.mirrored(target)?;
        outside::outside(&self.layout.open(from)?, head, tip, patterns)
    }

    fn touched(
        &self,
        from: Quarantine,
        target: &TargetName,
        tip: ObjectId,
        sets: &[Vec<String>],
    ) -> Result<Vec<bool>, Fault> {
        let (_, _, head) = self.mirrored(target)?;
        outside::touched(&self.layout.open(from)?, head, tip, sets)
    }

    fn merge(&self, order: &MergeOrder) -> Result<Merged, Fault> {
        let target = self.target(&order.target)?;
        let task = Task::Merge(MergeTask {
            repository: self.layout.quarantine(order.from),
            base: order.base,
            tip: order.pinned.tip,
            who: (self.committer.called().to_owned(), self.committer.address.clone()),
            at: order.at.as_second(),
            message: merge::message(&order.pinned, &order.url, &target.into),
        });
        match self.run(self.limits(), task)? {
            Reply::Candidate(candidate) => Ok(Merged::Candidate(candidate)),
            Reply::Conflict { files, total } => Ok(Merged::Conflict { files, total }),
            Reply::AlreadyMerged => Ok(Merged::NothingNew),
            other => Err(unexpected(&other)),
        }
    }

    fn push(&self, order: &PushOrder) -> Result<Pushed, Fault> {
        let task = Task::Push {
            peer: Self::ci(self.target(&order.target)?)?,
            from: self.layout.quarantine(order.from),
            commit: order.commit,
            reference: format!("refs/heads/{}", order.ci_ref),
            replaces: order.replaces.clone(),
        };
        match self.run(self.limits(), task)? {
            Reply::At(_) => Ok(Pushed::Done),
            Reply::Occupied(by) => Ok(Pushed::Occupied { by }),
            other => Err(unexpected(&other)),
        }
    }

    fn delete_ref(&self, target: &TargetName, ci_ref: &str, commit: ObjectId) -> Result<(), Fault> {
        let (mirror, _, _) = self.mirrored(target)?;
        let peer = Self::ci(self.target(target)?)?;
        let reference = format!("refs/heads/{ci_ref}");
        match self.run(self.limits(), Task::Delete { peer, from: mirror, commit, reference })? {
            Reply::Absent => Ok(()),
            other => Err(unexpected(&other)),
        }
    }

    fn drift(
        &self,
        from: Quarantine,
        target: &TargetName,
        candidate: &Candidate,
    ) -> Result<Drift, Fault> {
        let (_, _, head) = self.mirrored(target)?;
        inspect::drift(&self.layout.open(from)?, head, candidate)
    }

    fn changed_files(
        &self,
        from: Quarantine,
        before: ObjectId,
        after: ObjectId,
        globs: &[String],
    ) -> Result<Vec<ChangedFile>, Fault> {
        changed::changed_files(&self.layout.open(from)?, before, after, globs)
    }

    fn forget(&self, quarantine: Quarantine) -> Result<(), Fault> {
        self.layout.forget(quarantine)
    }
}
