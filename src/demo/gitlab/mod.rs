//! A stand-in for a GitLab server with one CI project: its REST API as far as the bot and common
//! clients need it, the project's repository over smart HTTP, and a runner that really runs jobs.
//!
//! What it knows is a value (`world`) from which all answers are made. A test may order how the
//! next pipelines go ([`Plan`]) and what goes wrong ([`Trouble`]); left alone it behaves like a
//! small, healthy GitLab. It does not cancel older pipelines of a branch, and understands of
//! `.gitlab-ci.yml` only what `ci_file` says.

mod answers;
mod api;
mod ci_file;
mod lint;
mod make;
mod plan;
mod repository;
mod runner;
mod server;
mod world;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::runtime::Runtime;

pub use self::plan::Plan;
pub use self::plan::Trouble;
use self::world::{BridgeState, PostedState, Standing, World};
use super::git_http::{self, GitHttp, OnPush};
use crate::adapters::clock::SystemClock;
use crate::ports::Clock;

/// The bare repository's name in the stand-in's folder.
const REPOSITORY: &str = "project.git";

/// How the stand-in is set up.
#[derive(Clone)]
pub struct Settings {
    /// The project's full path.
    pub(crate) project: String,
    /// The one token that is taken, for the API and for pushes.
    pub(crate) token: String,
    /// A path before everything, as of a GitLab that is not at its host's root: `/gitlab`.
    pub(crate) prefix: String,
    /// Whether reading the repository needs the token as well.
    pub(crate) private: bool,
    /// How long one job may run.
    pub(crate) job_limit: Duration,
    /// The time in answers and traces.
    pub(crate) clock: Arc<dyn Clock>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            project: "demo/project".into(),
            token: "glpat-stand-in".into(),
            prefix: String::new(),
            private: false,
            job_limit: Duration::from_secs(60),
            clock: Arc::new(SystemClock),
        }
    }
}

