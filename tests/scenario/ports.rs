//! The ports as values over the world outside. Each call is counted, and may be the one at which
//! the bot crashes.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::adapters::store::MemoryStore;
use crate::ports::*;
use crate::pull::aside::RecordKey;
use crate::pull::audit::AuditEntry;
use crate::pull::checks::{Base, Series};
use crate::pull::ci_change::{ChangedFile, CiPlan};
use crate::pull::command_mail::CommandMail;
use crate::pull::expiry::ExpiringKey;
use crate::pull::ids::{
    CommitName, JobId, MessageId, ObjectId, PipelineId, PullNumber, RunId, TargetName,
};
use crate::pull::letter::Letter;
use crate::pull::pipeline::{Job, JobKind, Pipeline, Status};
use crate::pull::request::Pull;
use crate::pull::run::Run;
use crate::pull::signed_tag::{PayloadDigest, SignedTag};
use crate::pull::tag::{Candidate, ConflictFile, Drift, Facts, Pinned, Signer, Tag, Verification};
use jiff::{SignedDuration, Timestamp};

use super::outside::{LIST, OTHER_LIST, Outside, OutsidePipeline, State, good_series, id_of};

pub(crate) struct ValueClock(pub(crate) Outside);

impl Clock for ValueClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

/// The list's folder, or the other list's.
pub(crate) struct ValueMailbox(pub(crate) Outside, pub(crate) bool);

impl ValueMailbox {
    fn held<'o>(&self, o: &'o State) -> &'o [super::outside::Held] {
        if self.1 { &o.other_folder } else { &o.folder }
    }
}

impl Mailbox for ValueMailbox {
    fn open(&mut self) -> Result<FolderState, Fault> {
        // Opening and finding nothing new changes nothing: not worth a crash.
        let o = self.0.lock();
        Ok(FolderState {
            uid_validity: o.uid_validity,
            uid_next: o.next_uid,
            exists: self.held(&o).len() as u32,
        })
    }

    fn headings(&mut self, from: u32, limit: usize) -> Result<Vec<Heading>, Fault> {
        let o = self.0.lock();
        if !self.held(&o).iter().any(|mail| mail.uid >= from) {
            return Ok(Vec::new());
        }
        drop(o);
        self.0.call("mailbox.headings", |o| {
            let held = self.held(o).iter().filter(|mail| mail.uid >= from).take(limit);
            Ok(held
                .map(|mail| {
                    let end = mail.bytes.windows(4).position(|w| w == b"\r\n\r\n");
                    Heading {
                        uid: mail.uid,
                        size: mail.bytes.len() as u64,
                        received_at: mail.received_at,
                        header: mail.bytes[..end.map_or(mail.bytes.len(), |e| e + 4)].to_vec(),
                    }
                })
                .collect())
        })
    }

    fn received_since(&mut self, day: Timestamp) -> Result<Vec<u32>, Fault> {
        self.0.call("mailbox.received_since", |o| {
            Ok(self.held(o).iter().filter(|m| m.received_at >= day).map(|m| m.uid).collect())
        })
    }

    fn message(&mut self, uid: u32, cap: u64) -> Result<Option<Vec<u8>>, Fault> {
        let mail = self.held(&self.0.lock()).iter().find(|mail| mail.uid == uid).cloned();
        if let Some(mail) = mail {
            self.0.panics_at("mailbox.message", &String::from_utf8_lossy(&mail.bytes));
        }
        self.0.call("mailbox.message", |o| {
            let mail = self.held(o).iter().find(|mail| mail.uid == uid);
            Ok(mail.map(|m| m.bytes[..m.bytes.len().min(cap as usize)].to_vec()))
        })
    }

    fn wait(&mut self, _at_most: SignedDuration) -> Result<News, Fault> {
        Ok(News::Nothing)
    }
}

/// The mail server: what goes to the list comes back in its folder.
pub(crate) struct ValueOutbound(pub(crate) Outside);

