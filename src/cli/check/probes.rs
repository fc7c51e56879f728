//! The probes of `gatepost check` in the real world: the very adapters that `run` uses. It must
//! not judge what they find.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::facts::{
    GitLabFacts, KeyFacts, KeyringFacts, MailboxFacts, MaintainerFacts, Probes, ProjectFacts,
    ProtectedFacts, ReachFacts, RunnerFacts, Seen, SmtpFacts, StateFacts, TokenFacts,
    VariableFacts,
};
use crate::adapters::authentication;
use crate::adapters::git::{GitRepository, GitSettings};
use crate::adapters::gitlab::{self, GitLab, Visibility};
use crate::adapters::imap;
use crate::adapters::keyring::KeyringFolder;
use crate::adapters::smtp::SmtpServer;
use crate::config::model::{Account, Config, Target};
use crate::ports::{Fault, Repository};
use crate::pull::ids::{ObjectId, TargetName};

/// The world as the configuration describes it.
#[derive(Debug)]
pub(crate) struct World {
    config: Config,
    program: PathBuf,
}

/// What a keyring folder has in it.
///
/// # Errors
/// Misconfigured: it can't be read.
pub(crate) fn keyring_facts(folder: &Path, now: Timestamp) -> Result<KeyringFacts, Fault> {
    let inventory = KeyringFolder::new(folder).inventory(now)?;
    let keys = inventory.keys.into_iter().map(|key| KeyFacts {
        key: key.key,
        owner: key.owner,
        addresses: key.addresses,
        expires: key.expires,
        trouble: key.trouble,
    });
    let maintainers = inventory.maintainers.into_iter().map(|maintainer| MaintainerFacts {
        name: maintainer.name,
        line: maintainer.line,
        scope: maintainer.scope,
    });
    Ok(KeyringFacts {
        keys: keys.collect(),
        maintainers: maintainers.collect(),
        problems: inventory.problems.iter().map(ToString::to_string).collect(),
    })
}

impl World {
    /// Takes the configuration, and the path of this program, which does the work of git in a
    /// child. Nothing is connected yet.
    pub(crate) fn new(config: Config, program: PathBuf) -> Self {
        Self { config, program }
    }

    /// The repository. Its adapter makes what it needs in the state directory; without one there
    /// is none, since a check makes nothing.
    fn repository(&self) -> Result<GitRepository, Fault> {
        let directory = &self.config.state.directory;
        if !directory.is_dir() {
            let why = format!(
                "there is no mirror yet, for there is no {}: `gatepost setup` makes both",
                directory.display()
            );
            return Err(Fault::misconfigured(why));
        }
        GitRepository::new(GitSettings {
            state: directory.clone(),
            program: self.program.clone(),
            targets: self.config.targets.clone(),
            trust: self.config.trust.clone(),
            fetch: self.config.fetch.clone(),
            committer: self.config.bot.from.clone(),
        })
    }
}

impl Probes for World {
    fn state_directory(&mut self) -> StateFacts {
        StateFacts::of(&self.config.state.directory)
    }

    fn keyring(&mut self, now: Timestamp) -> Result<KeyringFacts, Fault> {
        keyring_facts(&self.config.trust.keyring, now)
    }

    fn mailbox(&mut self, account: &Account, folders: &[String]) -> Result<MailboxFacts, Fault> {
        let found = imap::probe(account, folders, &imap::Limits::default())?;
        let folders = found.folders.into_iter();
        Ok(MailboxFacts {
            is_encrypted: found.is_encrypted,
            can_idle: found.can_idle,
            folders: folders.map(|(name, state)| (name, state.map(|state| state.exists))).collect(),
        })
    }

    fn smtp(&mut self) -> Result<SmtpFacts, Fault> {
        let found = SmtpServer::new(&self.config.smtp)?.probe()?;
        Ok(SmtpFacts { is_encrypted: found.is_encrypted, is_logged_in: found.is_logged_in })
    }

    fn resolver(&mut self, resolvers: &[SocketAddr], domain: &str) -> Result<(), Fault> {
        authentication::probe(resolvers, domain)
    }

    fn target_head(&mut self, target: &TargetName) -> Result<ObjectId, Fault> {
        self.repository()?.target_head(target)
    }

    fn gitlab(&mut self, target: &Target, branch: &str) -> GitLabFacts {
        match GitLab::new(&target.ci) {
            Ok(gitlab) => {
                let found = gitlab.inspect(branch);
                let path = found.project.as_ref().ok().map(|project| project.path.clone());
                let reach = path.map(|path| reach_facts(gitlab.reach(&path)));
                GitLabFacts { reach, ..gitlab_facts(found) }
            }
            Err(fault) => GitLabFacts {
                version: Err(fault.clone()),
                user: Err(fault.clone()),
                token: Err(fault.clone()),
                project: Err(fault.clone()),
                protected: Err(fault),
                reach: None,
            },
        }
    }
}

fn gitlab_facts(found: gitlab::Inspection) -> GitLabFacts {
    GitLabFacts {
        version: found.version,
        user: found.user,
        token: found.token.map(|token| TokenFacts {
            suffices: token.suffices(),
            scopes: token.scopes,
            expires_at: token.expires_at,
            active: token.active,
        }),
        project: found.project.map(project_facts),
        protected: found.protected.map(|rules| {
            let rule = |rule: gitlab::ProtectedBranch| ProtectedFacts {
                name: rule.name,
                push: rule.push,
                force_push: rule.force_push,
            };
            rules.into_iter().map(rule).collect()
        }),
        reach: None,
    }
}

fn reach_facts(found: gitlab::Reach) -> ReachFacts {
    let variable = |variable: gitlab::Variable| VariableFacts {
        key: variable.key,
        protected: variable.protected,
        masked: variable.masked,
        group: variable.group,
    };
    let runner = |runner: gitlab::Runner| RunnerFacts {
        description: runner.description,
        kind: runner.kind,
        tags: runner.tags,
        protected: runner.protected,
    };
    ReachFacts {
        variables: found.variables.map(|rows| rows.into_iter().map(variable).collect()),
        closed_groups: found.closed_groups,
        runners: found.runners.map(|rows| rows.into_iter().map(runner).collect()),
    }
}

fn project_facts(project: gitlab::ProjectFacts) -> ProjectFacts {
    ProjectFacts {
        may_make_pipelines: project.may_make_pipelines(),
        may_set_variables: project.may_set_variables(),
        path: project.path,
        seen: match project.visibility {
            Visibility::Private => Seen::Members,
            Visibility::Internal => Seen::Accounts,
            Visibility::Public => Seen::Everybody,
        },
        empty: project.empty,
        archived: project.archived,
        ci_enabled: project.ci_enabled,
        public_jobs: project.public_jobs,
        auto_cancels: project.auto_cancels,
        role: project.role,
    }
}