/// What all parts of the stand-in share.
struct Shared {
    url: String,
    prefix: String,
    project: String,
    token: String,
    repository: PathBuf,
    job_limit: Duration,
    clock: Arc<dyn Clock>,
    world: Mutex<World>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Shared {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn git_url(&self) -> String {
        format!("{}/{}.git", self.url, self.project)
    }
}

/// A running stand-in; dropping it stops everything that it started.
pub struct GitLabStandIn {
    shared: Arc<Shared>,
    runtime: Option<Runtime>,
    _folder: tempfile::TempDir,
}

impl GitLabStandIn {
    /// Starts on a free port of 127.0.0.1, with an empty repository.
    ///
    /// # Errors
    /// The disk, the network, or no `git` to run.
    pub fn start(settings: Settings) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("gitlab").tempdir()?;
        let repository = folder.path().join(REPOSITORY);
        git_http::init_bare(&repository)?;
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0)))?;
        let shared = Arc::new(Shared {
            url: format!("http://{}{}", listener.local_addr()?, settings.prefix),
            prefix: settings.prefix,
            project: settings.project,
            token: settings.token,
            repository,
            job_limit: settings.job_limit,
            clock: settings.clock,
            world: Mutex::new(World::new(standing(settings.private))),
            threads: Mutex::default(),
        });
        let told = Arc::downgrade(&shared);
        let on_push: OnPush = Arc::new(move |push| {
            if let Some(shared) = told.upgrade() {
                make::by_a_push(&shared, &push);
            }
        });
        let mut git = GitHttp::read_only(folder.path()).writable(&shared.token, on_push);
        if settings.private {
            git = git.private(&shared.token);
        }
        runtime.spawn(server::serve(listener, shared.clone(), git));
        Ok(Self { shared, runtime: Some(runtime), _folder: folder })
    }

    /// The root, as `gitlab` of a configuration names it.
    pub fn url(&self) -> &str {
        &self.shared.url
    }

    /// The project's repository over HTTP.
    pub fn git_url(&self) -> String {
        self.shared.git_url()
    }

    /// The project's full path.
    pub fn project(&self) -> &str {
        &self.shared.project
    }

    /// The token that is taken.
    pub fn token(&self) -> &str {
        &self.shared.token
    }

    /// The project's bare repository on disk.
    pub fn repository(&self) -> &Path {
        &self.shared.repository
    }

    /// Says how the next pipeline made through the API goes; several form a queue.
    pub fn next_pipeline(&self, plan: Plan) {
        self.shared.world().plans.push_back(plan);
    }

    /// Makes something go wrong once, with the next request of that method whose path after
    /// `/api/v4/` (as sent, not decoded) contains `part`.
    pub fn trouble(&self, method: &str, part: &str, trouble: Trouble) {
        self.shared.world().troubles.push((method.into(), part.into(), trouble));
    }

    /// The next pipeline is not seen by the first so many reads: reads lag writes.
    pub fn hide_next_pipeline(&self, reads: u32) {
        self.shared.world().hide_next_for = reads;
    }

    /// The next so many creates do not see their branch yet.
    pub fn hide_branches(&self, creates: u32) {
        self.shared.world().hidden_branches = creates;
    }

    /// Announces further pages by `Link` alone, and with a host that is not this one.
    pub fn page_by_foreign_links(&self) {
        self.shared.world().standing.only_link = true;
    }

    /// Lists commit statuses as an older GitLab does, without the pipeline's number.
    pub fn forget_pipelines_of_statuses(&self) {
        self.shared.world().standing.statuses_name_pipelines = false;
    }

    /// Sets the token's role in the project (20 Reporter, 30 Developer, 40 Maintainer, 50 Owner).
    pub fn set_role(&self, role: u64) {
        self.shared.world().standing.role = role;
    }

    /// Sets who may give variables: `no_one_allowed`, `developer`, `maintainer`, `owner`.
    pub fn set_variables_role(&self, role: &str) {
        self.shared.world().standing.variables_role = role.into();
    }

    /// Sets who may see the project: `private`, `internal`, `public`.
    pub fn set_visibility(&self, visibility: &str) {
        self.shared.world().standing.visibility = visibility.into();
    }

    /// Protects branches of that name or pattern.
    pub fn protect(&self, pattern: &str) {
        self.shared.world().standing.protected.push(pattern.into());
    }

    /// Adds a CI variable; whether it is protected.
    pub fn add_variable(&self, key: &str, protected: bool) {
        self.shared.world().standing.variables.push((key.into(), protected));
    }

    /// Lints the default branch, whatever it is asked about, as an old GitLab does.
    pub fn lint_as_of_old(&self) {
        self.shared.world().standing.old_lint = true;
    }

    /// Adds a pipeline that somebody else made, with one pending job; its number.
    pub fn add_pipeline(&self, sha: &str, reference: &str, source: &str, user: u64) -> u64 {
        make::foreign(&self.shared, sha, reference, source, user)
    }

    /// Adds a trigger job, with its downstream pipeline's status if it has one.
    pub fn add_bridge(&self, pipeline: u64, name: &str, status: &str, downstream: Option<&str>) {
        let now = self.shared.clock.now();
        let mut world = self.shared.world();
        let id = world.number();
        if let Some(pipeline) = world.pipeline(pipeline) {
            pipeline.bridges.push(BridgeState {
                id,
                name: name.into(),
                status: status.into(),
                downstream: downstream.map(str::to_owned),
                created_at: now,
            });
        }
    }

    /// Adds a status that somebody posted to the pipeline's commit.
    pub fn post_status(&self, pipeline: u64, name: &str, status: &str, target_url: Option<&str>) {
        let now = self.shared.clock.now();
        let mut world = self.shared.world();
        let id = world.number();
        if let Some(pipeline) = world.pipeline(pipeline) {
            pipeline.posted.push(PostedState {
                id,
                name: name.into(),
                status: status.into(),
                target_url: target_url.map(str::to_owned),
                created_at: now,
            });
        }
    }

    /// Moves all of a pipeline's jobs of that name to a status.
    pub fn set_job(&self, pipeline: u64, name: &str, status: &str) {
        let now = self.shared.clock.now();
        let mut world = self.shared.world();
        let jobs = world.pipeline(pipeline).into_iter().flat_map(|pipeline| &pipeline.jobs);
        let ids: Vec<u64> =
            jobs.filter(|job| job.order.name == name && !job.retried).map(|job| job.id).collect();
        ids.into_iter().for_each(|id| world.set_job(id, status, now));
    }

    /// Replaces a job's trace by these bytes.
    pub fn set_trace(&self, pipeline: u64, name: &str, trace: &[u8]) {
        let mut world = self.shared.world();
        let jobs = world.pipeline(pipeline).into_iter().flat_map(|pipeline| &mut pipeline.jobs);
        jobs.filter(|job| job.order.name == name).for_each(|job| job.trace = trace.to_vec());
    }

    /// All pipelines, oldest first: number, branch, source, status.
    pub fn pipelines(&self) -> Vec<(u64, String, String, String)> {
        let world = self.shared.world();
        let told = world.pipelines.iter();
        told.map(|p| (p.id, p.reference.clone(), p.source.clone(), p.status())).collect()
    }

    /// The variables that a pipeline was made with.
    pub fn variables(&self, pipeline: u64) -> Vec<(String, String)> {
        let mut world = self.shared.world();
        world.pipeline(pipeline).map(|pipeline| pipeline.variables.clone()).unwrap_or_default()
    }

    /// The inputs that a pipeline was made with; null if there were none.
    pub fn inputs(&self, pipeline: u64) -> serde_json::Value {
        let mut world = self.shared.world();
        world.pipeline(pipeline).map(|pipeline| pipeline.inputs.clone()).unwrap_or_default()
    }

    /// All requests to the API so far, as `GET version`.
    pub fn calls(&self) -> Vec<String> {
        self.shared.world().calls.clone()
    }

    /// Requests to routes that a GitLab may have and the stand-in has not: a test's end checks
    /// that there are none.
    pub fn unexpected(&self) -> Vec<String> {
        self.shared.world().unexpected.clone()
    }

    /// Waits until no job runs any more. Jobs end by themselves or at their limit.
    pub fn wait_for_jobs(&self) {
        loop {
            let threads = std::mem::take(
                &mut *self.shared.threads.lock().unwrap_or_else(PoisonError::into_inner),
            );
            if threads.is_empty() {
                return;
            }
            threads.into_iter().for_each(|thread| drop(thread.join()));
        }
    }
}

impl Drop for GitLabStandIn {
    fn drop(&mut self) {
        self.shared.world().stopping = true;
        runner::kill(&self.shared, None);
        self.wait_for_jobs();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn standing(private: bool) -> Standing {
    Standing {
        visibility: if private { "private" } else { "public" }.into(),
        variables_role: "developer".into(),
        role: 30,
        scopes: vec!["api".into(), "write_repository".into()],
        expires_at: Some("2027-06-30".into()),
        protected: vec!["master".into()],
        variables: Vec::new(),
        runners: vec!["stand-in".into()],
        old_lint: false,
        only_link: false,
        statuses_name_pipelines: true,
    }
}
