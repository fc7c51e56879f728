//! Runs a pipeline's jobs as a GitLab runner would: a fresh checkout, `sh -e`, a trace in the
//! runner's style, a time limit. It is no sandbox: it runs what the project says, as this user.

use std::fs;
use std::io::{self, BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::sync::{Arc, PoisonError};
use std::thread;

use rustix::process::{Pid, Signal, kill_process_group};

use super::ci_file::JobOrder;
use super::repository;
use super::shared::Shared;

/// The runner's own limit of a job's log.
const LONGEST_TRACE: usize = 4 * 1024 * 1024;

/// Runs what of a pipeline has not run yet, on a thread of its own that ends with the stand-in.
pub(super) fn start(shared: &Arc<Shared>, pipeline: u64) {
    let mine = shared.clone();
    let thread = thread::spawn(move || run_stages(&mine, pipeline));
    shared.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
}

/// Kills what runs of a pipeline; of all pipelines if none is named.
pub(super) fn kill(shared: &Shared, pipeline: Option<u64>) {
    let mut world = shared.world();
    for state in &mut world.pipelines {
        if pipeline.is_none_or(|id| id == state.id) {
            for group in state.jobs.iter_mut().filter_map(|job| job.group.take()) {
                let _gone_already = kill_process_group(group, Signal::KILL);
            }
        }
    }
}

fn run_stages(shared: &Arc<Shared>, pipeline: u64) {
    let mut failed = false;
    while let Some((stage, jobs)) = next_stage(shared, pipeline) {
        let now = shared.clock.now();
        let mut blocked = false;
        thread::scope(|scope| {
            for (id, order) in &jobs {
                if failed {
                    shared.world().set_job(*id, "skipped", now);
                } else if order.manual {
                    shared.world().set_job(*id, "manual", now);
                    blocked |= !order.allow_failure;
                } else {
                    shared.world().set_job(*id, "pending", now);
                    scope.spawn(|| run_job(shared, pipeline, *id, order));
                }
            }
        });
        failed |= shared.world().pipeline(pipeline).is_some_and(|state| {
            let hard = |job: &&super::world::JobState| !job.order.allow_failure && !job.retried;
            state
                .jobs
                .iter()
                .filter(hard)
                .any(|job| job.order.stage == stage && job.status == "failed")
        });
        if blocked {
            return;
        }
    }
}

/// The next stage that has jobs to be done.
fn next_stage(shared: &Shared, pipeline: u64) -> Option<(String, Vec<(u64, JobOrder)>)> {
    let mut world = shared.world();
    if world.stopping {
        return None;
    }
    let state = world.pipeline(pipeline).filter(|state| !state.canceled)?;
    let open = |status: &str| matches!(status, "created" | "pending");
    let jobs = state.jobs.iter().filter(|job| open(&job.status) && !job.retried);
    let jobs: Vec<_> = jobs.map(|job| (job.id, job.order.clone())).collect();
    let stage = jobs.first()?.1.stage.clone();
    Some((stage.clone(), jobs.into_iter().filter(|(_, order)| order.stage == stage).collect()))
}

fn run_job(shared: &Shared, pipeline: u64, id: u64, order: &JobOrder) {
    {
        let mut world = shared.world();
        if world.stopping || world.pipeline(pipeline).is_none_or(|state| state.canceled) {
            return;
        }
        world.set_job(id, "running", shared.clock.now());
    }
    let trace = Trace { shared, job: id };
    let ended = carry_out(shared, pipeline, id, order, &trace);
    let (status, reason) = match ended {
        Ok(Ended::Code(0)) => ("success", None),
        Ok(Ended::Code(_)) => ("failed", Some("script_failure")),
        Ok(Ended::TimedOut) => ("failed", Some("job_execution_timeout")),
        Err(_) => ("failed", Some("runner_system_failure")),
    };
    trace.close(&ended);
    let mut world = shared.world();
    if world.job(id).is_some_and(|job| job.status == "running") {
        world.set_job(id, status, shared.clock.now());
        if let Some(job) = world.job(id) {
            job.failure_reason = reason.map(str::to_owned);
        }
    }
}

/// How a script ended.
enum Ended {
    Code(i32),
    TimedOut,
}

fn carry_out(
    shared: &Shared,
    pipeline: u64,
    id: u64,
    order: &JobOrder,
    trace: &Trace<'_>,
) -> io::Result<Ended> {
    let folder = tempfile::Builder::new().prefix("job").tempdir()?;
    let checkout = folder.path().join("checkout");
    let (sha, reference, variables) = {
        let mut world = shared.world();
        let state = world.pipeline(pipeline).ok_or_else(|| io::Error::other("no pipeline"))?;
        (state.commit.id.clone(), state.reference.clone(), state.variables.clone())
    };
    trace.opening(&sha, &reference);
    repository::check_out(&shared.repository, &sha, folder.path(), &checkout)?;
    let script = folder.path().join("script");
    fs::write(&script, script_of(order))?;
    trace.section("step_script", "Executing \"step_script\" stage of the job script");
    let mut command = Command::new("sh");
    command.arg("-e").arg(&script).current_dir(&checkout).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("HOME", folder.path()).env("LANG", "C.UTF-8").env("CI", "true");
    command.env("CI_COMMIT_SHA", &sha).env("CI_COMMIT_REF_NAME", &reference);
    command.env("CI_JOB_ID", id.to_string()).env("CI_JOB_NAME", &order.name);
    command.env("CI_JOB_STAGE", &order.stage).env("CI_PIPELINE_ID", pipeline.to_string());
    command.env("CI_PROJECT_DIR", &checkout).env("GITLAB_CI", "true").envs(variables);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).process_group(0);
    let child = spawn(shared, id, &mut command)?;
    let ended = watch(shared, id, child, trace)?;
    trace.end_section("step_script");
    Ok(ended)
}