impl Outbound for ValueOutbound {
    fn send(&self, envelope: &Envelope, message: &[u8]) -> Delivery {
        self.0.panics_at("outbound.send", &String::from_utf8_lossy(message));
        self.0.call("outbound.send", |o| {
            if let Some(address) = envelope.recipients.iter().find(|to| o.refused.contains(to)) {
                let fault = Fault::permanent("550 no such user");
                return Delivery::Unreachable { address: address.clone(), fault };
            }
            let answer =
                if o.deliveries.is_empty() { Delivery::Accepted } else { o.deliveries.remove(0) };
            if matches!(answer, Delivery::Accepted | Delivery::Unknown(_)) {
                o.accepted.push(super::outside::Accepted {
                    at: o.now,
                    recipients: envelope.recipients.clone(),
                    bytes: message.to_vec(),
                    read: false,
                });
                if envelope.recipients.iter().any(|to| to == LIST) {
                    o.deliver(message);
                }
                if envelope.recipients.iter().any(|to| to == OTHER_LIST) {
                    o.deliver_by_other_list(message);
                }
            }
            answer
        })
    }
}

/// Trusts the tags that the world outside says are signed by alice or bob.
pub(crate) struct ValueKeyring(pub(crate) Outside);

impl Keyring for ValueKeyring {
    fn verify(&self, tag: &[u8], _name: &str, _now: Timestamp) -> Result<Verification, Fault> {
        self.0.panics_at("keyring.verify", "");
        self.0.call("keyring.verify", |o| {
            if o.keyring_is_away {
                return Err(Fault::temporary("the keyring is being written"));
            }
            let signed_by =
                String::from_utf8_lossy(tag).lines().nth(1).unwrap_or_default().to_owned();
            if let Some(ended) = o.ended_keys.get(&signed_by) {
                return Ok(ended.clone());
            }
            Ok(match signed_by.as_str() {
                "alice" | "bob" => Verification::Good(Signer {
                    key: format!("FINGERPRINT-OF-{signed_by}"),
                    name: signed_by.clone(),
                    addresses: vec![
                        format!("{signed_by}@example.org"),
                        format!("{signed_by}@work.example"),
                    ],
                    scope: o.scope.clone(),
                }),
                "" => Verification::Unsigned,
                "carol" => Verification::Expired {
                    key: "D5E4A7C1B2F3908172635445362718090A1B2C3D".into(),
                    why: "it expired on 2025-12-31".into(),
                },
                other => Verification::UnknownKey { key: other.to_owned(), proved: false },
            })
        })
    }

    fn attest(
        &self,
        _signed: Signed<'_>,
        _signature: &[u8],
        _now: Timestamp,
    ) -> Result<Result<Attested, Unattested>, Fault> {
        Ok(Err(Unattested { why: "nobody signs mails here".into(), key_is_unknown: false }))
    }

    fn payload(&self, tag: &[u8]) -> PayloadDigest {
        PayloadDigest::of(tag.split(|byte| *byte == b'\n').next().unwrap())
    }

    fn expiring(&self, _now: Timestamp) -> Result<Vec<ExpiringKey>, Fault> {
        if self.0.lock().expiring.is_empty() {
            return Ok(Vec::new());
        }
        self.0.call("keyring.expiring", |o| Ok(o.expiring.clone()))
    }

    fn knows(&self, address: &str) -> bool {
        self.owner(address).is_some()
    }

    fn offered(&self, bytes: &[u8], _now: Timestamp) -> Vec<Result<OfferedKey, String>> {
        let owner = String::from_utf8_lossy(bytes).trim().to_owned();
        vec![Ok(OfferedKey {
            fingerprint: format!("FINGERPRINT-OF-{owner}"),
            addresses: vec![format!("{owner}@example.org")],
            owner,
            trouble: None,
            certificate: bytes.to_vec(),
        })]
    }

    fn owner(&self, address: &str) -> Option<String> {
        let address = address.to_lowercase();
        let owner = ["alice", "bob"].iter().find(|name| address == format!("{name}@example.org"));
        owner.map(|name| (*name).to_owned())
    }

    fn listed(&self, _now: Timestamp) -> Result<Vec<ListedKey>, Fault> {
        Ok(Vec::new())
    }

    fn path_owners(&self) -> Result<Vec<PathOwner>, Fault> {
        if self.0.lock().path_owners.is_empty() {
            return Ok(Vec::new());
        }
        self.0.call("keyring.path_owners", |o| match o.keyring_is_away {
            true => Err(Fault::temporary("the keyring is being written")),
            false => Ok(o.path_owners.clone()),
        })
    }

