//! The log of a job: the last pipeline's of a request or a run, as far as it is kept, else asked of
//! GitLab.

use super::{Rendered, safe};
use crate::bot::ports::Ports;
use crate::mail::trace;
use crate::ports::{Fault, FileName};
use crate::pull::clean;
use crate::pull::command_mail::Item;
use crate::pull::ids::RunId;
use crate::pull::pipeline::Job;
use crate::pull::run::Run;

/// Bytes of a log that are asked for.
const MOST: u64 = 512 * 1024;

/// Lines of a log that are attached: its last ones.
const LINES: usize = 3_000;

/// Characters of a line.
const LINE: usize = 1_000;

pub(super) fn render(ports: &Ports, of: Item, job: &str) -> Result<Rendered, Fault> {
    let Some(run) = last_run(ports, of)? else {
        return Ok(Rendered::line("There is no pipeline of that yet."));
    };
    let pipeline = run.last_pipeline();
    let (Some(pipeline), Some(pipelines)) = (pipeline, ports.pipelines.get(&run.target)) else {
        return Ok(Rendered::line(format!("Run {} has no pipeline.", run.id)));
    };
    let jobs = pipelines.jobs(pipeline)?;
    let Some(found) = find(&jobs, job) else {
        let names: Vec<String> = jobs.iter().map(|job| safe(&job.name)).collect();
        let named = safe(job);
        return Ok(Rendered::of(vec![
            format!("There is no job {named:?} in pipeline {pipeline}. There are:"),
            clean::cut(&names.join(", "), 2_000),
        ]));
    };
    let kept = ports.store.file(&FileName::Log(run.id, found.id))?;
    let bytes = match kept {
        Some(kept) => kept,
        None => pipelines.log(found.id, MOST)?,
    };
    let lines = trace::clean(&bytes);
    let from = lines.len().saturating_sub(LINES);
    let text: String =
        lines[from..].iter().map(|line| clean::log_line(line, LINE) + "\n").collect();
    let name = safe(&found.name);
    let attached = file_name(run.id, &found.name);
    let lines = vec![
        format!("Job {name} of run {}: {}.", run.id, found.status.word()),
        safe(&found.web_url),
        format!("The last {} of {} lines of its log: {attached}", lines.len() - from, lines.len()),
    ];
    Ok(Rendered { lines, attached: Some((attached, text)) })
}

/// By its whole name, else the only one that has it in its name; a job's number serves as well.
fn find<'a>(jobs: &'a [Job], asked: &str) -> Option<&'a Job> {
    let exact = jobs.iter().find(|job| job.name == asked || job.id.to_string() == asked);
    exact.or_else(|| {
        let mut like = jobs.iter().filter(|job| job.name.contains(asked));
        like.next().filter(|_| like.next().is_none())
    })
}

fn last_run(ports: &Ports, of: Item) -> Result<Option<Run>, Fault> {
    match of {
        Item::Run(id) => ports.store.run(id),
        Item::Pull(number) => {
            // Attempts of one request lie close together; among the newest thousand is enough.
            let newest = ports.store.newest_runs(1_000)?;
            Ok(newest.into_iter().find(|run| run.of() == Some(number)))
        }
    }
}

fn file_name(run: RunId, job: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' };
    let job: String = job.chars().map(plain).take(60).collect();
    format!("run-{run}-{job}.log.txt")
}