/// Starts a job's script and notes its process group, unless it was cancelled or all is to stop.
fn spawn(shared: &Shared, id: u64, command: &mut Command) -> io::Result<Child> {
    let mut world = shared.world();
    let stopping = world.stopping;
    match world.job(id) {
        Some(job) if !stopping && job.status == "running" => {
            let child = command.spawn()?;
            job.group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
            Ok(child)
        }
        Some(_) | None => Err(io::Error::other("cancelled")),
    }
}

/// Reads the script's output to its end, and ends the script at its time limit.
fn watch(shared: &Shared, id: u64, mut child: Child, trace: &Trace<'_>) -> io::Result<Ended> {
    let output = child.stdout.take().ok_or_else(|| io::Error::other("no output"))?;
    let (done, waiting) = mpsc::channel::<()>();
    let timed_out = thread::scope(|scope| {
        let guard = scope.spawn(move || {
            let late =
                waiting.recv_timeout(shared.job_limit) == Err(mpsc::RecvTimeoutError::Timeout);
            if late && let Some(group) = shared.world().job(id).and_then(|job| job.group.take()) {
                let _gone_already = kill_process_group(group, Signal::KILL);
            }
            late
        });
        let mut output = BufReader::new(output);
        let mut line = Vec::new();
        while output.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            trace.raw_line(&line);
            line.clear();
        }
        drop(done);
        guard.join().unwrap_or(false)
    });
    // No longer to be killed by number: from here on the number may become another's.
    if let Some(job) = shared.world().job(id) {
        job.group = None;
    }
    let status = child.wait()?;
    Ok(if timed_out { Ended::TimedOut } else { Ended::Code(status.code().unwrap_or(137)) })
}

/// The script with each line announced before it runs, as the runner does.
fn script_of(order: &JobOrder) -> String {
    let mut script = "exec 2>&1\n".to_owned();
    for line in &order.script {
        let shown = line.replace('\'', r"'\''");
        script.push_str(&format!("printf '\\033[32;1m$ %s\\033[0;m\\n' '{shown}'\n{line}\n"));
    }
    script
}

/// A job's trace as it grows.
struct Trace<'a> {
    shared: &'a Shared,
    job: u64,
}

impl Trace<'_> {
    fn line(&self, text: &str) {
        self.raw_line(text.as_bytes());
    }

    /// Adds a line with time and stream before it, as runners have done since 18.0.
    fn raw_line(&self, line: &[u8]) {
        let now = self.shared.clock.now().strftime("%Y-%m-%dT%H:%M:%S%.6fZ 00O ").to_string();
        let mut world = self.shared.world();
        let Some(job) = world.job(self.job) else { return };
        if job.trace.len() < LONGEST_TRACE {
            job.trace.extend_from_slice(now.as_bytes());
            job.trace.extend_from_slice(line);
            if !line.ends_with(b"\n") {
                job.trace.push(b'\n');
            }
        }
    }

    fn section(&self, name: &str, title: &str) {
        let at = self.shared.clock.now().as_second();
        self.line(&format!(
            "section_start:{at}:{name}\r\x1b[0K\x1b[0K\x1b[36;1m{title}\x1b[0;m\x1b[0;m"
        ));
    }

    fn end_section(&self, name: &str) {
        let at = self.shared.clock.now().as_second();
        self.line(&format!("section_end:{at}:{name}\r\x1b[0K"));
    }

    fn opening(&self, sha: &str, reference: &str) {
        let short = sha.get(..8).unwrap_or(sha);
        self.line("\x1b[0KRunning with gitlab-runner 18.5.0 (stand-in)\x1b[0;m");
        self.section("get_sources", "Getting source from Git repository");
        self.line(&format!(
            "\x1b[32;1mChecking out {short} as detached HEAD (ref is {reference})...\x1b[0;m"
        ));
        self.end_section("get_sources");
    }

    fn close(&self, ended: &io::Result<Ended>) {
        self.section(
            "cleanup_file_variables",
            "Cleaning up project directory and file based variables",
        );
        self.end_section("cleanup_file_variables");
        match ended {
            Ok(Ended::Code(0)) => self.line("\x1b[32;1mJob succeeded\x1b[0;m"),
            Ok(Ended::Code(code)) => {
                self.line(&format!("\x1b[31;1mERROR: Job failed: exit status {code}\x1b[0;m"));
            }
            Ok(Ended::TimedOut) => {
                self.line(
                    "\x1b[31;1mERROR: Job failed: execution took longer than its limit\x1b[0;m",
                );
            }
            Err(error) => {
                self.line(&format!(
                    "\x1b[31;1mERROR: Job failed (system failure): {error}\x1b[0;m"
                ));
            }
        }
    }
}