    fn adopt(&self, changes: KeyChanges) {
        self.0.lock().key_changes = changes;
    }
}

/// Believes the mail's own `X-Proof: openpgp` or `X-Proof: dkim`; all of its text is proved, or what
/// stands in `X-Signed-Text`. What stands in `X-Signature` is its digest.
pub(crate) struct ValueAuthenticator(pub(crate) Outside);

impl Authenticator for ValueAuthenticator {
    fn authenticate(&self, mail: &[u8], now: Timestamp) -> Result<Authentication, Fault> {
        self.0.call("authenticator.authenticate", |o| {
            if let Some(fault) = o.fault("authenticate") {
                return Err(fault);
            }
            let mail = String::from_utf8_lossy(mail).replace("\r\n", "\n");
            let (header, text) = mail.split_once("\n\n").unwrap_or((&mail, ""));
            let value = |name: &str| {
                let mut fields = header.lines().filter_map(|line| line.split_once(": "));
                fields.find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
            };
            let age = value("X-Age-Hours").map_or(0, |hours| hours.parse().unwrap());
            let signed_at = now - SignedDuration::from_hours(age);
            let digests =
                vec![value("X-Signature").or_else(|| value("Message-ID")).unwrap_or_default()];
            let recipients = value("X-Signed-To").map(|to| vec![to]);
            let keys = value("X-Key").map(String::into_bytes).into_iter().collect();
            let text = value("X-Signed-Text").unwrap_or_else(|| text.to_owned());
            let subject = value("Subject");
            let mut found = Authentication::default();
            match value("X-Proof").as_deref() {
                Some("openpgp") => {
                    let from = value("From").unwrap_or_default();
                    let who = Signer {
                        key: format!("FINGERPRINT-OF-{from}"),
                        name: from.clone(),
                        addresses: vec![value("X-Signer").unwrap_or(from)],
                        scope: Default::default(),
                    };
                    let subject = None;
                    found.openpgp =
                        Some(Proof { who, signed_at, digests, text, subject, recipients, keys });
                }
                Some("dkim") => {
                    let who = Domain("example.org".into());
                    found.dkim =
                        Some(Proof { who, signed_at, digests, text, subject, recipients, keys });
                }
                _ => found.failures.push("The mail has no OpenPGP signature.".into()),
            }
            Ok(found)
        })
    }
}

/// Git as a value: ids are hashes of what an object is made of.
pub(crate) struct ValueRepository(pub(crate) Outside);

impl ValueRepository {
    fn find<'o>(
        o: &'o State,
        order: &FetchOrder,
    ) -> Option<(String, &'o super::outside::OutsideTag)> {
        let refs = o.repositories.get(&order.url)?;
        let name = order.reference.trim_start_matches("refs/");
        let full = |kind: &str| format!("refs/{kind}{name}");
        let found = ["", "tags/", "heads/"].iter().map(|kind| full(kind));
        found.into_iter().find_map(|full| refs.get(&full).map(|tag| (full, tag)))
    }
}

impl Repository for ValueRepository {
    fn fetch(&self, order: &FetchOrder) -> Result<Pinned, FetchRefused> {
        self.0.panics_at("repository.fetch", &order.url);
        self.0.call("repository.fetch", |o| {
            if order.url.starts_with("file:") || order.url.starts_with("git@") {
                let why = "The bot does not fetch from there.".to_owned();
                return Err(FetchRefused::NotAllowed { why });
            }
            if o.unreachable.contains(&order.url) {
                let fault =
                    Fault::temporary("connection refused").saying("The repository did not answer.");
                return Err(FetchRefused::Fault(fault));
            }
            let found = Self::find(o, order).map(|(reference, tag)| (reference, tag.clone()));
            let Some((reference, tag)) = found else { return Err(FetchRefused::RefMissing) };
            o.fetched.push(tag.clone());
            o.forgotten.remove(&order.into);
            let name = reference.rsplit('/').next().unwrap_or_default().to_owned();
            Ok(Pinned {
                reference,
                tip: tag.tip,
                tag: tag.annotated.then(|| Tag {
                    id: tag.id,
                    payload: None,
                    name,
                    tagger: "A Maintainer <a@example.org>".into(),
                    tagged_at: Some(tag.tagged_at),
                    message: "Block patches\n".into(),
                }),
            })
        })
    }

