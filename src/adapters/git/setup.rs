//! What the administrator runs once, before the first request: clones the mirrors and fills empty
//! CI projects, with limits of its own. Safe to repeat; what is done is not done again.

use std::path::Path;

use super::order::{Limits, Progress, Reply, Task};
use super::repository::{GitRepository, unexpected};
use crate::config::model::Target;
use crate::ports::Fault;
use crate::pull::ids::{ObjectId, TargetName};

/// How long one clone or one filling may take: six hours.
const DEADLINE_MS: u64 = 6 * 60 * 60 * 1000;

/// How many bytes may come in one clone: 64 GiB.
const BYTES: u64 = 64 << 30;

/// How much memory a clone or a filling gets at least: 4 GiB. libgit2 needs 0.8 GB to push the
/// history of git itself.
const MEMORY: u64 = 4 << 30;

/// Where a setup is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SetupStep {
    /// Whose mirror or CI project.
    pub(crate) target: TargetName,
    /// What happens.
    pub(crate) stage: SetupStage,
}

/// What happens in a setup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SetupStage {
    /// The mirror is being fetched.
    Cloning(Progress),
    /// The mirror has the branch, at this commit.
    Mirrored(ObjectId),
    /// The branch is being pushed to the CI project, which had none.
    Filling(Progress),
    /// The CI project has the branch now.
    Filled,
    /// The CI project has the branch already, at this commit; nothing was changed.
    InPlace(ObjectId),
}

impl GitRepository {
    /// Clones or updates the mirror of every target, and pushes the target's branch to its CI
    /// project if that has no such branch. Safe to repeat.
    ///
    /// # Errors
    /// The first target's that fails; those before it are done.
    pub(crate) fn setup(&self, progress: &mut dyn FnMut(SetupStep)) -> Result<(), Fault> {
        for (name, target) in &self.targets {
            let tell = &mut |stage| progress(SetupStep { target: name.clone(), stage });
            let mirror = self.layout.mirror(&target.url);
            let head = self.while_locked(&mirror, || self.clone_mirror(target, &mirror, tell))?;
            tell(SetupStage::Mirrored(head));
            self.fill(target, &mirror, head, tell)?;
        }
        Ok(())
    }

    fn clone_mirror(
        &self,
        target: &Target,
        mirror: &Path,
        tell: &mut dyn FnMut(SetupStage),
    ) -> Result<ObjectId, Fault> {
        self.layout.make_mirror(mirror)?;
        let (peer, branch) = (self.upstream(target)?, target.branch.clone());
        let task = Task::Update { peer, mirror: mirror.to_owned(), branch };
        match self.run_telling(self.setup_limits(), task, &mut |p| tell(SetupStage::Cloning(p)))? {
            Reply::At(head) => Ok(head),
            Reply::Absent => {
                let (url, branch) = (&target.url, &target.branch);
                Err(Fault::misconfigured(format!("{url} has no branch {branch}")))
            }
            other => Err(unexpected(&other)),
        }
    }

    fn fill(
        &self,
        target: &Target,
        mirror: &Path,
        head: ObjectId,
        tell: &mut dyn FnMut(SetupStage),
    ) -> Result<(), Fault> {
        let reference = format!("refs/heads/{}", target.branch);
        let (peer, from) = (Self::ci(target)?, mirror.to_owned());
        let look = Task::Look { peer, from, reference: reference.clone() };
        match self.run_telling(self.limits(), look, &mut |_| {})? {
            Reply::At(there) => {
                tell(SetupStage::InPlace(there));
                return Ok(());
            }
            Reply::Absent => {}
            other => return Err(unexpected(&other)),
        }
        let (peer, from) = (Self::ci(target)?, mirror.to_owned());
        let push = Task::Push { peer, from, commit: head, reference, replaces: Vec::new() };
        match self.run_telling(self.setup_limits(), push, &mut |p| tell(SetupStage::Filling(p)))? {
            Reply::At(_) => tell(SetupStage::Filled),
            Reply::Occupied(there) => tell(SetupStage::InPlace(there)),
            other => return Err(unexpected(&other)),
        }
        Ok(())
    }

    fn setup_limits(&self) -> Limits {
        let memory = self.fetch.max_memory.max(MEMORY);
        Limits { deadline_ms: DEADLINE_MS, bytes: BYTES, memory }
    }
}
