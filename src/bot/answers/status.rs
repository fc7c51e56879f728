//! Everything at a glance, for people.

use super::safe;
use crate::pull::decision::clock;
use crate::pull::overlay::{Freeze, Overlay, Pause};
use crate::pull::world::glance::{AsideLine, Glance, PullLine, RunLine};

/// The stage of requests that have had their answer.
pub(super) const ANSWERED: &str = "answered";

/// What the bot does, what is stopped, what is open and what each request waits for.
pub(crate) fn lines(glance: &Glance) -> Vec<String> {
    let mut lines = stopped(&glance.overlay);
    lines.extend(glance.aside.iter().map(|line| format!("Set aside: {}", aside(line))));
    for folder in &glance.folders {
        lines.push(format!("Read {} at {}.", safe(&folder.folder), clock(folder.read_at)));
    }
    if glance.letters_waiting > 0 {
        lines.push(format!("Letters on their way: {}.", glance.letters_waiting));
    }
    lines.push(String::new());
    let (over, open): (Vec<_>, Vec<_>) =
        glance.pulls.iter().partition(|pull| pull.stage == ANSWERED);
    let asked = glance.runs.iter().filter(|run| run.pull.is_none());
    let (ended, under_way): (Vec<_>, Vec<_>) = asked.partition(|run| run.outcome.is_some());
    if open.is_empty() && under_way.is_empty() {
        lines.push("Nothing is open.".into());
    }
    lines.extend(open.into_iter().flat_map(pull));
    lines.extend(under_way.into_iter().flat_map(run));
    if !over.is_empty() || !ended.is_empty() {
        lines.extend([String::new(), "Over, and kept for `retest` and `show`:".into()]);
    }
    lines.extend(over.into_iter().map(concluded));
    lines.extend(ended.into_iter().map(|run| {
        let outcome = run.outcome.clone().unwrap_or_default();
        format!("run-{}  {outcome:<14}  {}", run.id, safe(&run.what))
    }));
    lines
}

/// What people, or the bot itself, have stopped: who, when and why.
pub(super) fn stopped(overlay: &Overlay) -> Vec<String> {
    let said = |what: &str, pause: &Pause| {
        let (by, when) = (safe(&pause.by), clock(pause.at));
        format!("{what} by {by} at {when}: {}", safe(&pause.reason))
    };
    let mut lines = Vec::new();
    lines.extend(overlay.stop.as_ref().map(|stop| said("EVERYTHING IS STOPPED", stop)));
    lines.extend(overlay.breaker.as_ref().map(|it| said("Outgoing mail is stopped", it)));
    lines.extend(overlay.pause.as_ref().map(|pause| said("Paused", pause)));
    for (list, pause) in &overlay.paused_lists {
        lines.push(said(&format!("List {list} is paused"), pause));
    }
    for (target, freeze) in &overlay.freezes {
        let Freeze { until, reason, by, at } = freeze;
        let until = until.map_or_else(String::new, |until| format!(" until {}", clock(until)));
        let why = reason.as_ref().map_or_else(String::new, |why| format!(": {}", safe(why)));
        let when = clock(*at);
        lines.push(format!("Target {target} is frozen{until} by {} at {when}{why}", safe(by)));
    }
    lines
}

/// What is set aside, since when and why.
pub(super) fn aside(line: &AsideLine) -> String {
    let why = safe(&line.why);
    format!("{} ({}) since {}: {why}", line.record, safe(&line.what), clock(line.since))
}

/// An open request: what it is, and what it waits for.
pub(super) fn pull(pull: &PullLine) -> Vec<String> {
    let verdict = pull.verdict.as_ref().map(|v| format!(" ({v})")).unwrap_or_default();
    let priority = match pull.priority {
        0 => String::new(),
        n => format!(", priority {n}"),
    };
    let mut lines = vec![
        format!("{:>5}  {}", pull.number, safe(&pull.subject)),
        format!("       {} for {}{priority}", safe(&pull.author), pull.target),
        format!("       {}{verdict}: {}", pull.stage, safe(&pull.because)),
    ];
    lines.extend(pull.notes.iter().map(|note| {
        format!("       note of {} by {}: {}", clock(note.at), safe(&note.by), safe(&note.text))
    }));
    lines
}

/// A run that is under way.
pub(super) fn run(run: &RunLine) -> Vec<String> {
    vec![
        format!("run-{}  {}", run.id, safe(&run.what)),
        format!("       {}: {}", run.stage, safe(&run.because)),
    ]
}

/// A request that is concluded, on one line.
pub(super) fn concluded(pull: &PullLine) -> String {
    let verdict = pull.verdict.clone().unwrap_or_default();
    format!("{:>5}  {verdict:<14}  {}", pull.number, safe(&pull.subject))
}