    fn tag_bytes(&self, from: Quarantine, id: ObjectId) -> Result<Vec<u8>, Fault> {
        self.0.call("repository.tag_bytes", |o| {
            o.kept(from)?;
            let tags = o.repositories.values().flat_map(|refs| refs.values());
            let tag = tags.chain(&o.fetched).find(|tag| tag.id == id);
            // What is signed, and by whom.
            tag.map(|tag| {
                format!("{}\n{}", tag.copy_of.unwrap_or(tag.id), tag.signed_by).into_bytes()
            })
            .ok_or_else(|| Fault::permanent("no such tag"))
        })
    }

    fn as_candidate(
        &self,
        _from: Quarantine,
        _target: &TargetName,
        commit: ObjectId,
    ) -> Result<Candidate, Fault> {
        self.0.call("repository.as_candidate", |o| {
            let tree = id_of(&["tree", &commit.to_string()]);
            Ok(Candidate { base: Some(o.master), commit, tree })
        })
    }

    fn target_head(&self, _target: &TargetName) -> Result<ObjectId, Fault> {
        self.0.call("repository.target_head", |o| Ok(o.master))
    }

    fn facts(&self, from: Quarantine, _target: &TargetName, tip: ObjectId) -> Result<Facts, Fault> {
        self.0.call("repository.facts", |o| {
            o.kept(from)?;
            Ok(Facts { already_merged: o.landed.contains(&tip), commits: 3, head: o.master })
        })
    }

    fn brings(
        &self,
        _from: Quarantine,
        _target: &TargetName,
        tip: ObjectId,
        asked: &[ObjectId],
    ) -> Result<Vec<ObjectId>, Fault> {
        self.0.call("repository.brings", |o| {
            let below = o.histories.get(&tip).map_or(&[][..], Vec::as_slice);
            let brought = |id: &&ObjectId| **id == tip || below.contains(id);
            Ok(asked.iter().filter(brought).filter(|id| !o.landed.contains(id)).copied().collect())
        })
    }

    fn series(
        &self,
        _from: Quarantine,
        _target: &TargetName,
        tip: ObjectId,
        base: Option<&CommitName>,
        _most: u32,
    ) -> Result<Series, Fault> {
        self.0.call("repository.series", |o| {
            let mut series = o.series.get(&tip).cloned().unwrap_or_else(|| good_series(tip));
            if base.is_some_and(|base| base.names(&id_of(&["bogus"]))) {
                series.base = Base::Unknown;
            }
            Ok(series)
        })
    }

    fn outside(
        &self,
        _from: Quarantine,
        _target: &TargetName,
        _tip: ObjectId,
        _patterns: &[String],
    ) -> Result<OtherFiles, Fault> {
        self.0.call("repository.outside", |o| Ok(o.outside_paths.clone()))
    }

    fn touched(
        &self,
        _from: Quarantine,
        _target: &TargetName,
        tip: ObjectId,
        sets: &[Vec<String>],
    ) -> Result<Vec<bool>, Fault> {
        self.0.call("repository.touched", |o| {
            let changes = |path: &String| o.changed_files.contains(&(tip, path.clone()));
            Ok(sets.iter().map(|set| set.iter().any(changes)).collect())
        })
    }

    fn merge(&self, order: &MergeOrder) -> Result<Merged, Fault> {
        self.0.call("repository.merge", |o| {
            o.kept(order.from)?;
            let tip = order.pinned.tip;
            if o.landed.contains(&tip) {
                return Ok(Merged::NothingNew);
            }
            if o.conflicting.contains(&tip) {
                let files = vec![ConflictFile {
                    path: "block/io.c".into(),
                    kind: "both changed".into(),
                    touched_by: vec!["0123456789ab block: tidy up".into()],
                }];
                return Ok(Merged::Conflict { files, total: 1 });
            }
            let words =
                [order.base.to_string(), tip.to_string(), order.at.to_string(), order.url.clone()];
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let commit = id_of(&words);
            o.merges.insert(commit, tip);
            Ok(Merged::Candidate(Candidate {
                base: Some(order.base),
                commit,
                tree: id_of(&["tree", &commit.to_string()]),
            }))
        })
    }

