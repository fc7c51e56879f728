//! One request or run, whole, for people.

use super::status::aside;
use super::{audit, safe};
use crate::bot::view::Shown;
use crate::pull::audit::SHOWN;
use crate::pull::decision::clock;
use crate::pull::world::glance::RunLine;

/// A request, whole.
pub(crate) fn lines(shown: &Shown) -> Vec<String> {
    let pull = &shown.pull;
    let verdict = pull.verdict.as_ref().map(|v| format!(" ({v})")).unwrap_or_default();
    let mut lines = vec![
        format!("Request {}: {}", pull.number, safe(&pull.subject)),
        format!("  from       {}, received {}", safe(&pull.author), clock(pull.received_at)),
        format!("  mail       {}", safe(&shown.message_id)),
        format!("  asks for   {} of {}", safe(&shown.reference), safe(&shown.url)),
        format!("  target     {}", pull.target),
    ];
    lines.extend(shown.tag.map(|tag| format!("  tag        {tag}")));
    lines.extend(shown.tip.map(|tip| format!("  tip        {tip}")));
    lines.extend(shown.signer.as_ref().map(|signer| format!("  signed by  {}", safe(signer))));
    let replaces: Vec<String> = shown.replaces.iter().map(ToString::to_string).collect();
    if !replaces.is_empty() {
        lines.push(format!("  replaces   request {}", replaces.join(", ")));
    }
    lines.extend(shown.superseded_by.map(|by| format!("  superseded by request {by}")));
    let said = shown.retracted.as_ref().map(|said| safe(said));
    lines.extend(said.map(|said| format!("  retracted  \"{said}\" (told, not acted on)")));
    lines.push(format!("  stage      {}{verdict}", pull.stage));
    lines.push(format!("  next       {}", safe(&pull.because)));
    lines.extend(shown.aside.iter().map(|line| format!("  set aside  {}", aside(line))));
    lines.extend(pull.notes.iter().map(|note| {
        let (by, when) = (safe(&note.by), clock(note.at));
        format!("  note       {} ({by}, {when})", safe(&note.text))
    }));
    lines.extend(shown.runs.iter().flat_map(run_lines));
    if !shown.ci_changes.is_empty() {
        lines.push("What it would change in CI:".into());
        lines.extend(shown.ci_changes.iter().map(|line| format!("  {}", safe(line))));
    }
    lines.push("History (UTC):".into());
    for entry in &shown.history {
        let when = entry.at.strftime("%Y-%m-%d %H:%M:%S");
        lines.push(format!("  {when}  {:<9}  {}", entry.stage, safe(&entry.what)));
    }
    // Who looked at it is in the whole audit trail.
    let mut newest_last =
        shown.commands.iter().rev().filter(|entry| entry.outcome != SHOWN).peekable();
    if newest_last.peek().is_some() {
        lines.push("Commands about it (UTC):".into());
        lines.extend(newest_last.map(|entry| format!("  {}", audit::line(entry))));
    }
    lines
}

/// A run, whole.
pub(crate) fn run_lines(run: &RunLine) -> Vec<String> {
    let mut lines = vec![
        format!("Run {}: {}", run.id, safe(&run.what)),
        format!("  branch     {}", safe(&run.ci_ref)),
    ];
    lines.extend(run.candidate.map(|candidate| format!("  candidate  {candidate}")));
    lines.extend(run.pipeline.as_ref().map(|url| format!("  pipeline   {}", safe(url))));
    lines.extend(run.outcome.as_ref().map(|outcome| format!("  outcome    {outcome}")));
    lines.extend(run.detail.as_ref().map(|detail| format!("  because    {}", safe(detail))));
    lines.push(format!("  next       {}", safe(&run.because)));
    lines
}
