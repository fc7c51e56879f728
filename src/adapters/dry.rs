//! The ports of a dry run: what only reads passes through, what would change the world outside is
//! said instead of done.

use std::sync::Arc;

use crate::ports::{
    Delivery, Envelope, Fault, FetchOrder, FetchRefused, MergeOrder, Merged, OtherFiles, Outbound,
    Pipelines, PushOrder, Pushed, Quarantine, Repository,
};
use crate::pull::checks::Series;
use crate::pull::ci_change::{ChangedFile, CiPlan};
use crate::pull::ids::{CommitName, JobId, ObjectId, PipelineId, TargetName};
use crate::pull::pipeline::{Job, Pipeline};
use crate::pull::tag::{Candidate, Drift, Facts, Pinned};

/// Letters are told, not sent.
pub(crate) struct DryOutbound(pub(crate) Box<dyn Fn(&str) + Send + Sync>);

impl Outbound for DryOutbound {
    fn send(&self, envelope: &Envelope, message: &[u8]) -> Delivery {
        let text = String::from_utf8_lossy(message);
        let to = envelope.recipients.join(", ");
        let text = text.replace("\r\n", "\n");
        (self.0)(&format!("--- a dry run does not send this to {to}:\n{text}---"));
        Delivery::Accepted
    }
}

/// Git without pushes. Fetches and merges are real: they change mirrors and, given a repository
/// with quarantines apart, nothing that a running bot uses.
pub(crate) struct DryRepository(pub(crate) Arc<dyn Repository>);

impl Repository for DryRepository {
    fn fetch(&self, order: &FetchOrder) -> Result<Pinned, FetchRefused> {
        self.0.fetch(order)
    }

    fn tag_bytes(&self, from: Quarantine, id: ObjectId) -> Result<Vec<u8>, Fault> {
        self.0.tag_bytes(from, id)
    }

    fn as_candidate(
        &self,
        from: Quarantine,
        target: &TargetName,
        commit: ObjectId,
    ) -> Result<Candidate, Fault> {
        self.0.as_candidate(from, target, commit)
    }

    fn target_head(&self, target: &TargetName) -> Result<ObjectId, Fault> {
        self.0.target_head(target)
    }

    fn facts(&self, from: Quarantine, target: &TargetName, tip: ObjectId) -> Result<Facts, Fault> {
        self.0.facts(from, target, tip)
    }

    fn brings(
        &self,
        from: Quarantine,
        target: &TargetName,
        tip: ObjectId,
        asked: &[ObjectId],
    ) -> Result<Vec<ObjectId>, Fault> {
        self.0.brings(from, target, tip, asked)
    }

    fn series(
        &self,
        from: Quarantine,
        target: &TargetName,
        tip: ObjectId,
        base: Option<&CommitName>,
        most: u32,
    ) -> Result<Series, Fault> {
        self.0.series(from, target, tip, base, most)
    }

    fn outside(
        &self,
        from: Quarantine,
        target: &TargetName,
        tip: ObjectId,
        patterns: &[String],
    ) -> Result<OtherFiles, Fault> {
        self.0.outside(from, target, tip, patterns)
    }

    fn touched(
        &self,
        from: Quarantine,
        target: &TargetName,
        tip: ObjectId,
        sets: &[Vec<String>],
    ) -> Result<Vec<bool>, Fault> {
        self.0.touched(from, target, tip, sets)
    }

    fn merge(&self, order: &MergeOrder) -> Result<Merged, Fault> {
        self.0.merge(order)
    }

    fn push(&self, order: &PushOrder) -> Result<Pushed, Fault> {
        let why = format!(
            "This is a dry run: {} is not pushed to {}, and no pipeline is made.",
            order.commit, order.ci_ref
        );
        Err(Fault::permanent(why.clone()).saying(why))
    }

    fn delete_ref(&self, _: &TargetName, _: &str, _: ObjectId) -> Result<(), Fault> {
        Ok(())
    }

    fn drift(
        &self,
        from: Quarantine,
        target: &TargetName,
        candidate: &Candidate,
    ) -> Result<Drift, Fault> {
        self.0.drift(from, target, candidate)
    }

    fn changed_files(
        &self,
        from: Quarantine,
        before: ObjectId,
        after: ObjectId,
        globs: &[String],
    ) -> Result<Vec<ChangedFile>, Fault> {
        self.0.changed_files(from, before, after, globs)
    }

    fn forget(&self, quarantine: Quarantine) -> Result<(), Fault> {
        self.0.forget(quarantine)
    }
}

/// GitLab, only read.
pub(crate) struct DryPipelines(pub(crate) Arc<dyn Pipelines>);

impl Pipelines for DryPipelines {
    fn find(&self, ci_ref: &str, sha: ObjectId) -> Result<Vec<Pipeline>, Fault> {
        self.0.find(ci_ref, sha)
    }

    fn create(&self, ci_ref: &str) -> Result<Pipeline, Fault> {
        Err(Fault::permanent(format!("This is a dry run: no pipeline is made on {ci_ref}.")))
    }

    fn get(&self, id: PipelineId) -> Result<Pipeline, Fault> {
        self.0.get(id)
    }

    fn jobs(&self, id: PipelineId) -> Result<Vec<Job>, Fault> {
        self.0.jobs(id)
    }

    fn log(&self, id: JobId, cap: u64) -> Result<Vec<u8>, Fault> {
        self.0.log(id, cap)
    }

    fn lint(&self, commit: ObjectId, ci_ref: &str) -> Result<CiPlan, Fault> {
        self.0.lint(commit, ci_ref)
    }

    fn cancel(&self, _: PipelineId) -> Result<(), Fault> {
        Ok(())
    }
}