    fn push(&self, order: &PushOrder) -> Result<Pushed, Fault> {
        self.0.call("repository.push", |o| {
            match o.ci_refs.get(&order.ci_ref) {
                Some(there) if *there != order.commit && !order.replaces.contains(there) => {
                    return Ok(Pushed::Occupied { by: *there });
                }
                _ => {}
            }
            o.ci_refs.insert(order.ci_ref.clone(), order.commit);
            Ok(Pushed::Done)
        })
    }

    fn delete_ref(&self, _: &TargetName, ci_ref: &str, commit: ObjectId) -> Result<(), Fault> {
        self.0.call("repository.delete_ref", |o| {
            if o.ci_refs.get(ci_ref) == Some(&commit) {
                o.ci_refs.remove(ci_ref);
            }
            Ok(())
        })
    }

    fn drift(&self, _: Quarantine, _: &TargetName, candidate: &Candidate) -> Result<Drift, Fault> {
        self.0.call("repository.drift", |o| {
            let moved = candidate.base != Some(o.master);
            Ok(Drift { head: o.master, commits: u32::from(moved) * 2, same_files: Vec::new() })
        })
    }

    fn changed_files(
        &self,
        _: Quarantine,
        _: ObjectId,
        after: ObjectId,
        globs: &[String],
    ) -> Result<Vec<ChangedFile>, Fault> {
        self.0.call("repository.changed_files", |o| {
            let tip = o.tip_of(after);
            let changed =
                o.changed_files.iter().filter(|(by, path)| *by == tip && globs.contains(path));
            let file = |path: &String| ChangedFile {
                path: path.clone(),
                before: Some(id_of(&["before", path])),
                after: Some(id_of(&["after", path])),
            };
            Ok(changed.map(|(_, path)| file(path)).collect())
        })
    }

    fn forget(&self, quarantine: Quarantine) -> Result<(), Fault> {
        self.0.call("repository.forget", |o| {
            o.forgotten.insert(quarantine);
            Ok(())
        })
    }
}

/// GitLab as a value: its state generates the answers, so they cannot contradict each other.
pub(crate) struct ValueGitLab(pub(crate) Outside);

fn as_pipeline(pipeline: &OutsidePipeline, now: Timestamp) -> Pipeline {
    let (status, started) = pipeline.status_at(now);
    Pipeline {
        id: PipelineId(pipeline.id),
        sha: pipeline.sha,
        reference: pipeline.ci_ref.clone(),
        source: "api".into(),
        status,
        web_url: format!("https://gitlab.example.org/project/-/pipelines/{}", pipeline.id),
        created_at: Some(pipeline.created_at),
        started_at: started.then_some(pipeline.created_at),
        yaml_errors: None,
    }
}

impl ValueGitLab {
    fn one<T>(
        o: &mut State,
        call: &str,
        id: PipelineId,
        then: impl FnOnce(&mut OutsidePipeline, Timestamp) -> T,
    ) -> Result<T, Fault> {
        if let Some(fault) = o.fault(call) {
            return Err(fault);
        }
        let now = o.now;
        let found = o.pipelines.iter_mut().find(|pipeline| pipeline.id == id.0);
        found.map(|p| then(p, now)).ok_or_else(|| Fault::temporary("404 Not found"))
    }
}

impl Pipelines for ValueGitLab {
    fn find(&self, ci_ref: &str, sha: ObjectId) -> Result<Vec<Pipeline>, Fault> {
        self.0.call("gitlab.find", |o| {
            if let Some(fault) = o.fault("find") {
                return Err(fault);
            }
            let now = o.now;
            let ours = o
                .pipelines
                .iter()
                .rev()
                .filter(|p| p.ci_ref == ci_ref && p.sha == sha && p.visible_at <= now);
            Ok(ours.map(|p| as_pipeline(p, now)).collect())
        })
    }

    fn create(&self, ci_ref: &str) -> Result<Pipeline, Fault> {
        self.0.panics_at("gitlab.create", ci_ref);
        self.0.call("gitlab.create", |o| {
            if let Some(fault) = o.fault("create") {
                return Err(fault);
            }
            if let Some(theirs) = o.pushed_over.take() {
                o.ci_refs.insert(ci_ref.into(), theirs);
            }
            let Some(sha) = o.ci_refs.get(ci_ref).copied() else {
                return Err(Fault::permanent("400 Reference not found")
                    .saying("GitLab says: Reference not found"));
            };
            let plan = if o.plans.is_empty() { Default::default() } else { o.plans.remove(0) };
            let pipeline = OutsidePipeline {
                id: 1000 + o.pipelines.len() as u64,
                sha,
                ci_ref: ci_ref.into(),
                created_at: o.now,
                plan,
                canceled: false,
                visible_at: o.now + o.lag,
            };
            o.pipelines.push(pipeline.clone());
            if std::mem::take(&mut o.lose_create_answer) {
                return Err(Fault::temporary("the connection broke"));
            }
            Ok(as_pipeline(&pipeline, o.now))
        })
    }

    fn get(&self, id: PipelineId) -> Result<Pipeline, Fault> {
        self.0.call("gitlab.get", |o| Self::one(o, "get", id, |p, now| as_pipeline(p, now)))
    }

    fn jobs(&self, id: PipelineId) -> Result<Vec<Job>, Fault> {
        self.0.call("gitlab.jobs", |o| {
            Self::one(o, "jobs", id, |pipeline, now| {
                let (status, started) = pipeline.taken_status_at(now);
                let over = matches!(status, Status::Success | Status::Failed | Status::Canceled);
                let plan = &pipeline.plan;
                let jobs = plan.jobs.iter().enumerate();
                jobs.map(|(i, (name, end))| {
                    let waits = plan.waiting.get(name);
                    let status = match (waits, over) {
                        (Some(_), _) if pipeline.canceled => Status::Canceled,
                        (Some(_), _) => Status::Pending,
                        (None, true) => end.clone(),
                        (None, false) => status.clone(),
                    };
                    let reason = || plan.reasons.get(name).map_or("script_failure", |r| r.as_str());
                    let failed = status == Status::Failed;
                    Job {
                        id: JobId(pipeline.id * 100 + i as u64),
                        name: name.clone(),
                        stage: "test".into(),
                        status,
                        allow_failure: false,
                        failure_reason: failed.then(|| reason().into()),
                        web_url: format!("https://gitlab.example.org/project/-/jobs/{name}"),
                        architecture: Some("x86_64".into()),
                        tags: waits.into_iter().cloned().collect(),
                        started_at: (started && waits.is_none()).then_some(pipeline.created_at),
                        duration: over.then_some(60),
                        kind: JobKind::Build,
                    }
                })
                .collect()
            })
        })
    }

    fn log(&self, id: JobId, _cap: u64) -> Result<Vec<u8>, Fault> {
        self.0.call("gitlab.log", |o| match o.fault("log") {
            Some(fault) => Err(fault),
            None => Ok(format!("running tests\nnot ok 3 - reads back\njob {id}\n").into_bytes()),
        })
    }

    /// As GitLab does: the branch must be there, and what is on it is what includes come from.
    fn lint(&self, commit: ObjectId, ci_ref: &str) -> Result<CiPlan, Fault> {
        self.0.call("gitlab.lint", |o| {
            if let Some(fault) = o.fault("lint") {
                return Err(fault);
            }
            if o.unlintable.contains(&o.tip_of(commit)) {
                return Err(Fault::permanent("404 Commit Not Found"));
            }
            let Some(tip) = o.ci_refs.get(ci_ref).copied() else {
                return Ok(CiPlan {
                    errors: vec!["Reference not found".into()],
                    ..CiPlan::default()
                });
            };
            let mut plan = o.plan_of(commit).clone();
            plan.includes.clone_from(&o.plan_of(tip).includes);
            plan.entries.extend(o.included_by(tip));
            Ok(plan)
        })
    }

    fn cancel(&self, id: PipelineId) -> Result<(), Fault> {
        self.0.call("gitlab.cancel", |o| Self::one(o, "cancel", id, |p, _| p.canceled = true))
    }
}

/// The memory store, with each call counted.
pub(crate) struct CountedStore(pub(crate) Outside, pub(crate) MemoryStore);

impl Store for CountedStore {
    fn put(&self, batch: &Batch) -> Result<(), NotPut> {
        let mut cursors_only = Batch::default();
        cursors_only.cursors.clone_from(&batch.cursors);
        if *batch == cursors_only && Outside::full_disk(&self.0.lock()).is_none() {
            return self.1.put(batch);
        }
        self.0.call("store.put", |o| {
            if let Some(fault) = Outside::full_disk(o) {
                o.refused_puts += 1;
                return Err(fault.into());
            }
            let unkeepable = batch.pulls.iter().find(|pull| {
                let id = pull.cover.message_id.as_str();
                o.unkeepable.iter().any(|(of, stage)| of == id && *stage == pull.stage.word())
            });
            if let Some(pull) = unkeepable {
                let fault = Fault::bug(format!("request {} takes 40000 bytes", pull.number));
                return Err(NotPut { fault, culprit: Some(RecordKey::Pull(pull.number)) });
            }
            self.1.put(batch)
        })
    }
    fn open_records(&self) -> Result<Records, Fault> {
        self.1.open_records()
    }
    fn pull(&self, number: PullNumber) -> Result<Option<Pull>, Fault> {
        self.1.pull(number)
    }
    fn pull_by_message_id(&self, id: &MessageId) -> Result<Option<PullNumber>, Fault> {
        self.1.pull_by_message_id(id)
    }
    fn unwanted(&self, tag: &SignedTag, target: &TargetName) -> Result<Option<PullNumber>, Fault> {
        self.1.unwanted(tag, target)
    }
    fn newest_pulls(&self, at_most: usize) -> Result<Vec<Pull>, Fault> {
        self.1.newest_pulls(at_most)
    }
    fn run(&self, id: RunId) -> Result<Option<Run>, Fault> {
        self.1.run(id)
    }
    fn newest_runs(&self, at_most: usize) -> Result<Vec<Run>, Fault> {
        self.1.newest_runs(at_most)
    }
    fn letter(&self, id: &MessageId) -> Result<Option<Letter>, Fault> {
        self.1.letter(id)
    }
    fn history(&self, number: PullNumber) -> Result<Vec<HistoryEntry>, Fault> {
        self.1.history(number)
    }
    fn mail(&self, id: &MessageId) -> Result<Option<CommandMail>, Fault> {
        self.1.mail(id)
    }
    fn seen(&self, digest: &str) -> Result<Option<MessageId>, Fault> {
        self.1.seen(digest)
    }
    fn audit(&self, of: Option<PullNumber>, at_most: usize) -> Result<Vec<AuditEntry>, Fault> {
        self.1.audit(of, at_most)
    }
    fn put_file(&self, name: &FileName, content: &[u8]) -> Result<(), Fault> {
        self.0.call("store.put_file", |o| match Outside::full_disk(o) {
            Some(fault) => Err(fault),
            None if o.files_refused => Err(Fault::temporary("files: No space left on device")),
            None => self.1.put_file(name, content),
        })
    }
    fn expire_files(&self, older_than: SignedDuration) -> Result<u64, Fault> {
        self.1.expire_files(older_than)
    }
    fn journal(&self) -> Result<String, Fault> {
        self.1.journal()
    }
    fn append_journal(&self, text: &str) -> Result<(), Fault> {
        self.1.append_journal(text)
    }
    fn write_journal(&self, text: &str) -> Result<(), Fault> {
        self.1.write_journal(text)
    }
    fn file(&self, name: &FileName) -> Result<Option<Vec<u8>>, Fault> {
        self.1.file(name)
    }
}

/// One value for each target.
pub(crate) fn pipelines(
    outside: &Outside,
    target: &TargetName,
) -> BTreeMap<TargetName, Arc<dyn Pipelines>> {
    let gitlab: Arc<dyn Pipelines> = Arc::new(ValueGitLab(outside.clone()));
    BTreeMap::from([(target.clone(), gitlab)])
}
